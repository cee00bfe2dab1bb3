/** The list of a client's servers, which may change, and the node that serves each. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerEventType } from "../connection/server_health.ts";
import { ServerNode } from "../connection/server_node.ts";
import { SocketError } from "../errors.ts";
import type { ResolvedServer } from "../server_address.ts";
import type { Transport } from "../transport/transport.ts";
import { allEnded } from "../waiting.ts";

/** Called with what happens to a server. */
export type ReportServer = (type: ServerEventType, server: string, error?: SocketError) => void;

/** One of the servers, and what it is reached through. */
export interface Member {
  readonly server: ResolvedServer;
  readonly node: ServerNode;
}

/** What of a client's options counts for opening sockets. */
type DialerOptions = Pick<ResolvedOptions, "dial" | "keepAlive" | "noDelay" | "connectTimeout">;

/** Makes a node for each server, keeps those that stay in the list, and retires those that leave it. */
export class Servers {
  readonly #options: ResolvedOptions;
  readonly #report: ReportServer;
  #members: readonly Member[] = [];
  /** Those that have left the list and may have something under way. */
  readonly #retired = new Set<ServerNode>();
  #isClosed = false;

  constructor(options: ResolvedOptions, report: ReportServer) {
    this.#options = options;
    this.#report = report;
  }

  /** The servers, in the order of the list. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** Whether the servers take nothing any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Takes another list.
   *
   * @returns Those that are not in it, for {@linkcode retire}.
   */
  change(servers: readonly ResolvedServer[]): ReadonlySet<ServerNode> {
    const staying = nodesByServer(this.#members);
    const leaving = new Set(this.#members.map(({ node }) => node));
    this.#members = servers.map((server) => {
      // A server that stands in the list twice has a node for each place.
      const node = staying.get(identityOf(server))?.shift() ?? this.#makeNode(server);
      leaving.delete(node);
      return { server, node };
    });
    return leaving;
  }

  /** Lets what is under way on servers that have left the list come to its end; resolves when it has. */
  async retire(nodes: Iterable<ServerNode>): Promise<void> {
    await allEnded(Array.from(nodes, (node) => this.#retire(node)));
  }

  /** Rejects all that is under way, and whatever comes; resolves when every socket is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const nodes = [...this.#members.map(({ node }) => node), ...this.#retired];
    await allEnded(nodes.map((node) => {
      const server = node.name;
      return node.close(new SocketError(`Cannot use ${server}: the client is closed`, { server }));
    }));
  }

  async #retire(node: ServerNode): Promise<void> {
    this.#retired.add(node);
    try {
      await node.retire();
    } finally {
      // Its readers may go on for as long as the client does, which closes them.
      node.readersEnded().then(() => this.#retired.delete(node));
    }
  }

  #makeNode(server: ResolvedServer): ServerNode {
    const { name } = server;
    return new ServerNode({
      ...this.#options,
      server: name,
      dial: dialerOf(server, this.#options),
      dialsRefusing: this.#options.failover === "error",
      report: (type, error) => this.#report(type, name, error),
    });
  }
}

/** Makes what opens the sockets to a server, and authenticates where the server demands it. */
export function dialerOf(
  { endpoint, credentials }: ResolvedServer,
  { dial, keepAlive, noDelay, connectTimeout }: DialerOptions,
): (signal: AbortSignal) => Promise<Transport> {
  const bound = connectTimeout < Infinity ? { connectTimeout } : {};
  const open = (signal: AbortSignal) => dial(endpoint, { signal, keepAlive, noDelay, ...bound });
  if (credentials === undefined) return open;
  return async (signal) => {
    const { authenticated } = await import("../connection/authenticate.ts");
    return await authenticated(open, credentials)(signal);
  };
}

function nodesByServer(members: readonly Member[]): Map<string, ServerNode[]> {
  const nodes = new Map<string, ServerNode[]>();
  for (const { server, node } of members) {
    const identity = identityOf(server);
    nodes.set(identity, [...nodes.get(identity) ?? [], node]);
  }
  return nodes;
}

/** What makes two addresses the same server, dialled in the same way; its weight may change. */
function identityOf({ name, endpoint, credentials }: ResolvedServer): string {
  return JSON.stringify([name, endpoint, credentials?.reveal()]);
}
