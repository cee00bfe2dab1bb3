import { assertThrows } from "@std/assert";
import { moecacheTranscoder, ValidationException } from "../../mod.ts";

Deno.test("moecacheTranscoder refuses a value that cannot be read", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile: unknown[] = [
    new Proxy(new Uint8Array(2), {}),
    new Proxy(new Map(), {}),
    new Proxy(new Date(), {}),
    Object.create(Map.prototype),
    Object.create(Set.prototype),
    Object.create(Date.prototype),
    Object.create(Uint8Array.prototype),
    revoked.proxy,
    {
      get a() {
        throw new Error("no");
      },
    },
  ];
  for (const value of hostile) {
    assertThrows(() => moecacheTranscoder.encode(value), ValidationException, "Cannot store value");
  }
});
