/**
 * What a client tells programs that watch it: the channels of `node:diagnostics_channel`, and counters. The rest of the
 * client publishes and counts through the functions of this module; `observation/connections.ts` has those that only
 * connections need, and `channel_contexts.ts` the types of what is published. What OpenTelemetry, Prometheus and a
 * debug log make of it is in `observing/`. Nothing is made for a channel without subscribers.
 *
 * @module
 */

import { SocketError } from "./errors.ts";
import type { ClientMetrics, CommandContext } from "./channel_contexts.ts";

/** The names of the channels, for the client itself: reading {@linkcode CHANNELS} is taken note of. */
export const CHANNEL_NAMES: typeof CHANNELS = /* @__PURE__ */ Object.freeze({
  command: "moecache:command",
  batch: "moecache:batch",
  connect: "moecache:connect",
  connectionClosed: "moecache:connection:closed",
  server: "moecache:server",
  failover: "moecache:failover",
  discovery: "moecache:discovery",
  lease: "moecache:lease",
});

/**
 * The names of the channels that every client publishes to, for `node:diagnostics_channel`. `command`, `batch` and
 * `connect` are tracing channels, the others plain ones; the page "observability" of the documentation has what they
 * publish, and the entry `./diagnostics` the types.
 *
 * @example Printing each operation and its keys
 * ```ts
 * import diagnostics from "node:diagnostics_channel";
 * import { CHANNELS, Client } from "@moecache/moecache";
 * import type { CommandContext } from "@moecache/moecache/diagnostics";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const listener = (message: unknown) => {
 *   const { command, args } = message as CommandContext;
 *   seen.push(`${command} ${args}`);
 * };
 * diagnostics.subscribe(`tracing:${CHANNELS.command}:asyncEnd`, listener);
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 * await client.getMany(["a", "b"]);
 * assertEquals(seen, ["getMany a,b"]);
 * diagnostics.unsubscribe(`tracing:${CHANNELS.command}:asyncEnd`, listener);
 * ```
 */
export const CHANNELS: {
  /** A tracing channel: an operation, from the call to its result. */
  readonly command: "moecache:command";
  /** A tracing channel: neighbouring requests of one kind, from their writing to their replies. */
  readonly batch: "moecache:batch";
  /** A tracing channel: opening a connection, with TLS and authentication. */
  readonly connect: "moecache:connect";
  /** A connection was closed. */
  readonly connectionClosed: "moecache:connection:closed";
  /** A server is up or down, has failed, or was connected to again. */
  readonly server: "moecache:server";
  /** An operation continues elsewhere, or as a miss, because its server has failed. */
  readonly failover: "moecache:failover";
  /** The list of servers has changed. */
  readonly discovery: "moecache:discovery";
  /** How `getOrSet` got a value. */
  readonly lease: "moecache:lease";
} = /* @__PURE__ */ noticingReads();

/** A channel, as far as it is used here. */
interface Channel {
  /** A function on Cloudflare Workers before the compatibility date 2026-05-19. */
  readonly hasSubscribers: boolean | (() => boolean);
  /**
   * What {@linkcode Channel.runStores} sets, where the module is written in JavaScript, as on Deno, Node and Bun. If
   * there is nothing to set, its closures would cost an operation as much as all that is published of it.
   */
  readonly _stores?: { readonly size: number } | undefined;
  publish(message: object): void;
  runStores<Result>(message: object, call: () => Result): Result;
}

interface Global {
  readonly Deno?: Readonly<Record<symbol | "internal", unknown>> & {
    readonly bench?: { readonly length: number };
  };
  readonly process?: {
    getBuiltinModule?(name: string): Diagnostics | undefined;
  };
}

/** The module `node:diagnostics_channel`. */
interface Diagnostics {
  channel(name: string): Channel;
}

/**
 * The plain channels that a tracing channel consists of. `TracingChannel` itself differs between the runtimes. They are
 * taken by their index: to destructure the array would cost each operation as much as it costs to publish one of them.
 */
const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;

/** The channels by name. They are kept: Node forgets a channel that is not kept. */
const opened = /* @__PURE__ */ new Map<string, readonly Channel[]>();

/** The channels of a name; none before a program can have subscribed, or where the runtime has none. */
function channelsOf(name: string): readonly Channel[] {
  const known = opened.get(name);
  if (known !== undefined) return known;
  if (found === undefined && mayBeUsed()) {
    found = (globalThis as unknown as Global).process?.getBuiltinModule?.(DIAGNOSTICS);
  }
  const module = found;
  if (module === undefined) return [];
  const channels = TRACED.includes(name)
    ? EVENTS.map((event) => module.channel(`tracing:${name}:${event}`))
    : [module.channel(name)];
  opened.set(name, channels);
  return channels;
}

/** The runtime's module of channels. */
export const DIAGNOSTICS = "node:diagnostics_channel";
const TRACED: readonly string[] = ["moecache:command", "moecache:batch", "moecache:connect"];
/** The runtime's module, as soon as it has been asked for. */
let found: Diagnostics | undefined;

/** Uses the runtime's module of channels, which was looked for elsewhere. */
export function useChannels(module: Diagnostics): void {
  found ??= module;
}

/** Whether a program has read a name of {@linkcode CHANNELS}. */
let isNamed = false;

/** The names, in an object that notices when a program reads one: it is about to subscribe. */
function noticingReads(): typeof CHANNELS {
  const get = (_: unknown, property: string) => {
    isNamed = true;
    return CHANNEL_NAMES[property as keyof typeof CHANNEL_NAMES];
  };
  return new Proxy<typeof CHANNEL_NAMES>(CHANNEL_NAMES, { get });
}

/**
 * Whether it is worth asking for the channels. On Deno, the first access to `process` takes 15 to 30 ms, a third of a
 * cold start, and a program that has used nothing of Node's cannot have subscribed. A program of `deno run` that has is
 * known by functions of Deno's that are made then. Under `deno test` and `deno bench`, which begin otherwise, they are
 * asked for in any case: there alone, `Deno.bench` does something. What is not known that way, as in workers and under
 * `deno serve`, is found later, by `lookForChannels`.
 */
function mayBeUsed(): boolean {
  const { Deno } = globalThis as unknown as Global;
  const internal = Deno?.[Deno.internal as symbol] as { core?: { ops?: object } } | undefined;
  const ops = internal?.core?.ops;
  return isNamed || ops === undefined || "op_close" in ops || !!Deno?.bench?.length;
}

function isHeard(channel: Channel): boolean {
  const on = channel.hasSubscribers;
  return typeof on === "function" ? on.call(channel) : on === true;
}

/** Whether a channel has subscribers. */
export function isListenedTo(name: string): boolean {
  return channelsOf(name).some(isHeard);
}

/** Publishes to a channel. What a subscriber throws is not the client's: only Cloudflare Workers throw it here. */
function tell(channel: Channel | undefined, message: object): void {
  try {
    channel?.publish(message);
  } catch (error) {
    report(error);
  }
}

/** Makes the runtime report an error as an uncaught one. */
const report: (error: unknown) => void = (error) => void Promise.reject(error);

/** Publishes to a plain channel what is made only if there are subscribers. */
export function publish(name: string, make: () => object): void {
  if (isListenedTo(name)) tell(channelsOf(name)[0], make());
}

/**
 * Publishes `start` and `end` around a call, which can be found by its stores.
 *
 * @param operation What commands that are made meanwhile are for.
 */
export function begin<Result>(
  name: string,
  context: object,
  call: () => Result,
  operation: CommandContext | undefined = current,
): Result {
  const channels = channelsOf(name);
  const start = channels[0]!;
  let hasBegun = false;
  const issue = () => {
    hasBegun = true;
    try {
      return inContext(operation, call);
    } finally {
      tell(channels[1], context);
    }
  };
  try {
    if (start._stores?.size !== 0) return start.runStores(context, issue);
    start.publish(context);
    return issue();
  } catch (error) {
    if (hasBegun) throw error;
    report(error);
    return issue();
  }
}

/** Publishes `asyncStart` and `asyncEnd`. */
export function finish(name: string, context: object): void {
  const channels = channelsOf(name);
  tell(channels[2], context);
  tell(channels[3], context);
}

/** Publishes `error`, then what {@linkcode finish} does. */
export function finishWith(name: string, context: { error?: unknown }, error: unknown): void {
  context.error = error;
  tell(channelsOf(name)[4], context);
  finish(name, context);
}

/**
 * Publishes the life of a promise, as `tracePromise` does, but nothing of what it resolves to.
 *
 * @param operate Makes the promise.
 * @param complete Called with the result, before the end is published.
 * @param operation What commands that are made meanwhile are for.
 */
export async function trace<Context extends { error?: unknown }, Result>(
  name: string,
  context: Context,
  operate: () => Promise<Result>,
  complete?: (context: Context, result: Result) => void,
  operation?: CommandContext,
): Promise<Result> {
  let result: Result;
  try {
    // What awaits the promise is part of the stack of its error only where this is an await.
    result = await begin(name, context, operate, operation);
    complete?.(context, result);
  } catch (error) {
    finishWith(name, context, error);
    throw error;
  }
  finish(name, context);
  return result;
}

let isGathering = false;
let isCommandTraced = false;

/** Takes note that {@linkcode endTurn} will be called when the present turn of the event loop ends. */
export function beginTurn(): void {
  isGathering = true;
}

/** Takes note that it has ended. */
export function endTurn(): void {
  isGathering = false;
}

/** Whether operations have subscribers: asked once for all those of a turn. */
export function tracesCommands(): boolean {
  if (!isGathering) isCommandTraced = isListenedTo(CHANNEL_NAMES.command);
  return isCommandTraced;
}

/** A command, as far as it is published and counted. */
export interface SentCommand {
  readonly byteLength: number;
  /** The number of the connection that carried it last; 0 before the first. */
  readonly carrier: number;
  /** The operation that it is for; absent without a subscriber. */
  context: CommandContext | undefined;
}

/** The operation that is being issued: the commands that are made meanwhile are for it. */
let current: CommandContext | undefined;

/** The operation that is being issued. */
export function presentContext(): CommandContext | undefined {
  return current;
}

/** Issues commands for an operation. */
export function inContext<Result>(context: CommandContext | undefined, call: () => Result): Result {
  const outer = current;
  current = context;
  try {
    return call();
  } finally {
    current = outer;
  }
}

/** Stands for what is a part of another operation, and is not published. */
const HIDDEN = {} as CommandContext;

/** Calls commands as parts of something else than an operation of their own. */
export function unpublished<Result>(call: () => Result): Result {
  return inContext(HIDDEN, call);
}

/** Takes note that a command is for the operation that is being issued. */
export function adopt(command: SentCommand): void {
  if (current === undefined || current === HIDDEN) return;
  command.context = current;
  if (command.byteLength > 0) countBytes(current, command.byteLength);
}

/** Counts the bytes of a value that an operation sends or receives. */
export function countBytes(context: CommandContext, bytes: number): void {
  context.valueBytes = (context.valueBytes ?? 0) + bytes;
}

/** What the requests of one kind have counted. */
export interface RequestCounters {
  operations: number;
  /** The upper bounds of the histogram, in seconds. */
  readonly bounds: readonly number[];
  /** How many batches took up to each bound, and longer. */
  readonly counts: number[];
  /** The seconds of all batches. */
  sum: number;
}

/** What a client counts. */
export class Counters {
  /** The name of the client. */
  readonly client: string;
  hits = 0;
  misses = 0;
  reconnects = 0;
  failovers = 0;
  coalescedKeys = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** What requests have counted, by their kind. */
  readonly requests: Map<string, RequestCounters> = new Map();
  /** How many operations have failed, by the name of the error. */
  readonly errors: Map<string, number> = new Map();

  constructor(client: string) {
    this.client = client;
  }

  /** Counts an operation that has failed, and adds the name of the client to its error. */
  failed(error: unknown): void {
    if (error instanceof SocketError) error.client ??= this.client;
    const name = error instanceof Error ? error.name : typeof error;
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }

  /** What has been counted until now. */
  snapshot(pending: number): ClientMetrics {
    const { requests, errors: names, ...counted } = this;
    // The first two begin as copies of `requests`, whose entries the loop replaces: that is shorter than two empty records.
    const [operations, latency, errors] = [requests, requests, names].map(Object.fromEntries);
    for (const [kind, { operations: count, bounds, counts, sum }] of requests) {
      operations[kind] = count;
      latency[kind] = { bounds, counts: [...counts], sum };
    }
    return { ...counted, pending, operations, errors, timeouts: errors.TimeoutError ?? 0, latency };
  }
}
