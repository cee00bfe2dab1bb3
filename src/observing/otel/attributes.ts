/** What the contexts of channels are in the words of OpenTelemetry's conventions for databases. @module */

import type { Attributes } from "@opentelemetry/api";
import type { BatchContext, CommandContext, ServerContext } from "../../channel_contexts.ts";

/** The port that is left out. */
const USUAL_PORT = 11211;
/** What memcached says when it refuses a request begins with one of these. */
const REFUSAL = /^(ERROR|CLIENT_ERROR|SERVER_ERROR)(?= |$)/;
const IP = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[\da-f]*:[\da-f:.]*(?:%[^\]]+)?\]?)$/i;
/** The longest text of a query, in UTF-16 code units. */
const LONGEST_TEXT = 1000;

/** Commands on many keys that are a request for each of them. */
const BATCHES: readonly string[] = ["setMany", "deleteMany"];

/** The attributes of a server. */
export function serverAttributes({ serverAddress, serverPort }: ServerContext): Attributes {
  if (serverAddress === undefined) return {};
  const attributes: Attributes = { "server.address": serverAddress };
  if (serverPort !== undefined && serverPort !== USUAL_PORT) attributes["server.port"] = serverPort;
  if (IP.test(serverAddress) && serverPort !== undefined) {
    attributes["network.peer.address"] = serverAddress.replace(/^\[|\]$/g, "");
    attributes["network.peer.port"] = serverPort;
  } else if (serverPort === undefined) {
    attributes["network.peer.address"] = serverAddress;
    attributes["network.transport"] = "unix";
  }
  return attributes;
}

/** The attributes of an error. */
export function errorAttributes(error: unknown): Attributes {
  const { name, item } = Object(error) as { name?: unknown; item?: unknown };
  const [status] = REFUSAL.exec(typeof item === "string" ? item : "") ?? [];
  return {
    "error.type": status ?? (typeof name === "string" && name !== "" ? name : "_OTHER"),
    ...(status === undefined ? {} : { "db.response.status_code": status }),
  };
}

/** What identifies an operation: on its span from the beginning, and on its measurements. */
export function commandAttributes(
  { command, namespace }: { readonly command: string; readonly namespace?: string | undefined },
): Attributes {
  return {
    "db.system.name": "memcached",
    "db.operation.name": command,
    ...(namespace === undefined ? {} : { "db.namespace": namespace }),
  };
}

/** What is known at the end of an operation. */
export function resultAttributes(context: CommandContext): Attributes {
  const { command, keys, hits, misses } = context;
  return {
    ...serverAttributes(context),
    "db.memcached.key_count": keys,
    ...(hits === undefined ? {} : { "db.memcached.hit_count": hits }),
    ...(misses === undefined ? {} : { "db.memcached.miss_count": misses }),
    ...(BATCHES.includes(command) && keys > 1 ? { "db.operation.batch.size": keys } : {}),
  };
}

/** The attributes of a batch. */
export function batchAttributes(context: BatchContext): Attributes {
  const { batchMode, batchSize } = context;
  const isBatch = batchMode === "PIPELINE" && batchSize > 1;
  return {
    "db.system.name": "memcached",
    "db.operation.name": batchName(context),
    ...serverAttributes(context),
    ...(isBatch ? { "db.operation.batch.size": batchSize } : {}),
    ...(batchMode === "COALESCED" ? { "db.memcached.key_count": batchSize } : {}),
  };
}

/** The operation of a batch: several keys in one request are one operation. */
export function batchName({ command, batchMode, batchSize }: BatchContext): string {
  return batchMode === "PIPELINE" && batchSize > 1 ? `BATCH ${command}` : command;
}

/** The text of a query: the command, and its keys. */
export function queryText(
  { command, args }: CommandContext,
  show: (key: string) => string,
): string {
  let text = command;
  for (const key of args) {
    const longer = `${text} ${show(key)}`;
    if (longer.length > LONGEST_TEXT) return `${text} …`;
    text = longer;
  }
  return text;
}
