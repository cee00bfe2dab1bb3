import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeLatin1 } from "../../src/testing/byte_text.ts";
import type { Fault } from "../../src/testing/faults.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import type { ServerState } from "../../src/testing/server_state.ts";
import { Session } from "../../src/testing/session.ts";
import { protocolExchanges } from "../conformance/protocol_conformance.ts";
import { answer, createState } from "./session_world.ts";

/** Set it to see a failure again; the seed is in the name of the test that failed. */
const seed = Number(Deno.env.get("MOECACHE_FUZZ_SEED") ?? Date.now() % 2 ** 32);

const samples = protocolExchanges
  .map(({ send }) => [send].flat().join(""))
  .filter((text) => text.length < 2000);

/** Numbers that look random and come again with the seed: "mulberry32" by Tommy Ettinger. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

function arbitraryBytes(dice: Dice): Uint8Array {
  return Uint8Array.from({ length: dice.below(3000) }, () => dice.below(256));
}

/** Commands with bytes changed, dropped and doubled. */
function mutatedCommands(dice: Dice): Uint8Array {
  const text = Array.from({ length: 1 + dice.below(20) }, () => dice.pick(samples)).join("");
  const bytes = [...encodeLatin1(text)];
  for (let count = dice.below(10); count > 0; count--) {
    const offset = dice.below(bytes.length);
    const edits: (() => void)[] = [
      () => bytes[offset] = dice.below(256),
      () => bytes.splice(offset, 1 + dice.below(5)),
      () => bytes.splice(offset, 0, ...bytes.slice(offset, offset + dice.below(50))),
      () => bytes[offset] = dice.pick([0, 10, 13, 32, 45, 48, 57]),
    ];
    dice.pick(edits)();
  }
  return Uint8Array.from(bytes);
}

/** Meta commands with any flags in any order, and a value behind each. */
function metaCommands(dice: Dice): Uint8Array {
  const commands = Array.from({ length: 1 + dice.below(20) }, () => {
    const flags = Array.from({ length: dice.below(8) }, () => metaFlag(dice));
    const key = dice.pick(["a", "b", "Zm9v", "Zg", "=AAA"]);
    const command = dice.pick([
      "mg",
      "ms",
      "md",
      "ma",
      "me",
      "mn",
      "watch",
      "lru_crawler metadump",
    ]);
    return `${command} ${key} ${dice.pick(["", "1", "2"])} ${flags.join(" ")}\r\n${
      dice.below(99)
    }\r\n`;
  });
  return encodeLatin1(commands.join(""));
}

function metaFlag(dice: Dice): string {
  const letter = dice.pick([..."bvfckstThlquONRMICDJFPLExW"]);
  return letter + dice.pick(["", "", "", "0", "1", "30", "-1", "E", "D", "x", "9".repeat(20)]);
}

function* chunks(bytes: Uint8Array, dice: Dice): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength;) {
    const end = offset + 1 + dice.below(bytes.byteLength);
    yield bytes.subarray(offset, end);
    offset = end;
  }
}

/** Something for a request to fail with, now and then. */
function randomFault(dice: Dice): Fault | undefined {
  return dice.pick<Fault | undefined>([
    ...[undefined, undefined, undefined, { delay: 1 }, { reply: "SERVER_ERROR no" }, { reply: "" }],
    ...[{ itemReplies: { a: "SERVER_ERROR no" } }, { drop: dice.below(100) }],
    ...[{ drop: "before" as const }, { drop: "after" as const }],
  ]);
}

/** Servers of every kind, each with its own items. */
function createStates(dice: Dice): ServerState[] {
  return [
    ...[{}, { evictions: false }, { flagBits: 64 as const }, { fault: () => randomFault(dice) }],
    ...(["1.4.26", "1.5.3", "1.6.6", "1.6.12", "twemproxy 0.5"] as const)
      .map((imitate) => ({ imitate })),
  ].map((settings) => createState({ ...settings, memoryLimit: 100_000 }));
}

Deno.test(`Session survives arbitrary bytes (seed ${seed})`, () => {
  const dice = new Dice(seed);
  const states = createStates(dice);
  for (let round = 0; round < 3000; round++) {
    const state = dice.pick(states);
    const session = new Session(state, 1);
    const bytes = dice.pick([arbitraryBytes, mutatedCommands, metaCommands])(dice);
    for (const chunk of chunks(bytes, dice)) {
      for (const step of session.receive(chunk)) {
        assert(typeof step === "number" || step.byteLength < 2 ** 21);
      }
    }
    session.close();
    assertEquals(state.events.watcherCount, 0);
    assert(state.store.byteLength <= state.store.memoryLimit);
    assert(state.store.memory.usedByteLength <= state.store.memoryLimit);
    assertEquals(state.buffers.freeByteLength, state.buffers.byteLength);
    const { fault: _, ...healthy } = state;
    assertMatch(
      answer(new Session({ ...healthy, fault: undefined }, 1), "version\r\n"),
      /^VERSION 1\.\d\.\S+\r\n$/,
    );
  }
  for (const { store } of states) {
    for (const { key } of [...store.memory.fromNewest()]) store.delete(key);
    assertEquals([store.itemCount, store.byteLength, store.memory.usedByteLength], [0, 0, 0]);
  }
});

Deno.test(`MemcachedServer survives arbitrary bytes (seed ${seed})`, async () => {
  const dice = new Dice(seed);
  await using server = await MemcachedServer.listen();
  for (let round = 0; round < 100; round++) {
    const bytes = dice.pick([arbitraryBytes, mutatedCommands, metaCommands])(dice);
    await hangUpOn(server.port, bytes);
    assertMatch(await exchange(server.port, encodeLatin1("version\r\nquit\r\n")), /^VERSION /);
  }
  await server.close();
  assertEquals(server.connectionCount, 0);
});

/** Sends, and does not wait for an answer. */
async function hangUpOn(port: number, bytes: Uint8Array): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(bytes);
}

async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(bytes);
  return await new Response(connection.readable).text();
}
