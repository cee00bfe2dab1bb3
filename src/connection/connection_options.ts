/** The options of a server's connections. @module */

import type { ConnectContext } from "../channel_contexts.ts";
import type { Counters } from "../observation.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import type { Transport } from "../transport/transport.ts";
import type { Clock } from "../waiting.ts";
import type { Sockets } from "./sockets.ts";

/** The options of a server's connections. */
export interface ConnectionOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** The time limit of an operation in milliseconds; `Infinity` means no limit. */
  readonly timeout: number;
  /** The time limit of connecting in milliseconds; `Infinity` means no limit. */
  readonly connectTimeout: number;
  /** Whether an operation's time begins when the connection is open; otherwise it includes connecting. */
  readonly timesConnectingApart: boolean;
  /** How many milliseconds the server may send nothing while operations wait for it; `Infinity` means no limit. */
  readonly stallTimeout: number;
  /** The clock. */
  readonly clock: Clock;
  /** The maximum length of a value in bytes. */
  readonly maxValueBytes: number;
  /** Whether to use the transport's own methods instead of Web Streams, if it has them. */
  readonly direct: boolean;
  /** What is made of keys before they are sent. */
  readonly keys?: KeyFormat | undefined;
  /** The client's sockets, if their number is limited. */
  readonly sockets?: Sockets | undefined;
  /** What the client counts. */
  readonly counters: Counters;
  /** The server, for what is published; absent if nothing is published of the connection. */
  readonly location?: Omit<ConnectContext, "connectionEpoch">;
}
