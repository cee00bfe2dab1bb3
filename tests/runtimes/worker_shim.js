/**
 * As much of Deno as the tests ask for that are bundled for workerd, where there are sockets to memcached and
 * nothing else: `bundle.ts` has the name `Deno` mean this.
 *
 * @module
 */

import { connect } from "cloudflare:sockets";
import { runTests, test } from "./test_runner.js";

/** A socket that is read and written as Deno's are. */
class Connection {
  #socket;
  #reader;
  #writer;

  constructor(socket) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader({ mode: "byob" });
    this.#writer = socket.writable.getWriter();
  }

  async read(into) {
    const { value, done } = await this.#reader.read(new Uint8Array(into.length));
    if (done) return null;
    into.set(value);
    return value.length;
  }

  async write(bytes) {
    await this.#writer.write(bytes);
    return bytes.length;
  }

  close() {
    // A read under way is rejected then, and told by read().
    this.#socket.close().catch(() => {});
  }

  [Symbol.dispose]() {
    this.close();
  }
}

/** What `Deno` means in a test that is bundled for workerd. */
export const denoShim = {
  test,
  runTests,
  inspect: (value) =>
    JSON.stringify(value, (_, each) => typeof each === "bigint" ? `${each}n` : each),
  connect: ({ hostname, port }) => Promise.resolve(new Connection(connect({ hostname, port }))),
};
