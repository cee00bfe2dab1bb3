import { assert, assertThrows } from "@std/assert";
import { Client, type ServerAddress, ValidationException } from "../mod.ts";

/** What is no address, and has a secret where somebody may have put one. */
const MISTAKEN: readonly unknown[] = [
  "user:sekret@cache:11211/",
  "memcached://user:sekret@cache:11211/path",
  "memcached://user:se]kret",
  "memcached://user:sekret",
  { hostname: "user:sekret@10.0.0.1" },
  { url: "memcached://u:sekret@h" },
  { path: "/run/memcached.sock", hostname: "u:sekret@h" },
];

for (const address of MISTAKEN) {
  Deno.test(`Client shows no secret of ${JSON.stringify(address)}`, () => {
    const make = () => new Client(address as ServerAddress);
    const error = assertThrows(make, ValidationException);
    assert(!/se\]?kret/.test(Deno.inspect(error)), Deno.inspect(error));
  });
}
