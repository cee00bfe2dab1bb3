/** Reading a value, changing it and storing it, unless others have changed it meanwhile. @module */

import {
  type OperationOptions,
  operationOptions,
  UPDATE_OPTIONS,
  type UpdateOptions,
} from "../commands/operation_options.ts";
import { ClientException } from "../errors.ts";
import { checkFunction, checkInteger, checkOptions } from "../option_checks.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import {
  CAS_ANSWERS,
  StorageCommand,
  STORED_ANSWERS,
  type StoredItem,
} from "../protocol/commands/storage.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { checkKey } from "../protocol/key.ts";
import type { Session } from "../commands/session.ts";
import { backoff, pause } from "../waiting.ts";

/** An item as it was read; a lease holds no value, but is replaced as other items are. */
interface ReadItem {
  readonly value: unknown;
  readonly cas: bigint | undefined;
}

const DEFAULT_RETRIES = 25;
const MOST_RETRIES = 1_000_000;

/** Changes the value of a key. */
export async function update<Value>(
  session: Session,
  key: string,
  change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  options: UpdateOptions = {},
): Promise<Value | undefined> {
  const { signal, retries = DEFAULT_RETRIES } = options;
  checkOptions(options, UPDATE_OPTIONS);
  checkKey(key, "update");
  checkFunction("change", change);
  checkInteger("retries", retries, 0, MOST_RETRIES);
  const exptimeOf = exptimes(options.exptime);
  // No fault is a miss here: a new value would be made of nothing, or not be stored.
  const strict = { ...operationOptions(options), failover: "error" } as const;
  for (let attempt = 0;; attempt++) {
    const item = await read(session, key, strict);
    const value = await change(item?.value as Value | undefined);
    if (value === undefined) return undefined;
    const exptime = exptimeOf(value);
    const { flags, data } = await session.writeItem(value, key);
    const isStored = await store(session, key, { flags, exptime, data, cas: item?.cas }, strict);
    if (isStored) return value;
    if (attempt === retries) throw lostEveryRace(key, attempt + 1);
    await pause(backoff(attempt), signal);
  }
}

/** Makes the exptime of each new value. One that does not depend on the value is checked at once. */
function exptimes(given: UpdateOptions["exptime"]): (value: unknown) => number {
  if (typeof given === "function") return (value) => checkExptime(given(value), Date.now);
  const exptime = checkExptime(given, Date.now);
  return () => exptime;
}

function read(
  session: Session,
  key: string,
  options: OperationOptions,
): Promise<ReadItem | undefined> {
  const readItem = async (flags: number, data: Uint8Array, cas: bigint | undefined) => ({
    value: await session.readItem(flags, data, cas, key),
    cas,
  });
  return session.ask(key, () => new RetrievalCommand("gets", key, readItem), options) as Promise<
    ReadItem | undefined
  >;
}

async function store(
  session: Session,
  key: string,
  item: StoredItem,
  options: OperationOptions,
): Promise<boolean> {
  if (item.cas === undefined) {
    const add = () => new StorageCommand("add", key, item, STORED_ANSWERS);
    return await session.askChange(key, add, options);
  }
  const cas = () => new StorageCommand("cas", key, item, CAS_ANSWERS);
  return await session.askChange(key, cas, options) === "stored";
}

function lostEveryRace(key: string, attempts: number): ClientException {
  const why = `others changed it during each of ${attempts} attempts`;
  return new ClientException(`Cannot update key "${key}": ${why}`, key);
}
