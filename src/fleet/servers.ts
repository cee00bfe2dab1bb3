/** The list of a client's servers, with a node for each. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ConnectionOptions } from "../connection/connection_options.ts";
import type { ServerEventType } from "../connection/server_handle.ts";
import { ServerNode } from "../connection/server_node.ts";
import { SocketError } from "../errors.ts";
import type { ResolvedServer } from "../server_address.ts";
import { checkedDial, dial as dialHere } from "../transport/dial.ts";
import type { Transport } from "../transport/transport.ts";
import { allEnded } from "../waiting/promises.ts";
import type { Listed } from "./distribution.ts";

/** Called with the events of a server. */
export type ReportServer = (type: ServerEventType, server: string, error?: SocketError) => void;

/** A server and its node. */
export interface Member extends Listed {
  readonly node: ServerNode;
}

/** The client's options for opening sockets. */
type DialerOptions = Pick<ResolvedOptions, "dial" | "keepAlive" | "noDelay" | "connectTimeout">;

/** The options of the connections to a server, and the client's. */
export type ReachOptions = Omit<ResolvedOptions, "dial"> & ConnectionOptions;

/** Makes a node for each server, keeps the nodes that stay in the list, and retires the others. */
export class Servers {
  readonly #options: ResolvedOptions;
  readonly #report: ReportServer;
  #members: readonly Member[] = [];
  /** Nodes that have left the list and may have pending operations. */
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

  /** Whether the servers are closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Changes the list.
   *
   * @returns The nodes that are not in the list any more, for {@linkcode retire}.
   */
  change(servers: readonly ResolvedServer[]): ReadonlySet<ServerNode> {
    const staying = nodesByServer(this.#members);
    const leaving = new Set(this.#members.map(({ node }) => node));
    this.#members = servers.map((server) => {
      // A server that is listed twice has two nodes.
      const node = staying.get(identityOf(server))?.shift() ?? this.#makeNode(server);
      leaving.delete(node);
      return { server, node };
    });
    return leaving;
  }

  /** Waits until the pending operations of removed servers have ended. */
  async retire(nodes: Iterable<ServerNode>): Promise<void> {
    await allEnded(Array.from(nodes, (node) => this.#retire(node)));
  }

  /** Rejects pending and later operations; resolves when every socket is closed. */
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
      // Its readers may continue until the client is closed.
      node.readersEnded().then(() => this.#retired.delete(node));
    }
  }

  #makeNode(server: ResolvedServer): ServerNode {
    return new ServerNode({
      ...reachOptions(server, this.#options),
      dialsRefusing: this.#options.failover === "error",
      report: (type, error) => this.#report(type, server.name, error),
    });
  }
}

/** The client's options with how a server is reached, and what is published of it. */
export function reachOptions(server: ResolvedServer, options: ResolvedOptions): ReachOptions {
  const { name, endpoint: { hostname, path, port, tls } } = server;
  return {
    ...options,
    server: name,
    dial: dialerOf(server, options),
    location: {
      serverAddress: hostname ?? path,
      serverPort: port,
      tls: tls !== undefined,
      client: options.counters.client,
    },
  };
}

/** Makes the dialer of a server, which also authenticates if there are credentials. */
function dialerOf(
  { endpoint, credentials }: ResolvedServer,
  { dial, keepAlive, noDelay, connectTimeout }: DialerOptions,
): (signal: AbortSignal) => Promise<Transport> {
  const bound = connectTimeout < Infinity ? { connectTimeout } : {};
  const dialer = dial === undefined ? dialHere : checkedDial(dial);
  const open = (signal: AbortSignal) => dialer(endpoint, { signal, keepAlive, noDelay, ...bound });
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

/** Equal for addresses of the same server with the same dial options; the weight may differ. */
function identityOf({ name, endpoint, credentials }: ResolvedServer): string {
  return JSON.stringify([name, endpoint, credentials?.reveal()]);
}
