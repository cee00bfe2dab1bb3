/**
 * Faults that a test injects into the handling of requests.
 *
 * @module
 */

import {
  checkChoice,
  checkOptions,
  holdsNames,
  invalidOption,
  type OptionTypes,
} from "../option_checks.ts";
import { decodeBase64, decodeUtf8 } from "./byte_text.ts";

/** A request that the server has received. */
export interface FaultRequest {
  /** Its command, such as `get`. */
  readonly command: string;
  /** The keys it names. */
  readonly keys: readonly string[];
  /** Its line, without the line end. */
  readonly line: string;
  /** The connection's number, from 1, in the order of acceptance. */
  readonly connection: number;
}

/** How a request fails. Absent properties change nothing. */
export interface Fault {
  /** A delay in milliseconds before the server continues with this connection; `Infinity` means never. */
  readonly delay?: number;
  /**
   * A line, without its line end, that is sent instead of the reply, even when the request has `noreply`; `""` sends
   * nothing. The command is not executed.
   */
  readonly reply?: string;
  /**
   * Lines, without their line ends, that are sent in place of items in the reply to `get`, `gets`, `gat` or `gats`, by
   * key.
   */
  readonly itemReplies?: Readonly<Record<string, string>>;
  /**
   * When the connection is closed: `"before"` the command is executed, `"after"` it without a reply, or after this many
   * bytes of the reply.
   */
  readonly drop?: "before" | "after" | number;
}

/** Decides for each request whether and how it fails. `undefined` means that it does not. */
export type FaultHook = (request: FaultRequest) => Fault | undefined;

/** The keys whose server a proxy cannot reach: one, several, or a function that decides for each key. */
export type DeadKeys = string | Iterable<string> | ((key: string) => boolean);

const MEMCACHED_REFUSAL = "SERVER_ERROR backend failure";
const TWEMPROXY_REFUSAL = "SERVER_ERROR Connection refused";

/**
 * Makes a fault hook that replies as a proxy does when it cannot reach one of its servers.
 *
 * - memcached's proxy refuses each such key of a `get` with a line among the other items, followed by `END`. It refuses
 *   any other request as a whole, even one with `noreply`.
 * - twemproxy refuses a whole `get` when it cannot reach the server of one of its keys.
 *
 * @param keys The keys whose server cannot be reached.
 * @param proxy Which proxy to imitate.
 * @returns The hook, for the option `fault` of {@linkcode MemcachedServerOptions}.
 *
 * @throws {ValidationException} When the proxy is unknown.
 *
 * @example One of several servers behind memcached's proxy is down
 * ```ts
 * import { Client, ClientException } from "@moecache/moecache";
 * import { deadBackend, MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen({ fault: deadBackend(["lost"]) });
 * await using client = new Client(server.address);
 * await client.set("found", "value");
 *
 * await assertRejects(() => client.get("lost"), ClientException, "backend failure");
 * assertEquals(await client.get("found"), "value");
 * ```
 */
export function deadBackend(
  keys: DeadKeys,
  proxy: "memcached" | "twemproxy" = "memcached",
): FaultHook {
  checkChoice("proxy", proxy, ["memcached", "twemproxy"]);
  const isDead = typeof keys === "function" ? keys : isIn(keys);
  return proxy === "memcached"
    ? (request) => refuseEach(request, isDead)
    : (request) => refuseAll(request, isDead);
}

function isIn(keys: string | Iterable<string>): (key: string) => boolean {
  if (typeof Object(keys)[Symbol.iterator] !== "function") {
    throw invalidOption("keys", keys, "a key, a list of keys, or a function");
  }
  const all = new Set(typeof keys === "string" ? [keys] : keys);
  return (key) => all.has(key);
}

function refuseEach({ keys }: FaultRequest, isDead: (key: string) => boolean): Fault | undefined {
  const dead = keys.filter(isDead);
  if (dead.length === 0) return undefined;
  if (keys.length === 1) return { reply: MEMCACHED_REFUSAL };
  return { itemReplies: Object.fromEntries(dead.map((key) => [key, MEMCACHED_REFUSAL])) };
}

function refuseAll(
  { keys, line }: FaultRequest,
  isDead: (key: string) => boolean,
): Fault | undefined {
  if (!keys.some(isDead)) return undefined;
  return { reply: line.endsWith(" noreply") ? "" : TWEMPROXY_REFUSAL };
}

const FAULT_TYPES: OptionTypes<Fault> = {
  delay: "number",
  reply: "string",
  itemReplies: "any",
  drop: "any",
};

/**
 * Checks what a {@linkcode FaultHook} returned, so that a test does not pass because of a misspelled fault.
 *
 * @throws {ValidationException} When it is neither a fault nor `undefined`.
 */
export function checkFault(fault: Fault | undefined): void {
  if (fault === undefined) return;
  if (!holdsNames(fault)) throw invalidOption("fault", fault, "an object such as { delay }");
  checkOptions(fault, FAULT_TYPES);
  const { delay = 0, itemReplies = {}, drop = "before" } = fault;
  if (delay < 0) throw invalidOption("delay", delay, "0 or more");
  if (!isRecordOfText(itemReplies)) {
    throw invalidOption("itemReplies", itemReplies, "a plain object of strings");
  }
  const isPlace = drop === "before" || drop === "after" || (Number.isInteger(drop) && drop >= 0);
  if (!isPlace) throw invalidOption("drop", drop, `"before", "after" or a number of bytes`);
}

function isRecordOfText(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((text) => typeof text === "string");
}

/** The position of the first key in the lines of these commands. */
const FIRST_KEYS: Readonly<Record<string, number>> = { get: 1, gets: 1, bget: 1, gat: 2, gats: 2 };

const COMMANDS_OF_ONE_KEY: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...["set", "add", "replace", "append", "prepend", "cas"],
  ...["delete", "incr", "decr", "touch", "mg", "ms", "md", "ma", "me"],
]);

/**
 * Describes a request to a {@linkcode FaultHook}.
 *
 * @param line Its line, a character per byte.
 * @param tokens The tokens of the line.
 * @param connection The number of the connection.
 * @returns The hook's argument.
 */
export function describeRequest(
  line: string,
  tokens: readonly string[],
  connection: number,
): FaultRequest {
  return {
    command: decodeUtf8(tokens[0] ?? ""),
    keys: keysOf(tokens).map(decodeUtf8),
    line: decodeUtf8(line),
    connection,
  };
}

function keysOf(tokens: readonly string[]): readonly string[] {
  const [command = "", key] = tokens;
  if (Object.hasOwn(FIRST_KEYS, command)) return tokens.slice(FIRST_KEYS[command]);
  if (key === undefined || !COMMANDS_OF_ONE_KEY.has(command)) return [];
  const isBase64 = command.startsWith("m") && tokens.slice(2).includes("b");
  return [isBase64 ? decodeBase64(key) ?? key : key];
}
