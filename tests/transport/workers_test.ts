import { assertEquals, assertRejects } from "@std/assert";
import process from "node:process";
import { deferred } from "../../src/waiting/promises.ts";
import { dialWorkers } from "../../src/transport/workers.ts";

/** Puts a socket in the place of those of `cloudflare:sockets`. */
function connecting(socket: unknown): Disposable {
  const { getBuiltinModule } = process;
  Object.assign(process, { getBuiltinModule: () => ({ connect: () => socket }) });
  return { [Symbol.dispose]: () => void Object.assign(process, { getBuiltinModule }) };
}

Deno.test("dialWorkers does not wait for a socket that it gives up, which closes when it has been opened", async () => {
  const { promise: opened, resolve: open } = deferred<void>();
  let isClosed = false;
  const close = () => opened.then(() => void (isClosed = true));
  using _ = connecting({ opened, closed: opened, close });
  const caller = new AbortController();
  const options = { signal: caller.signal, keepAlive: true, noDelay: true };
  const dialled = dialWorkers({ hostname: "127.0.0.1", port: 11211 }, options);
  setTimeout(() => caller.abort(new Error("enough")), 0);
  await assertRejects(() => dialled, Error, "enough");
  assertEquals(isClosed, false);
  open();
  await opened;
  assertEquals(isClosed, true);
});
