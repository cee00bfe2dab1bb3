/** Reading a value, changing it and storing it, unless others have changed it meanwhile. @module */

import type { OperationOptions } from "./client_options.ts";
import { ClientException } from "./errors.ts";
import { checkFunction, checkInteger } from "./option_checks.ts";
import { RetrievalCommand } from "./protocol/commands/retrieval.ts";
import {
  CAS_ANSWERS,
  type CasOutcome,
  StorageCommand,
  STORED_ANSWERS,
  type StoredItem,
} from "./protocol/commands/storage.ts";
import { checkExptime, type Exptime } from "./protocol/exptime.ts";
import { checkKey } from "./protocol/key.ts";
import type { Session } from "./session.ts";
import { backoff, pause } from "./waiting.ts";

/** How a value is updated. */
export interface UpdateOptions extends OperationOptions {
  /** When the new value expires, as for `set`; never unless given. The old value's exptime is not kept. */
  readonly exptime?: Exptime;
  /** How often to try again when others were faster, 0 to 1,000,000; 25 unless given. */
  readonly retries?: number;
}

/** Makes the new value of the old one, or of `undefined` where there is none; `undefined` leaves it. */
export type Change<Value> = (
  value: Value | undefined,
) => Value | undefined | Promise<Value | undefined>;

/** An item as it was read; a lease holds no value, but is replaced as other items are. */
interface ReadItem {
  readonly value: unknown;
  readonly cas: bigint | undefined;
}

const DEFAULT_RETRIES = 25;
const MOST_RETRIES = 1_000_000;

/** Updates a value in a session. */
export async function update<Value>(
  session: Session,
  key: string,
  change: Change<Value>,
  options: UpdateOptions,
): Promise<Value | undefined> {
  const { signal, retries = DEFAULT_RETRIES } = options;
  checkKey(key, "update");
  checkFunction("change", change);
  checkInteger("retries", retries, 0, MOST_RETRIES);
  const exptime = checkExptime(options.exptime);
  for (let attempt = 0;; attempt++) {
    const item = await read(session, key, options);
    const value = await change(item?.value as Value | undefined);
    if (value === undefined) return undefined;
    const { flags, data } = await session.writeItem(value, key);
    const isStored = await store(session, key, { flags, exptime, data, cas: item?.cas }, options);
    if (isStored) return value;
    if (attempt === retries) throw lostEveryRace(key, attempt + 1);
    await pause(backoff(attempt), signal);
  }
}

function read(
  session: Session,
  key: string,
  options: OperationOptions,
): Promise<ReadItem | undefined> {
  return new Promise((resolve, reject) => {
    const readItem = async (flags: number, data: Uint8Array, cas: bigint | undefined) => ({
      value: await session.readItem(flags, data, cas, key),
      cas,
    });
    const found = resolve as (item: unknown) => void;
    const command = new RetrievalCommand("gets", key, readItem, found, reject);
    // Neither here nor below is a fault a miss: a new value would be made of nothing, or not be stored.
    command.mayMiss = false;
    session.submit(key, command, options);
  });
}

async function store(
  session: Session,
  key: string,
  item: StoredItem,
  options: OperationOptions,
): Promise<boolean> {
  if (item.cas === undefined) {
    return await new Promise((resolve, reject) => {
      const command = new StorageCommand("add", key, item, STORED_ANSWERS, resolve, reject);
      command.mayMiss = false;
      session.submitChange(key, command, options);
    });
  }
  const outcome = await new Promise<CasOutcome>((resolve, reject) => {
    const command = new StorageCommand("cas", key, item, CAS_ANSWERS, resolve, reject);
    command.mayMiss = false;
    session.submitChange(key, command, options);
  });
  return outcome === "stored";
}

function lostEveryRace(key: string, attempts: number): ClientException {
  const why = `others changed it during each of ${attempts} attempts`;
  return new ClientException(`Cannot update key "${key}": ${why}`, key);
}
