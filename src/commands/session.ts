/** What the commands of a client share: where they go, and how values are read and written. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { Route } from "../fleet/router.ts";
import { type ChangeListener, type Command, failing } from "../protocol/command.ts";
import {
  checkTranscoder,
  itemReader,
  itemWriter,
  type ReadItem,
  type WriteItem,
} from "../transcoding/item_codec.ts";
import type { DecodeLimits, Transcoder } from "../transcoding/transcoder.ts";
import { type Clock, systemClock, watchSignal } from "../waiting.ts";
import { checkOptions } from "../option_checks.ts";
import { OPERATION_OPTIONS, type OperationOptions } from "./operation_options.ts";

/** Of how many cas uniques a client remembers what they were read through. */
const MOST_CARRIERS = 4096;

/** What of a client's options counts for its operations. */
type SessionSettings =
  & DecodeLimits
  & Pick<ResolvedOptions, "clock" | "timeout" | "timesConnectingApart" | "dialect">;

/** What a session is made of. */
interface SessionParts {
  readonly route: Route;
  readonly transcoder: Transcoder;
  readonly settings: SessionSettings;
  /** Aborted when the client is closed, with what its operations are rejected with. */
  readonly ending: AbortSignal;
  /** The client's own session; the one that is made, by default. */
  readonly root?: Session;
  /** The key whose server all commands go to, instead of that of their own key. */
  readonly routingKey?: string;
}

/** Where a client's commands go, and how its values are read and written. */
export class Session {
  /** Where the commands go. */
  readonly route: Route;
  /** Turns an item into a value. */
  readonly readItem: ReadItem;
  /** Turns a value into an item. */
  readonly writeItem: WriteItem;
  readonly settings: SessionSettings;
  /** Aborted when the client is closed, with what its operations are rejected with. */
  readonly ending: AbortSignal;
  /** The flags of strings that are stored as they are, as counters are. */
  readonly textFlags: number;
  /** The client's own session, which this one is made from: a change through one concerns all of them. */
  readonly root: Session;
  readonly #parts: SessionParts;
  /** The connections that the latest cas uniques were read through. */
  readonly #carriers = new Map<string, number>();
  #changeListener: ChangeListener | undefined;

  constructor(parts: SessionParts) {
    const { route, transcoder, settings, ending, root = this } = parts;
    this.route = route;
    this.settings = settings;
    this.ending = ending;
    this.readItem = itemReader(transcoder, settings);
    this.writeItem = itemWriter(transcoder);
    this.textFlags = transcoder.textFlags ?? 0;
    this.root = root;
    this.#parts = parts;
  }

  /** The same servers and connections, with another format of the values. */
  withTranscoder(transcoder: Transcoder): Session {
    checkTranscoder(transcoder);
    return new Session({ ...this.#parts, transcoder, root: this.root });
  }

  /** The same, but all commands go to the server of this key, and are not taken for changes of their own. */
  routedAs(key: string): Session {
    const { root: _root, ...parts } = this.#parts;
    return new Session({ ...parts, routingKey: key });
  }

  /** Tells a listener of every change of a key through the client; there is one listener. */
  onChange(listener: ChangeListener): void {
    this.root.#changeListener = listener;
  }

  /** Takes note that a command is about to change the value of every key. */
  changesAll(): void {
    this.root.#changeListener?.changed();
  }

  /** Remembers which connection a cas unique was read through. */
  setCarrier(key: string, cas: bigint, carrier: number): void {
    const carriers = this.root.#carriers;
    carriers.set(`${cas} ${key}`, carrier);
    if (carriers.size > MOST_CARRIERS) carriers.delete(carriers.keys().next().value!);
  }

  /** Which connection a cas unique was read through, as far as that is known. */
  carrierOf(key: string, cas: bigint): number | undefined {
    return this.root.#carriers.get(`${cas} ${key}`);
  }

  /** Gives a command, with what settles it, to the server of a key. */
  submit(key: string, command: Command, options: OperationOptions | undefined): void {
    if (options === undefined) return this.route.submit(this.#parts.routingKey ?? key, command);
    const { signal, failover } = options;
    signal?.throwIfAborted();
    if (failover === "error") command.mayMiss = false;
    this.route.submit(this.#parts.routingKey ?? key, command);
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
   * @param make Makes the command, and checks what it is made of: what it throws becomes a rejection.
   */
  ask<Result>(
    key: string,
    make: () => Command<Result>,
    options: OperationOptions | undefined,
  ): Promise<Result> {
    return new Promise((resolve) => {
      try {
        checkOptions(options, OPERATION_OPTIONS);
        this.submit(key, make().settleBy(resolve), options);
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

/** Fails a command with the signal's reason when that is aborted, unless the command has ended by then. */
export function endWith(signal: AbortSignal, command: Command): void {
  if (!command.settled) command.whenSettled(watchSignal(signal, command));
}

const sessions = /* @__PURE__ */ new WeakMap<object, Session>();

/** Remembers which session carries out some commands. */
export function setSession(commands: object, session: Session): void {
  sessions.set(commands, session);
}

/** The session that carries out some commands, for what is built on them; absent for somebody else's. */
export function sessionOf(commands: object): Session | undefined {
  return sessions.get(commands);
}

/** Where the client of some commands takes the time from; the runtime's clock for somebody else's. */
export function clockOf(commands: object): Clock {
  return sessionOf(commands)?.settings.clock ?? systemClock;
}
