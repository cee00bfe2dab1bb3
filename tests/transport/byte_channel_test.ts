import { assertEquals, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Client, rawTranscoder } from "../../mod.ts";
import { openChannel } from "../../src/transport/byte_channel.ts";
import type { Transport } from "../../src/transport/transport.ts";

/** A transport whose server gives one answer after another, each in the same Buffer. */
function bufferTransport(...answers: string[]): Transport {
  const buffer = Buffer.alloc(1000);
  let answer: () => void;
  let asked = new Promise<void>((resolve) => answer = resolve);
  return {
    readable: new ReadableStream({
      async pull(controller) {
        await asked;
        asked = new Promise((resolve) => answer = resolve);
        controller.enqueue(buffer.subarray(0, buffer.write(answers.shift() ?? "")));
      },
    }, { highWaterMark: 0 }),
    writable: new WritableStream({ write: () => answer() }),
    close: () => answer(),
  };
}

Deno.test("openChannel hands Buffers over as what they are besides, bytes", async () => {
  const channel = openChannel(bufferTransport("hello"), false);
  await channel.write([new Uint8Array(1)]);
  const chunk = await new Promise<Uint8Array>((resolve) =>
    void channel.receive({ push: resolve, vacancy: undefined, filled: () => {} })
  );
  assertEquals(new TextDecoder().decode(chunk), "hello");
  assertStrictEquals(chunk.constructor, Uint8Array);
  await channel.close();
});

Deno.test("Client keeps no part of a Buffer that its transport uses again", async () => {
  const answers = ["moe", "cow"].map((value) => `VALUE key 0 3\r\n${value}\r\nEND\r\n`);
  const dial = () => Promise.resolve(bufferTransport(...answers));
  await using client = new Client("server", { dial, transcoder: rawTranscoder });
  const first = await client.get("key");
  await client.get("key");
  assertEquals(first, new TextEncoder().encode("moe"));
});
