import { assertEquals } from "@std/assert";
import { memcachedPath } from "./memcached.ts";
import { OldMemcached } from "./old_memcached.ts";

/** Sends bytes, a few at a time, and resolves to so many characters of the reply. */
async function ask(address: string, request: string, length: number): Promise<string> {
  const [hostname, port] = address.split(":");
  using socket = await Deno.connect({ hostname: hostname!, port: Number(port) });
  for (const part of request.match(/[^]{1,7}/g)!) {
    await socket.write(new TextEncoder().encode(part));
  }
  const buffer = new Uint8Array(1000);
  let reply = "";
  while (reply.length < length) {
    const count = await socket.read(buffer);
    if (count === null) break;
    reply += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return reply;
}

Deno.test({
  name: "OldMemcached knows no meta commands, and all others",
  ignore: memcachedPath() === undefined,
  fn: async () => {
    await using memcached = await OldMemcached.start();
    const exchanges = [
      ["version\r\n", "VERSION 1.5.16\r\n"],
      ["set a 5 0 6\r\nmg a v\r\n", "STORED\r\n"],
      ["mg a v\r\n", "ERROR\r\n"],
      ["gets a\r\n", "VALUE a 5 6 1\r\nmg a v\r\nEND\r\n"],
      ["ms a 1\r\nx\r\n", "ERROR\r\nERROR\r\n"],
      ["mn\r\n", "ERROR\r\n"],
      ["get a\r\n", "VALUE a 5 6\r\nmg a v\r\nEND\r\n"],
    ];
    const requests = exchanges.map(([request]) => request).join("");
    const replies = exchanges.map(([, reply]) => reply).join("");
    assertEquals(await ask(memcached.address, requests, replies.length), replies);
  },
});
