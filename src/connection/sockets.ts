/** The sockets of a client with `maxSockets`, and who owns them. @module */

/** The owner of a socket that may be closed when another one is needed. */
export interface SocketHolder {
  /** The number of operations that are not over for it, with aborted ones. */
  readonly pending: number;
  /** Whether an operation waits for it. */
  readonly isAwaited: boolean;
  /** When the server was last heard, by the client's clock. */
  readonly lastRead: number;
  /** Accepts no more operations, and closes the socket as soon as none waits for it. */
  leave(): void;
}

/** The sockets of a client with `maxSockets`. */
export interface Sockets {
  /** The maximum number of sockets. */
  readonly max: number;
  /** The number of sockets, including those that are being opened or closed. */
  open: number;
  /** The dials that wait for a socket, in order: a function that continues each, by its signal. */
  readonly waiting: Map<AbortSignal, () => void>;
  /** The owners whose sockets may be closed for others. */
  readonly holders: Set<SocketHolder>;
  /** The owners whose sockets are closed for others, as soon as no operation waits for them. */
  readonly leaving: Set<SocketHolder>;
  /** Called when no operation waits for a socket any more; set by the first dial. */
  idle?: () => void;
  /** The errors of dials that failed because of the limit. */
  readonly refusals: WeakSet<object>;
}
