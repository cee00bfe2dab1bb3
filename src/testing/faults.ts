/**
 * What a test makes of a request in place of what memcached would.
 *
 * @module
 */

import { checkChoice, checkOptions, invalidOption, type OptionTypes } from "../option_checks.ts";
import { decodeBase64, decodeUtf8 } from "./byte_text.ts";

/** A request, as it came. */
export interface FaultRequest {
  /** Its command, such as `get`. */
  readonly command: string;
  /** The keys it names. */
  readonly keys: readonly string[];
  /** Its line, without the line end. */
  readonly line: string;
  /** The number of the connection, from 1 in the order in which they were accepted. */
  readonly connection: number;
}

/** What becomes of a request. What is absent goes as always. */
export interface Fault {
  /** Milliseconds until the server goes on with this connection; `Infinity` is never. */
  readonly delay?: number;
  /**
   * A line that is sent in place of the reply, without its line end, also where the request says `noreply`; `""`
   * sends nothing. The command is not carried out.
   */
  readonly reply?: string;
  /**
   * Lines that are sent in the place of items inside the reply to `get`, `gets`, `gat` or `gats`, without
   * their line ends, by the items' keys.
   */
  readonly itemReplies?: Readonly<Record<string, string>>;
  /**
   * When the connection ends: before the command is carried out, after it without a reply, or after so many bytes
   * of the reply.
   */
  readonly drop?: "before" | "after" | number;
}

/** Decides what becomes of each request. Nothing is as always. */
export type FaultHook = (request: FaultRequest) => Fault | undefined;

/** The keys whose server a proxy cannot reach: one, several, or what says it of each. */
export type DeadKeys = string | Iterable<string> | ((key: string) => boolean);

const MEMCACHED_REFUSAL = "SERVER_ERROR backend failure";
const TWEMPROXY_REFUSAL = "SERVER_ERROR Connection refused";

/**
 * Answers as a proxy does that cannot reach one of its servers.
 *
 * - memcached's own proxy refuses each key of a `get` in its place: between the items of the others, and with an
 *   `END` behind all. It refuses any other request as a whole, even where the request says `noreply`.
 * - twemproxy refuses a `get` as a whole when it cannot reach the server of one of its keys.
 *
 * @param keys The keys whose server cannot be reached.
 * @param proxy Which proxy to imitate.
 * @returns The hook, for the option `fault` of {@linkcode MemcachedServerOptions}.
 *
 * @throws {ValidationException} When there is no such proxy.
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
 * Checks what a {@linkcode FaultHook} returned, so that a test does not pass for want of a fault.
 *
 * @throws {ValidationException} When it is neither a fault nor nothing.
 */
export function checkFault(fault: Fault | undefined): void {
  if (fault === undefined) return;
  checkOptions(fault, FAULT_TYPES);
  const { delay = 0, itemReplies = {}, drop = "before" } = fault;
  if (delay < 0) throw invalidOption("delay", delay, "0 or more");
  if (!isRecordOfText(itemReplies)) {
    throw invalidOption("itemReplies", itemReplies, "an object of strings");
  }
  const isPlace = drop === "before" || drop === "after" || (Number.isInteger(drop) && drop >= 0);
  if (!isPlace) throw invalidOption("drop", drop, `"before", "after" or a number of bytes`);
}

function isRecordOfText(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((text) => typeof text === "string");
}

/** Where the keys of these commands begin among the words of their lines. */
const FIRST_KEYS: Readonly<Record<string, number>> = { get: 1, gets: 1, bget: 1, gat: 2, gats: 2 };

const COMMANDS_OF_ONE_KEY: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...["set", "add", "replace", "append", "prepend", "cas"],
  ...["delete", "incr", "decr", "touch", "mg", "ms", "md", "ma", "me"],
]);

/**
 * Describes a request to a {@linkcode FaultHook}.
 *
 * @param line Its line, a character per byte.
 * @param tokens The words of the line.
 * @param connection The number of the connection.
 * @returns What the hook is given.
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
