/** Bounds for the caller's code that an operation waits for: a transcoder's, or a function that makes a value. @module */

import "../loaded_already.ts";
import { TimeoutError } from "../errors.ts";
import { NEVER, type Turn, withAction } from "../protocol/command.ts";
import type { SendableItem } from "../transcoding/item_codec.ts";
import { untilAborted, watchSignal } from "../waiting.ts";
import { DeadlineTimer, keepingProcess } from "../waiting/timers.ts";
import type { Session } from "./session.ts";

/** One piece of work that has a time limit. */
interface Work {
  readonly deadline: number;
  readonly overdue: () => void;
}

/** The work of a client that has a time limit. */
class Works {
  readonly #timer: DeadlineTimer;
  readonly #all = new Set<Work>();

  constructor({ settings }: Session) {
    const clock = keepingProcess(settings.clock);
    this.#timer = new DeadlineTimer(clock, (now) => this.#check(now));
  }

  add(work: Work): void {
    this.#all.add(work);
    this.#timer.arm(work.deadline);
  }

  remove(work: Work): void {
    this.#all.delete(work);
    // Nothing is to keep the process alive any more.
    if (this.#all.size === 0) this.#timer.stop();
  }

  #check(now: number): void {
    for (const work of this.#all) {
      if (work.deadline > now) this.#timer.arm(work.deadline);
      else work.overdue();
    }
  }
}

const worksByClient = /* @__PURE__ */ new WeakMap<Session, Works>();

function worksOf({ root }: Session): Works {
  const works = worksByClient.get(root) ?? new Works(root);
  worksByClient.set(root, works);
  return works;
}

/** How to bound a piece of work. */
export interface Bounds {
  /** The operation, for messages: `get or set key "a"`. */
  readonly action: string;
  /** What is not done yet when its time is over: `its value is still being encoded`. */
  readonly state: string;
  /** Whether nothing has been sent of it. */
  readonly isUnsent?: boolean;
  /** Until when it may take, by the client's clock; by default the `timeout` of an operation from now. */
  readonly deadline?: number;
  /** Ends the waiting: it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for the caller's code as long as an operation may take, and no longer than the client is open.
 *
 * @throws {TimeoutError} When it takes longer.
 * @throws {SocketError} When the client is closed.
 */
export function bounded<Result>(
  session: Session,
  result: Promise<Result>,
  { action, state, isUnsent, signal, deadline }: Bounds,
): Promise<Result> {
  const { clock, timeout } = session.settings;
  const { ending } = session;
  const signals = [ending, signal].filter((signal) => signal !== undefined);
  return new Promise((resolve, reject) => {
    const abort = (reason: unknown) =>
      reject(reason === ending.reason ? closedError(session, action, isUnsent) : reason);
    for (const { aborted, reason } of signals) if (aborted) abort(reason);
    const works = worksOf(session);
    const end = (settle: () => void) => {
      for (const unwatch of unwatches) unwatch();
      works.remove(work);
      settle();
    };
    const unwatches = signals.map((signal) =>
      watchSignal(signal, { abandon: (reason) => end(() => abort(reason)) })
    );
    const work: Work = {
      deadline: deadline ?? clock.now() + timeout,
      overdue: () => {
        const message = `Cannot ${action}: ${state} after ${timeout} ms`;
        end(() => reject(new TimeoutError(message)));
      },
    };
    works.add(work);
    result.then((value) => end(() => resolve(value)), (error) => end(() => reject(error)));
  });
}

/** The error of an operation that needs a client which is closed; it names the operation. */
export function closedError({ ending }: Session, action: string, isUnsent = false): unknown {
  return withAction(ending.reason, action, undefined, isUnsent);
}

/** A value that has been encoded, and the time that its operation has left. */
interface Encoded<Item> {
  readonly item: Item;
  readonly turn: Turn;
}

/**
 * Waits for a value that is being encoded, within the time of its operation.
 *
 * @param action What the operation does, for the message: `set key "a"`.
 * @param begun When the operation began, by the client's clock.
 */
export async function encodedInTime<Item>(
  session: Session,
  item: Promise<Item>,
  action: string,
  { begun, signal }: { readonly begun: number; readonly signal: AbortSignal | undefined },
): Promise<Encoded<Item>> {
  const { timeout, timesConnectingApart } = session.settings;
  const deadline = begun + timeout;
  const bounds = { action, state: STILL_ENCODING, isUnsent: true, deadline, signal };
  return {
    item: await bounded(session, item, bounds),
    // Where connecting has a time of its own, the rest begins when there is a connection.
    turn: timesConnectingApart ? NEVER : { deadline, hasConnected: false },
  };
}

/** An encoded value, and what readers get of it. */
export interface WrittenAndRead {
  readonly item: SendableItem;
  /** It may have another type than the value that was encoded, and it is a new object. */
  readonly value: unknown;
}

/**
 * Encodes a value and decodes the result, within the time of an operation. The value is encoded at once.
 *
 * @param action The operation, for the message: `get or set key "a"`.
 */
export async function writeAndReadInTime(
  session: Session,
  value: unknown,
  key: string,
  action: string,
): Promise<WrittenAndRead> {
  const written = writeAndRead(session, value, key, action);
  return await bounded(session, written, { action, state: STILL_ENCODING });
}

const STILL_ENCODING = "its value is still being encoded";

async function writeAndRead(
  { writeItem, readItem }: Session,
  value: unknown,
  key: string,
  action: string,
): Promise<WrittenAndRead> {
  const item = await writeItem(value, key, action.slice(0, action.indexOf(" key ")));
  const { flags, data } = item;
  // Text is decoded as the text that was encoded.
  return {
    item,
    value: typeof data === "string" ? data : await readItem(flags, data, undefined, key),
  };
}

/**
 * Waits for what the caller's code makes until the client is closed. This is no async function, because it would be
 * another line in the stacks of errors, which have ten.
 */
export function whileOpen<Result>(session: Session, result: Promise<Result>): Promise<Result> {
  return untilAborted(result, session.ending);
}

/** Names the operation in an error of {@linkcode whileOpen} if the client was closed. */
export function namedIfClosed(
  session: Session,
  error: unknown,
  action: string,
  isUnsent: boolean = false,
): unknown {
  const { aborted, reason } = session.ending;
  return aborted && error === reason ? closedError(session, action, isUnsent) : error;
}
