/** What the channels say, in a line that a person can read. @module */

import type {
  BatchContext,
  CommandContext,
  ConnectContext,
  ConnectionClosedContext,
  DiscoveryContext,
  FailoverContext,
  LeaseContext,
  ServerContext,
  ServerStateContext,
} from "../../channel_contexts.ts";

/** The longest key that is printed whole. */
const LONGEST_KEY = 60;

/** `moecache 10.0.0.1:11211 getMany ×40 → 38 hits, 0.4 ms` */
export function commandLine(context: CommandContext, milliseconds: number): string {
  const { command, args, keys, client, namespace, attempts = 1, error } = context;
  const [key] = args;
  const what = keys === 1 && key !== undefined ? ` ${short(key)}` : keys === 0 ? "" : ` ×${keys}`;
  const where = namespace === undefined ? "" : ` in ${short(namespace)}`;
  const results = [
    ...("error" in context ? [messageOf(error)] : resultsOf(context)),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    duration(milliseconds),
  ];
  return line(client, `${placeOf(context)}${command}${what}${where} → ${results.join(", ")}`);
}

function resultsOf({ keys, hits, misses, valueBytes }: CommandContext): string[] {
  const found = hits === undefined
    ? []
    : keys === 1
    ? [hits === 1 ? "hit" : "miss"]
    : [hits === 0 ? misses === 1 ? "1 miss" : `${misses} misses` : counted(hits, "hit")];
  return valueBytes === undefined ? found : [...found, counted(valueBytes, "byte")];
}

/** `moecache 10.0.0.1:11211 request: get ×40, 412 bytes → 0.3 ms` */
export function batchLine(context: BatchContext, milliseconds: number): string {
  const { command, batchMode, batchSize, bytes, client, error } = context;
  const kind = batchMode === "PIPELINE" && batchSize > 1 ? "requests" : "request";
  const many = batchSize === 1 ? "" : ` ×${batchSize}`;
  const results = ["error" in context ? messageOf(error) : "", duration(milliseconds)];
  return line(
    client,
    `${placeOf(context)}${kind}: ${command}${many}, ${counted(bytes, "byte")} → ${join(results)}`,
  );
}

/** `moecache 10.0.0.1:11211 connection 1 opened, TLS, 2.1 ms` */
export function connectLine(context: ConnectContext, milliseconds: number): string {
  const { connectionEpoch, tls, client, error } = context;
  const outcome = "error" in context ? `failed: ${messageOf(error)}` : "opened";
  const results = join([outcome, tls ? "TLS" : "", duration(milliseconds)]);
  return line(client, `${placeOf(context)}connection ${connectionEpoch} ${results}`);
}

/** `moecache 10.0.0.1:11211 connection 1 closed: …` */
export function closedLine(context: ConnectionClosedContext): string {
  const { connectionEpoch, reason, isFailure, client } = context;
  const how = isFailure ? "lost" : "closed";
  return line(
    client,
    `${placeOf(context)}connection ${connectionEpoch} ${how}: ${messageOf(reason)}`,
  );
}

/** `moecache 10.0.0.1:11211 down: …` */
export function serverLine({ server, state, error, client }: ServerStateContext): string {
  return line(client, `${server} ${state}${error === undefined ? "" : `: ${messageOf(error)}`}`);
}

/** `moecache 10.0.0.1:11211 failover to 10.0.0.2:11211 (gutter): …` */
export function failoverLine({ from, to, why, error, client }: FailoverContext): string {
  const where = to === undefined ? "" : ` to ${to}`;
  return line(client, `${from} failover${where} (${why}): ${messageOf(error)}`);
}

/** `moecache discovery: added 10.0.0.3:11211, removed 10.0.0.1:11211` */
export function discoveryLine({ added, removed, client }: DiscoveryContext): string {
  const changes = [
    ...added.map((name) => `added ${name}`),
    ...removed.map((name) => `removed ${name}`),
  ];
  return line(client, `discovery: ${changes.join(", ") || "no change"}`);
}

/** `moecache getOrSet key: won` */
export function leaseLine({ key, outcome, client }: LeaseContext): string {
  return line(client, `getOrSet ${short(key)}: ${outcome}`);
}

/** Tells of a fault of the module itself. */
export function faultLine(error: unknown): string {
  return line("moecache", `debug: ${messageOf(error)}`);
}

function line(client: string, text: string): string {
  // Whatever an error says or a key holds, it is one line, and nothing that a terminal obeys.
  return `${client} ${text}`.replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, " ").replaceAll(
    /\p{Cc}/gu,
    "?",
  );
}

function placeOf({ serverAddress, serverPort }: ServerContext): string {
  if (serverAddress === undefined) return "";
  if (serverPort === undefined) return `${serverAddress} `;
  const host = serverAddress.includes(":") && !serverAddress.startsWith("[")
    ? `[${serverAddress}]`
    : serverAddress;
  return `${host}:${serverPort} `;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function short(key: string): string {
  const cut = key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key;
  return /^[^\s\p{C}]+$/u.test(cut) ? cut : JSON.stringify(cut);
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}

function duration(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`;
}
