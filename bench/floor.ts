/**
 * The floor: a raw socket that writes a workload's bytes ready-made and counts the bytes of the
 * replies. It parses nothing, promises nothing and returns nothing; no client can be faster by much.
 *
 * @module
 */

import { READ_SIZE } from "../src/transport/runtime.ts";
import type { Items } from "./adapter.ts";
import { makeItems } from "./data.mjs";
import { loopTrial } from "./trial.mjs";
import type { FloorKind, Job, Trial, Workload } from "./workloads.ts";

/** Requests that are written at once, and how long the replies to all of them are. */
interface Exchange {
  readonly request: Uint8Array;
  readonly replyLength: number;
}

/** A key and the value's bytes. */
interface Item {
  readonly key: string;
  readonly data: Uint8Array;
}

/** The flags of moecache's strings. */
const FLAGS = 274;
const STORED = "STORED\r\n".length;
const END = "END\r\n".length;

const encoder = new TextEncoder();

/** Opens a socket to each server and prepares every byte that will be written. */
export async function openFloor(job: Job): Promise<Trial> {
  const { workload, floor = "single" } = job;
  const items = prepareItems(job);
  const sockets = await Promise.all(job.servers.map(Socket.open));
  const shares = sockets.map((_, at) => items.filter((_, i) => i % sockets.length === at));
  await forEachSocket(sockets, (socket, at) => socket.exchange(setAll(shares[at]!)));

  const whole = { getMany: (share: Item[]) => getAll(share, floor), setMany: setAll };
  const isWhole = workload.action === "getMany" || workload.action === "setMany";
  const batches = isWhole
    ? [shares.map(whole[workload.action as keyof typeof whole])]
    : prepareBatches(workload, items, floor).map((batch) => [batch]);
  const operationsPerBatch = isWhole ? 1 : workload.callers;

  async function run(operations: number): Promise<void> {
    for (
      let done = 0, i = 0;
      done < operations;
      done += operationsPerBatch, i++
    ) {
      const batch = batches[i % batches.length]!;
      if (batch.length === 1) await sockets[0]!.exchange(batch[0]!);
      else await forEachSocket(sockets, (socket, at) => socket.exchange(batch[at]!));
    }
  }

  return loopTrial(job, { run });
}

/** One connection, whose replies are counted. */
class Socket {
  readonly #connection: Deno.TcpConn;
  readonly #into = new Uint8Array(READ_SIZE);

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(server: string): Promise<Socket> {
    const [hostname = "", port] = server.split(":");
    const connection = await Deno.connect({ hostname, port: Number(port) });
    connection.setNoDelay(true);
    return new Socket(connection);
  }

  async exchange({ request, replyLength }: Exchange): Promise<void> {
    let written = await this.#connection.write(request);
    while (written < request.length) {
      written += await this.#connection.write(request.subarray(written));
    }
    let count = 0;
    while (count < replyLength) {
      const read = await this.#connection.read(this.#into);
      if (read === null) {
        throw new Error("memcached closed the floor's connection");
      }
      count += read;
    }
    if (count > replyLength) {
      throw new Error(`${count} bytes instead of ${replyLength} came back`);
    }
  }
}

async function forEachSocket(
  sockets: readonly Socket[],
  act: (socket: Socket, at: number) => Promise<void>,
): Promise<void> {
  await Promise.all(sockets.map(act));
}

function prepareItems({ workload, slot }: Job): Item[] {
  const { keys, values }: Items = makeItems(workload, slot);
  return keys.map((key, i) => {
    const value = values[i];
    return {
      key,
      data: value instanceof Uint8Array ? value : encoder.encode(String(value)),
    };
  });
}

/** As many batches as it takes to go through the items, each with one operation for every caller. */
function prepareBatches(
  { action, callers }: Workload,
  items: readonly Item[],
  floor: FloorKind,
): Exchange[] {
  return Array.from(
    { length: Math.ceil(items.length / callers) },
    (_, batch) => {
      const turns = Array.from({ length: callers }, (_, i) => batch * callers + i);
      const exchanges: Exchange[] = [];
      let gets: Item[] = [];
      for (const turn of turns) {
        const item = items[turn % items.length]!;
        const isSet = action === "set" ||
          (action === "mixed" && turn % 10 === 0);
        if (!isSet) {
          gets.push(item);
        }
        if (isSet || turn === turns.at(-1)) {
          if (gets.length > 0) exchanges.push(getAll(gets, floor));
          gets = [];
        }
        if (isSet) exchanges.push(setAll([item]));
      }
      return join(exchanges);
    },
  );
}

/** Gets of all items: a request for each, or one for all of them. */
function getAll(items: readonly Item[], floor: FloorKind): Exchange {
  if (floor === "single") return join(items.map((item) => getTogether([item])));
  return getTogether(items);
}

function getTogether(items: readonly Item[]): Exchange {
  const lengths = items.map(({ key, data }) =>
    `VALUE ${key} ${FLAGS} ${data.length}\r\n\r\n`.length + data.length
  );
  return {
    request: encoder.encode(`get ${items.map(({ key }) => key).join(" ")}\r\n`),
    replyLength: lengths.reduce((sum, length) => sum + length, END),
  };
}

function setAll(items: readonly Item[]): Exchange {
  return join(items.map(({ key, data }) => ({
    request: concat([
      encoder.encode(`set ${key} ${FLAGS} 0 ${data.length}\r\n`),
      data,
      encoder.encode("\r\n"),
    ]),
    replyLength: STORED,
  })));
}

function join(exchanges: readonly Exchange[]): Exchange {
  return {
    request: concat(exchanges.map(({ request }) => request)),
    replyLength: exchanges.reduce((sum, { replyLength }) => sum + replyLength, 0),
  };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
