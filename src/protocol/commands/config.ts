/** `config get cluster`, to which ElastiCache and Memorystore reply with the nodes of a cluster. @module */

import { quote, SocketError } from "../../errors.ts";
import { endOfWord, isText, readInteger, readText, startsWith } from "../bytes.ts";
import { Command, DONE, MORE } from "../command.ts";
import { readRefusal } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** One node of a cluster. Either its host name or its address may be empty. */
export interface ClusterNode {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
}

/** The nodes of a cluster, and the version of the configuration. */
export interface ClusterConfig {
  readonly version: bigint;
  readonly nodes: readonly ClusterNode[];
}

/** The key with the configuration in ElastiCache's memcached before 1.4.14, which has no command `config`. */
export const CLUSTER_KEY = "AmazonElastiCache:cluster";

const HEADER = "CONFIG cluster ";

/** Many times those of any cluster. A client keeps about 5 KB for each, most of them for its ring. */
const MOST_NODES = 5000;

/** `config get cluster`. Resolves to the configuration, as text for {@linkcode readClusterConfig}. */
export class ConfigCommand extends Command<string> {
  #text: string | undefined;

  override get action(): string {
    return "config get cluster";
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii("config get cluster\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (this.#text !== undefined) {
      if (!isText(bytes, start, end, "END")) throw new SocketError("a configuration has no END");
      this.succeed(this.#text);
      return DONE;
    }
    if (startsWith(bytes, start, end, HEADER)) return readLength(bytes, start, end);
    this.fail(readRefusal(bytes, start, end, { action: "ask for the cluster's configuration" }));
    return DONE;
  }

  override data(bytes: Uint8Array, start: number, end: number): number {
    this.#text = readText(bytes, start, end);
    return MORE;
  }
}

/** Reads the last word of `CONFIG cluster <flags> <bytes>`. */
function readLength(bytes: Uint8Array, start: number, end: number): number {
  const flagsEnd = endOfWord(bytes, start + HEADER.length, end);
  const length = readInteger(bytes, flagsEnd + 1, end);
  if (length < 0) throw new SocketError("the header of a configuration is malformed");
  return length;
}

/**
 * Reads a configuration: a line with the version, then the nodes, `hostname|ip|port` each, separated by spaces. The
 * number of line ends after them depends on the server.
 *
 * @throws {SocketError} When it is malformed.
 */
export function readClusterConfig(text: string): ClusterConfig {
  const [version = "", ...words] = text.split(/\s+/).filter((word) => word !== "");
  if (!/^\d{1,39}$/.test(version)) {
    throw new SocketError(
      `the configuration begins with ${quote(version)}, which is not a version`,
    );
  }
  if (words.length > MOST_NODES) {
    throw new SocketError(`the configuration has ${words.length} nodes, over ${MOST_NODES}`);
  }
  return { version: BigInt(version), nodes: words.map(readNode) };
}

function readNode(word: string): ClusterNode {
  const [hostname = "", ip = "", port = "", ...more] = word.split("|");
  const isWhole = hostname + ip !== "" && /^\d{1,5}$/.test(port) && more.length === 0;
  if (isWhole) return { hostname, ip, port: Number(port) };
  throw new SocketError(`the configuration has ${quote(word)} for a node, not "host|ip|port"`);
}
