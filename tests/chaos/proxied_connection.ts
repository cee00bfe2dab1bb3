/** One connection of a client's, passed on to memcached with faults. @module */

import {
  type ConnectionPlan,
  type Fault,
  garbage,
  planConnection,
  REFUSAL,
  type ReplyFault,
} from "./faults.ts";
import { Framer, join, type Message, REPLIES, REQUESTS } from "./framing.ts";
import { readRequest, type Request, wallClock } from "./journal.ts";
import type { Random } from "./random.ts";
import { closeSocket, closeWrite, readSome, sleep, writeAll } from "./sockets.ts";

const READ_SIZE = 1 << 16;
const REFUSAL_LINE = new TextEncoder().encode(`${REFUSAL}\r\n`);
const LF = 0x0a;

/** What a proxy gives its connections. */
export interface ProxiedConnectionOptions {
  readonly client: Deno.TcpConn;
  readonly server: Deno.TcpConn;
  readonly random: Random;
  /** The client's timeout in milliseconds, for faults to be shorter or longer than it. */
  readonly timeout: number;
  /** Ends every wait. */
  readonly signal: AbortSignal;
  /** Counts a fault. */
  readonly count: (fault: Fault) => void;
  /** Takes a request whose reply the client cannot tell from another's. */
  readonly shifted: (request: Request) => void;
}

/** Passes requests and replies on, and does to them what its plan says. */
export class ProxiedConnection {
  /** Resolves when the client has ended its side. */
  readonly clientGone: Promise<void>;
  /** Resolves when both directions are over and both sockets closed. */
  readonly closed: Promise<void>;
  readonly #options: ProxiedConnectionOptions;
  readonly #plan: ConnectionPlan;
  readonly #waiting: Request[] = [];
  #hasShifted = false;
  #holdsRequests = false;
  /** Whether requests are left unread: writes have to wait then, and a close becomes a reset. */
  #isDeaf = false;
  #isOver = false;
  #outgoing: Uint8Array[] = [];

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options;
    this.#plan = planConnection(options.random);
    options.client.setNoDelay(true);
    options.server.setNoDelay(true);
    this.clientGone = this.#passRequests();
    this.closed = this.#live();
  }

  /** Closes both sockets at once. */
  close(): void {
    this.#isOver = true;
    closeSocket(this.#options.client);
    closeSocket(this.#options.server);
  }

  async #live(): Promise<void> {
    await this.#passReplies();
    // What is still to be read is read, so that the client's own close is seen.
    await this.clientGone;
    this.close();
  }

  async #passRequests(): Promise<void> {
    const { client, server, signal, timeout } = this.#options;
    const framer = new Framer(REQUESTS);
    const into = new Uint8Array(READ_SIZE);
    let since = wallClock();
    for (let chunk; (chunk = await readSome(client, into)) !== undefined;) {
      const now = wallClock();
      for (const message of framer.push(chunk)) this.#note(readRequest(message, since));
      since = now;
      if (this.#holdsRequests) {
        // They are passed on even when their client has gone: a set that comes after later ones.
        this.#holdsRequests = false;
        await sleep(timeout * 1.5, signal);
      }
      if (!this.#isOver) await writeAll(server, chunk);
      while (this.#isDeaf && !this.#isOver) await sleep(1, signal);
    }
    await closeWrite(server);
  }

  #note(request: Request): void {
    this.#waiting.push(request);
    if (this.#hasShifted) this.#options.shifted(request);
  }

  async #passReplies(): Promise<void> {
    const framer = new Framer(REPLIES);
    const into = new Uint8Array(READ_SIZE);
    for (let chunk; (chunk = await readSome(this.#options.server, into)) !== undefined;) {
      for (const reply of framer.push(chunk)) {
        await this.#answer(reply);
        if (this.#isOver) return;
      }
      await this.#merge();
      await this.#flush();
    }
    await this.#flush();
    await closeWrite(this.#options.client);
  }

  async #answer(reply: Message): Promise<void> {
    const fault = this.#plan.nextReply();
    if (fault === undefined) this.#outgoing.push(reply.bytes);
    else await this.#faults[fault](reply);
    this.#waiting.shift();
  }

  readonly #faults: Record<ReplyFault, (reply: Message) => Promise<void> | void> = {
    "delay": async ({ bytes }) => {
      const { random, timeout } = this.#options;
      await this.#pause("delay", random.below(timeout / 2));
      this.#outgoing.push(bytes);
    },
    "answer late": async ({ bytes }) => {
      const { random, timeout } = this.#options;
      await this.#pause("answer late", timeout + random.below(timeout));
      this.#outgoing.push(bytes);
    },
    "stall": async () => {
      this.#isDeaf = true;
      await this.#pause("stall", this.#options.timeout * 4);
      await this.#hangUp();
    },
    "hold requests": ({ bytes }) => {
      this.#options.count("hold requests");
      this.#holdsRequests = true;
      this.#outgoing.push(bytes);
    },
    "reset": async () => {
      this.#options.count("reset");
      this.#isDeaf = true;
      await sleep(3, this.#options.signal);
      this.close();
    },
    "half-close": async ({ bytes }) => {
      this.#options.count("half-close");
      if (this.#options.random.chance(0.5)) this.#outgoing.push(bytes);
      await this.#hangUp();
    },
    "truncate in a header": async ({ bytes, blocks }) => {
      this.#options.count("truncate in a header");
      const header = blocks[0]?.[0] ?? bytes.length;
      this.#outgoing.push(bytes.subarray(0, this.#options.random.below(header)));
      await this.#hangUp();
      this.close();
    },
    "truncate in a value": async (reply) => {
      const { random } = this.#options;
      if (reply.blocks.length === 0) return void this.#outgoing.push(reply.bytes);
      this.#options.count("truncate in a value");
      const [start, end] = random.pick(reply.blocks);
      this.#outgoing.push(reply.bytes.subarray(0, random.between(start, end)));
      await this.#hangUp();
      this.close();
    },
    "garbage": ({ bytes }) => {
      const { random } = this.#options;
      this.#options.count("garbage");
      const at = random.below(bytes.length + 1);
      this.#outgoing.push(bytes.subarray(0, at), garbage(random), bytes.subarray(at));
    },
    "refuse within a reply": (reply) => {
      const { random } = this.#options;
      this.#options.count("refuse within a reply");
      const parts = partsOf(reply, this.#waiting[0]!);
      const at = random.below(parts.length);
      // The refusal stands in the place of a part, or where one is missing.
      const next = at < parts.length - 1 && random.chance(0.7) ? at + 1 : at;
      if (parts.length === 1) this.#outgoing.push(REFUSAL_LINE);
      else this.#outgoing.push(...parts.slice(0, at), REFUSAL_LINE, ...parts.slice(next));
    },
    "refuse a request": () => {
      this.#options.count("refuse a request");
      this.#outgoing.push(REFUSAL_LINE);
    },
    "duplicate a reply": ({ bytes }) => {
      this.#shift("duplicate a reply");
      this.#outgoing.push(bytes, bytes);
    },
    "drop a reply": () => this.#shift("drop a reply"),
  };

  /** From here on no reply on this connection can be distinguished from the one before or after it. */
  #shift(fault: Fault): void {
    this.#options.count(fault);
    if (this.#hasShifted) return;
    this.#hasShifted = true;
    for (const request of this.#waiting) this.#options.shifted(request);
  }

  async #pause(fault: Fault, milliseconds: number): Promise<void> {
    await this.#flush();
    this.#options.count(fault);
    await sleep(milliseconds, this.#options.signal);
  }

  /** Ends the stream of replies, but goes on taking requests. */
  async #hangUp(): Promise<void> {
    await this.#flush();
    this.#isOver = true;
    await closeWrite(this.#options.client);
    await closeWrite(this.#options.server);
  }

  /** Makes replies wait for more: what comes meanwhile is read, and leaves, as one chunk. */
  async #merge(): Promise<void> {
    const { random, signal } = this.#options;
    if (!random.chance(this.#plan.merging)) return;
    this.#options.count("merge");
    await sleep(random.between(1, 3), signal);
  }

  async #flush(): Promise<void> {
    if (this.#outgoing.length === 0) return;
    const bytes = join(this.#outgoing);
    this.#outgoing = [];
    for (const piece of this.#pieces(bytes)) {
      if (!await writeAll(this.#options.client, piece)) return;
      if (piece.length < bytes.length) await sleep(0);
    }
  }

  /** The bytes whole, or cut at random. */
  *#pieces(bytes: Uint8Array): Generator<Uint8Array> {
    const { random } = this.#options;
    if (bytes.length < 2 || !random.chance(this.#plan.splitting)) return yield bytes;
    this.#options.count("split");
    const cuts = Array.from({ length: random.between(1, 4) }, () => random.below(bytes.length));
    let start = 0;
    for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
      if (cut > start) yield bytes.subarray(start, cut);
      start = cut;
    }
  }
}

/**
 * The parts of a reply between which a proxy may refuse something, its end the last: the items of several keys,
 * or lines of statistics. What has no parts is one.
 */
function partsOf({ bytes, blocks }: Message, { command, keys }: Request): Uint8Array[] {
  if (command !== "stats" && (command !== "get" || keys.length === 1)) return [bytes];
  const ends = command === "get"
    ? blocks.map(([, end]) => end + 2)
    : lineEndsOf(bytes).slice(0, -1);
  return [0, ...ends].map((start, i) => bytes.subarray(start, ends[i]));
}

function lineEndsOf(bytes: Uint8Array): number[] {
  const ends: number[] = [];
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) ends.push(lf + 1);
  return ends;
}
