/** The state that a client's commands share: the route, and the transcoder. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { Route } from "../fleet/route.ts";
import { adopt } from "../observation.ts";
import { type ChangeListener, type Command, failing, type Turn } from "../protocol/command.ts";
import {
  checkTranscoder,
  type DecodeItem,
  type EncodeItem,
  itemReader,
  itemWriter,
  type SendableItem,
} from "../transcoding/item_codec.ts";
import type { DecodeLimits, Transcoder } from "../transcoding/transcoder.ts";
import { type Clock, systemClock, watchSignal } from "../waiting.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import { checkKey, MAX_KEY_LENGTH } from "../protocol/key.ts";
import { checkFormattedKey } from "../protocol/key_format.ts";
import { checkOptions } from "../option_checks.ts";
import { OPERATION_OPTIONS, type OperationOptions } from "./operation_options.ts";

/** For how many cas uniques a client remembers the connection that they were read through. */
const MOST_CARRIERS = 4096;

/** The client's options that its operations need. */
type SessionSettings =
  & DecodeLimits
  & Pick<
    ResolvedOptions,
    | "clock"
    | "keys"
    | "timeout"
    | "timesConnectingApart"
    | "dialect"
    | "counters"
    | "failover"
    | "maxPending"
    | "maxPendingBytes"
  >;

/** Waits for a value that is being encoded, within the time of its operation: `encodedInTime` of `bounded_work.ts`. */
type EncodedInTime = (
  session: Session,
  item: Promise<SendableItem>,
  action: string,
  bounds: { readonly begun: number; readonly signal: AbortSignal | undefined },
) => Promise<{ readonly item: SendableItem; readonly turn: Turn }>;

/** The parts of a session. */
interface SessionParts {
  readonly route: Route;
  readonly transcoder: Transcoder;
  readonly settings: SessionSettings;
  /** Aborted when the client is closed, with what its operations are rejected with. */
  readonly ending: AbortSignal;
  /** Loads what is needed only where a transcoder encodes asynchronously. */
  readonly loadEncodedInTime: () => Promise<EncodedInTime>;
  /** The client's session; by default the new one. */
  readonly root?: Session;
  /** The key whose server gets all commands, instead of the server of their own key. */
  readonly routingKey?: string;
}

/** The route of a client's commands, and the format of its values. */
export class Session {
  /** The route of the commands. */
  readonly route: Route;
  /** Decodes an item. */
  readonly readItem: DecodeItem;
  /** Encodes a value. */
  readonly writeItem: EncodeItem;
  readonly settings: SessionSettings;
  /** Aborted when the client is closed, with what its operations are rejected with. */
  readonly ending: AbortSignal;
  readonly loadEncodedInTime: () => Promise<EncodedInTime>;
  /** The flags of strings that are stored as plain text; counters have them too. */
  readonly textFlags: number;
  /** The client's session, from which this one is made. They share the listener of changes. */
  readonly root: Session;
  /** What the client waits for before it closes its connections, of the root. */
  farewell: Promise<unknown> | undefined;
  readonly #parts: SessionParts;
  /** The connections that the last cas uniques were read through. */
  readonly #carriers = new Map<string, number>();
  #changeListener: ChangeListener | undefined;

  constructor(parts: SessionParts) {
    const { route, transcoder, settings, ending, root = this } = parts;
    this.route = route;
    this.settings = settings;
    this.ending = ending;
    this.loadEncodedInTime = parts.loadEncodedInTime;
    this.readItem = itemReader(transcoder, settings);
    this.writeItem = itemWriter(transcoder);
    this.textFlags = transcoder.textFlags ?? 0;
    this.root = root;
    this.#parts = parts;
  }

  /** The same servers and connections, with another value format. */
  withTranscoder(transcoder: Transcoder): Session {
    checkTranscoder(transcoder);
    return new Session({ ...this.#parts, transcoder, root: this.root });
  }

  /** The same, but all commands are sent to the server of this key, and are not reported as changes. */
  routedAs(key: string): Session {
    const { root: _root, ...parts } = this.#parts;
    return new Session({ ...parts, routingKey: key });
  }

  /** Sets the listener that is called for every change of a key through the client. */
  onChange(listener: ChangeListener): void {
    this.root.#changeListener = listener;
  }

  /** Reports that a command is about to change all keys. */
  changesAll(): void {
    this.root.#changeListener?.changed();
  }

  /** Remembers the connection that a cas unique was read through. */
  setCarrier(key: string, cas: bigint, carrier: number): void {
    const carriers = this.root.#carriers;
    carriers.set(`${cas} ${key}`, carrier);
    if (carriers.size > MOST_CARRIERS) carriers.delete(carriers.keys().next().value!);
  }

  /** The connection that a cas unique was read through, if known. */
  carrierOf(key: string, cas: bigint): number | undefined {
    return this.root.#carriers.get(`${cas} ${key}`);
  }

  /**
   * Checks a key of the caller's.
   *
   * @throws {ValidationException} When the key is invalid.
   */
  checkKey(key: unknown, action: string): asserts key is string {
    const { keys } = this.settings;
    if (keys === undefined) checkKey(key, action);
    else checkFormattedKey(key, action, keys);
  }

  /** Sends a command to the server of a key, with the functions that settle it. */
  submit(key: string, command: Command, options: OperationOptions | undefined): void {
    adopt(command);
    if (this.settings.keys !== undefined && command instanceof RetrievalCommand) {
      command.keyLength = MAX_KEY_LENGTH;
    }
    const signal = options?.signal;
    // Not thrown: its reason is passed on as it is, even if it is an error that other operations have failed with.
    if (signal?.aborted) return command.abandon(signal.reason);
    if (options?.failover === "error") command.mayMiss = false;
    try {
      this.route.submit(this.#parts.routingKey ?? key, command);
    } catch (error) {
      command.refuse(error);
    }
    if (signal !== undefined) endWith(signal, command);
  }

  /** As {@linkcode submit}, for a command that changes the value of the key. */
  submitChange(key: string, command: Command, options: OperationOptions | undefined): void {
    const listener = this.root.#changeListener;
    if (listener !== undefined) command.tellChange(key, listener, !this.route.keepsOrder);
    this.submit(key, command, options);
  }

  /**
   * Sends a command to the server of a key.
   *
   * @param make Makes the command, and checks its input: its errors become rejections. It is given the session and the
   * key, so that it need not be a new function for each operation.
   */
  ask<Result>(
    key: string,
    make: (session: Session, key: string) => Command<Result>,
    options: OperationOptions | undefined,
  ): Promise<Result> {
    return new Promise((resolve) => {
      try {
        checkOptions(options, OPERATION_OPTIONS);
        this.submit(key, make(this, key).settleBy(resolve), options);
      } catch (error) {
        resolve(failing(error));
      }
    });
  }

  /** As {@linkcode ask}, for a command that changes the value of the key. */
  askChange<Result>(
    key: string,
    make: () => Command<Result>,
    options: OperationOptions | undefined,
  ): Promise<Result> {
    return new Promise((resolve) => {
      try {
        checkOptions(options, OPERATION_OPTIONS);
        this.submitChange(key, make().settleBy(resolve), options);
      } catch (error) {
        resolve(failing(error));
      }
    });
  }
}

/** Aborts a command with the signal's reason when the signal is aborted. */
export function endWith(signal: AbortSignal, command: Command): void {
  if (!command.settled) command.whenSettled(watchSignal(signal, command));
}

const sessions = /* @__PURE__ */ new WeakMap<object, Session>();

/** Remembers the session of some commands. */
export function setSession(commands: object, session: Session): void {
  sessions.set(commands, session);
}

const keySpaces = /* @__PURE__ */ new WeakMap<object, object>();

/** Remembers what stands for the keys of some commands that are not the client's own, as a namespace's are not. */
export function setKeySpace(commands: object, keySpace: object): void {
  keySpaces.set(commands, keySpace);
}

/** What stands for the keys of some commands: commands that share it mean the same item by a key. */
export function keySpaceOf(commands: object): object {
  return keySpaces.get(commands) ?? sessionOf(commands)?.root ?? commands;
}

/** The session of some commands, for features built on them; `undefined` for commands of other implementations. */
export function sessionOf(commands: object): Session | undefined {
  return sessions.get(commands);
}

/** The clock of the client of some commands; the runtime's clock for other implementations. */
export function clockOf(commands: object): Clock {
  return sessionOf(commands)?.settings.clock ?? systemClock;
}
