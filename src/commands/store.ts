/** Stores items. @module */

import { checkOptions, isPromise } from "../option_checks.ts";
import { failing, type Turn } from "../protocol/command.ts";
import type { Answers } from "../protocol/commands/answer.ts";
import {
  CAS_ANSWERS,
  type CasOutcome,
  checkCas,
  SET_ANSWERS,
  StorageCommand,
  type StorageVerb,
  STORED_ANSWERS,
} from "../protocol/commands/storage.ts";
import { checkExptime, type Exptime } from "../protocol/exptime.ts";
import { ownData, type SendableItem } from "../transcoding/item_codec.ts";
import { readEntries, runMany } from "./many_keys.ts";
import { OPERATION_OPTIONS, type OperationOptions, operationOptions } from "./operation_options.ts";
import type { Session } from "./session.ts";

/** The parts of a storage command besides the value. */
interface Storing<Result> {
  readonly verb: StorageVerb;
  readonly answers: Answers<Result>;
  readonly key: string;
  readonly exptime: Exptime | undefined;
  readonly cas?: bigint | undefined;
}

/** Sets a key to a value. */
export function set(
  session: Session,
  key: string,
  value: unknown,
  exptime?: Exptime,
  options?: OperationOptions,
): Promise<void> {
  return store(session, { verb: "set", answers: SET_ANSWERS, key, exptime }, value, options);
}

/** Sets many keys. */
export async function setMany(
  session: Session,
  entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
  exptime?: Exptime,
  options?: OperationOptions,
): Promise<void> {
  checkOptions(options, OPERATION_OPTIONS);
  // Everything is read from a Map before this function waits, so it need not be copied.
  const values: Map<string, unknown> = entries instanceof Map ? entries : readEntries(entries);
  const keys: string[] = [];
  const contents: unknown[] = [];
  for (const [key, value] of values) {
    session.checkKey(key, "set");
    keys.push(key);
    contents.push(value);
  }
  const seconds = checkExptime(exptime, Date.now);
  const items = keys.map((key, i) => {
    const item = session.writeItem(contents[i], key);
    return isPromise(item) ? encoded(session, item, `set key "${key}"`, options) : item;
  });
  // The caller may change them while values are encoded.
  options &&= operationOptions(options);
  // Without waiting a turn: operations issued in the same turn are sent together, in order.
  const written = items.some(isPromise) ? await Promise.all(items) : items as Written[];
  let next = 0;
  await runMany<boolean>(
    "set",
    keys,
    (key, resolve, reject) => {
      const stored = { flags: 0, exptime: seconds, data: "" };
      const command = new StorageCommand("set", key, stored, SET_ANSWERS)
        .settleBy(resolve as () => void, reject);
      send(session, command, written[next++]!, options);
    },
    options?.signal,
    true,
  );
}

/** Sets a key to a value if it does not exist. */
export function add(
  session: Session,
  key: string,
  value: unknown,
  exptime?: Exptime,
  options?: OperationOptions,
): Promise<boolean> {
  return store(session, { verb: "add", answers: STORED_ANSWERS, key, exptime }, value, options);
}

/** Sets a key to a value if it exists. */
export function replace(
  session: Session,
  key: string,
  value: unknown,
  exptime?: Exptime,
  options?: OperationOptions,
): Promise<boolean> {
  return store(session, { verb: "replace", answers: STORED_ANSWERS, key, exptime }, value, options);
}

/** Adds data after or before that of an item. */
export function extend(
  session: Session,
  verb: "append" | "prepend",
  key: string,
  data: string | Uint8Array,
  options?: OperationOptions,
): Promise<boolean> {
  return session.askChange(key, () => {
    session.checkKey(key, verb);
    const item = { flags: 0, exptime: 0, data: ownData(data, `${verb} data to key "${key}"`) };
    return new StorageCommand(verb, key, item, STORED_ANSWERS);
  }, options);
}

/** Sets a key to a value if it still has a cas unique. */
export function cas(
  session: Session,
  key: string,
  value: unknown,
  cas: bigint,
  exptime?: Exptime,
  options?: OperationOptions,
): Promise<CasOutcome> {
  return store(session, { verb: "cas", answers: CAS_ANSWERS, key, exptime, cas }, value, options);
}

function store<Result>(
  session: Session,
  { verb, answers, key, exptime, cas }: Storing<Result>,
  value: unknown,
  options: OperationOptions | undefined,
): Promise<Result> {
  return new Promise((resolve) => {
    try {
      checkOptions(options, OPERATION_OPTIONS);
      session.checkKey(key, verb);
      const seconds = checkExptime(exptime, Date.now);
      if (verb === "cas") checkCas(cas);
      const carrier = cas === undefined ? undefined : session.carrierOf(key, cas);
      const item = session.writeItem(value, key, verb);
      const stored = { flags: 0, exptime: seconds, data: "", cas, carrier };
      const command = new StorageCommand(verb, key, stored, answers).settleBy(resolve);
      if (!isPromise(item)) return send(session, command, item, options);
      // The caller may change them while the value is encoded.
      options &&= operationOptions(options);
      encoded(session, item, command.action, options)
        .then((written) => send(session, command, written, options))
        .catch((error) => resolve(failing(error)));
    } catch (error) {
      resolve(failing(error));
    }
  });
}

/** Sends a value that is ready. Not in {@linkcode store}, where it would be another object for each operation. */
function send(
  session: Session,
  command: StorageCommand<unknown>,
  { flags, data, turn }: Written,
  options: OperationOptions | undefined,
): void {
  command.item.flags = flags;
  command.item.data = data;
  if (turn !== undefined) command.turn = turn;
  session.submitChange(command.key, command, options);
}

/** A value ready to be sent, and the time that its operation has left, where it took some to encode it. */
interface Written extends SendableItem {
  readonly turn?: Turn;
}

/** Waits for a value that is being encoded, within the time of its operation. */
function encoded(
  session: Session,
  item: Promise<SendableItem>,
  action: string,
  options: OperationOptions | undefined,
): Promise<Written> {
  const bounds = { begun: session.settings.clock.now(), signal: options?.signal };
  const written = session.loadEncodedInTime()
    .then((encodedInTime) => encodedInTime(session, item, action, bounds))
    .then(({ item, turn }) => ({ ...item, turn }));
  // They may be rejected before they are awaited, or are not awaited at all where another value is refused.
  item.catch(() => {});
  written.catch(() => {});
  return written;
}
