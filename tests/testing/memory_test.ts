/** What a server takes of the memory, measured in a process of its own. */

import { assert } from "@std/assert";
import { ServerProcess } from "./server_process.ts";

const MEGABYTE = 1024 * 1024;
/** Few enough for the file descriptors that a process may have, many enough to be more than noise. */
const CONNECTIONS = 4000;

const VALUE = "x".repeat(100);

/** Stores as many items as take this number of bytes, as memcached counts, and waits for the last reply. */
async function fill(port: number, byteLength: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const replies = new Uint8Array(65536);
  const batch = 1000;
  for (let id = 0; id * 175 < byteLength; id += batch) {
    const requests = Array.from({ length: batch }, (_, index) => {
      return `set a:key:${id + index} 0 0 ${VALUE.length}${
        index < batch - 1 ? " noreply" : ""
      }\r\n${VALUE}\r\n`;
    });
    await write(connection, new TextEncoder().encode(requests.join("")));
    await connection.read(replies);
  }
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}

/** Opens a connection, and has a value stored and read over it. */
async function connect(port: number): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const reply = new Uint8Array(1000);
  await write(connection, new TextEncoder().encode(`set a 0 0 100\r\n${VALUE}\r\n`));
  await connection.read(reply);
  await write(connection, new TextEncoder().encode("get a\r\n"));
  await connection.read(reply);
  return connection;
}

Deno.test("MemcachedServer uses at most twice its memory limit, and 60 MB for itself", async () => {
  const limit = 32 * MEGABYTE;
  await using server = await ServerProcess.start(limit);
  await fill(server.port, 2.5 * limit);
  const memory = await server.memory();
  assert(memory <= 2 * limit + 60 * MEGABYTE, `it takes ${Math.round(memory / MEGABYTE)} MB`);
});

Deno.test("MemcachedServer uses at most 20 KB for a connection", async () => {
  await using server = await ServerProcess.start(MEGABYTE);
  const connections: Deno.Conn[] = [];
  const open = async (count: number) => {
    for (let opened = 0; opened < count; opened++) connections.push(await connect(server.port));
  };
  // The first ones have the heap grow, which the others do not.
  await open(500);
  const before = await server.memory();
  await open(CONNECTIONS);
  const each = (await server.memory() - before) / CONNECTIONS;
  for (const connection of connections) connection.close();
  assert(each <= 20 * 1024, `it takes ${(each / 1024).toFixed(1)} KB`);
});
