/** The types of what clients publish to their channels, and of what they count. @module */

/** What both kinds of requests say of their server. */
export interface ServerContext {
  /** The host name or address, or the path of a unix socket. */
  serverAddress?: string | undefined;
  /** The port; absent for a unix socket. */
  serverPort?: number | undefined;
}

/** What is published of an operation: one object through its life, which the client completes. */
export interface CommandContext extends ServerContext {
  /** The method that was called: `get`, `getMany`, `getOrSet`, … */
  readonly command: string;
  /** The keys; never values or credentials. */
  readonly args: readonly string[];
  /** The number of keys. */
  readonly keys: number;
  /** How many keys had a value; at the end of an operation that reads. A `getOrSet` that joins another one has none. */
  hits?: number;
  /** How many keys had none; at the end of an operation that reads. */
  misses?: number;
  /** The bytes of the values that were read or written, as they are stored. */
  valueBytes?: number;
  /** How often its requests were given to a connection: more than 1 where one was lost, or a server has failed. */
  attempts?: number;
  /** What the keys of the namespace begin with, where it was called on one. */
  namespace?: string;
  /** The name of the client. */
  readonly client: string;
  /** What it was rejected with. */
  error?: unknown;
}

/** What is published of a batch: requests of one kind that left next to each other in one write. */
export interface BatchContext extends ServerContext {
  /** The command that is sent: `get`, `set`, `mg`, … */
  readonly command: string;
  /** `COALESCED`: one request for all keys; `PIPELINE`: a request for each operation. */
  readonly batchMode: "COALESCED" | "PIPELINE";
  /** How many operations it is for. */
  readonly batchSize: number;
  /** The bytes that were written. */
  readonly bytes: number;
  /** The number of the connection in this process. */
  readonly connectionEpoch: number;
  /** The name of the client. */
  readonly client: string;
  /** What has ended the connection before the replies were complete. */
  error?: unknown;
}

/** What is published of the opening of a connection. */
export interface ConnectContext extends ServerContext {
  /** Whether it uses TLS. */
  readonly tls: boolean;
  /** Set for a connection of its own: for `items`, `watch` or a look-up of servers. It carries no batches. */
  readonly isSeparate?: true;
  /** The number of the connection in this process, from 1. */
  readonly connectionEpoch: number;
  /** The name of the client. */
  readonly client: string;
  /** Why it could not be opened. */
  error?: unknown;
}

/** What is published of the end of a connection. */
export interface ConnectionClosedContext extends ServerContext {
  /** Whether it used TLS. */
  readonly tls: boolean;
  /** Set for a connection of its own: for `items`, `watch` or a look-up of servers. */
  readonly isSeparate?: true;
  /** The number of the connection in this process. */
  readonly connectionEpoch: number;
  /** Why it has ended. */
  readonly reason: Error;
  /** Whether that counts as a failure of the server. */
  readonly isFailure: boolean;
  /** The name of the client. */
  readonly client: string;
}

/** What is published of a server. */
export interface ServerStateContext {
  /** What has happened, as in the client's events of these names. */
  readonly state: "up" | "down" | "error" | "reconnect";
  /** The name of the server, or of the discovery that has failed. */
  readonly server: string;
  /** The error, for `error` and `down`. */
  readonly error?: unknown;
  /** The name of the client. */
  readonly client: string;
}

/** What is published of an operation that continues because its server has failed. */
export interface FailoverContext {
  /** The name of the server that has failed. */
  readonly from: string;
  /** The name of the server that it goes to now; absent for a miss. */
  readonly to?: string;
  /**
   * `retry`: the same server again; `gutter`: a spare server; `remove`: the server that has its keys now; `miss`:
   * none, as `failover: "miss"` says.
   */
  readonly why: "retry" | "gutter" | "remove" | "miss";
  /** What the server has failed with. */
  readonly error: unknown;
  /** The name of the client. */
  readonly client: string;
}

/** What is published of a changed list of servers. */
export interface DiscoveryContext {
  /** The names of the servers that are new in it. */
  readonly added: readonly string[];
  /** The names of the servers that are no longer in it. */
  readonly removed: readonly string[];
  /** The name of the client. */
  readonly client: string;
}

/** What is published of a `getOrSet`. */
export interface LeaseContext {
  /** The key. */
  readonly key: string;
  /**
   * `hit`: there is a fresh value; `stale`: an old one is served while another caller computes the next; `won`: this
   * caller computes; `waited`: the value of another client has come; `lost`: another client has the lease, and this one
   * begins to wait; `timed out`: it has not come within `waitFor`.
   */
  readonly outcome: "hit" | "stale" | "won" | "waited" | "lost" | "timed out";
  /** What the keys of the namespace begin with, where it was called on one and operations are listened to. */
  readonly namespace?: string;
  /** The name of the client. */
  readonly client: string;
}

/** What a client has counted since it was made. */
export interface ClientMetrics {
  /** The name of the client, as the option `clientName` says. */
  readonly client: string;
  /**
   * The operations that were answered, by the command that was sent for them: `get`, `set`, `mg`, …; `other` is for
   * commands without a key, such as `stats`, and `version`, which the client also sends itself.
   */
  readonly operations: Readonly<Record<string, number>>;
  /** The keys of `get`, `getMany`, `gets`, `getAndTouch` and `getOrSet` that had a value. */
  readonly hits: number;
  /** The keys of these methods that had no value. */
  readonly misses: number;
  /**
   * The operations that failed after they were issued to a server, for each key, by the name of the error. Invalid input
   * is not counted.
   */
  readonly errors: Readonly<Record<string, number>>;
  /** The failed operations whose error was a `TimeoutError`. */
  readonly timeouts: number;
  /** The connections that were opened after an earlier one to the same server was lost. */
  readonly reconnects: number;
  /** The operations that were sent to another server, or became a miss, because their server had failed. */
  readonly failovers: number;
  /** The keys that were asked for together with others, in one request. */
  readonly coalescedKeys: number;
  /** The bytes that were received. */
  readonly bytesIn: number;
  /** The bytes that were sent. */
  readonly bytesOut: number;
  /** The operations that wait for a server at this moment. */
  readonly pending: number;
  /**
   * How long batches took, by the command that was sent: from their writing until their last reply. `counts[i]` is how
   * many took up to `bounds[i]` seconds and more than the bound before; the last count has no bound. `sum` is in seconds.
   */
  readonly latency: Readonly<
    Record<
      string,
      {
        readonly bounds: readonly number[];
        readonly counts: readonly number[];
        readonly sum: number;
      }
    >
  >;
}
