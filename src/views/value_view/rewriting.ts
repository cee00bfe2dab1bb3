/** How a view changes a value that memcached cannot change itself: it reads it and stores it again. @module */

import { concat } from "@std/bytes/concat";
import { equals } from "@std/bytes/equals";
import { ClientException, type OperationOptions } from "../../../mod.ts";
import { OPERATION_OPTIONS, operationOptions } from "../../commands/operation_options.ts";
import { checkOptions } from "../../option_checks.ts";
import { ownData } from "../../transcoding/item_codec.ts";
import { remainingExptime } from "../exptimes.ts";
import { ifThere } from "./presence.ts";
import { changedTooOften, MOST_ATTEMPTS, type ValueStore } from "./value_store.ts";
import { type SendStored, write } from "./writing.ts";

/**
 * Changes a value and keeps its exptime where the server tells it.
 *
 * @returns The new value; `undefined` on a miss.
 */
export async function rewrite(
  store: ValueStore,
  key: string,
  change: (value: unknown) => unknown,
  options: OperationOptions | undefined,
): Promise<unknown> {
  const { inner } = store;
  const innerKey = await store.rules.keyOf(key);
  const operation = operationOptions(options);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const read = store.beginReading(key, options);
    const [found, info] = await Promise.all([
      inner.gets(innerKey, operation),
      inner.inspect(innerKey, operation),
    ]);
    if (found === undefined || info === undefined) return undefined;
    if (found.cas !== info.cas) continue;
    const value = await read(found.value);
    if (value === undefined) return undefined;
    const next = change(value);
    const exptime = remainingExptime(info, Infinity);
    const send: SendStored<string> = async (innerKey, stored, operation) => {
      const outcome = await inner.cas(innerKey, stored, found.cas, exptime, operation);
      if (outcome !== "exists") return outcome;
      // With `maxSockets`, what was asked other servers meanwhile may have ended the connection, each time.
      const again = await inner.gets(innerKey, operation);
      if (again?.cas !== found.cas || !isSame(again.value, found.value)) return outcome;
      return await inner.cas(innerKey, stored, again.cas, exptime, operation);
    };
    const writing = { options, exptime, before: found.value, mustBeWhole: true };
    const one = { key, value: next, writing, dropped: "dropped" } as const;
    const outcome = await write(store, one, send);
    if (outcome === "stored") return next;
    if (outcome === "dropped") return undefined;
  }
  throw changedTooOften("change", key);
}

/** Whether two stored values are certainly equal. */
function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equals(a, b);
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
}

/** As `append` and `prepend` of the client, for values that memcached may have in another form. */
export async function extend(
  store: ValueStore,
  verb: "append" | "prepend",
  key: string,
  data: string | Uint8Array,
  options: OperationOptions | undefined,
): Promise<boolean> {
  const own = ownData(data, `${verb} data to key ${JSON.stringify(key)}`);
  if (store.rules.isPlain(key) === true) {
    return await ifThere(store, key, options, (innerKey, inner) => {
      return store.inner[verb](innerKey, own, inner);
    });
  }
  checkOptions(options, OPERATION_OPTIONS);
  const added = bytesOf(own);
  const parts = (bytes: Uint8Array) => verb === "append" ? [bytes, added] : [added, bytes];
  return await rewrite(store, key, (value) => extended(key, value, parts), options) !== undefined;
}

/** A value with bytes before or behind it: a string stays one, as it does where memcached appends. */
function extended(
  key: string,
  value: unknown,
  parts: (value: Uint8Array) => Uint8Array[],
): string | Uint8Array {
  if (typeof value === "string") return textOf(key, concat(parts(bytesOf(value))));
  if (value instanceof Uint8Array) return concat(parts(value));
  const why = "its value is neither a string nor bytes";
  throw new ClientException(`Cannot append to key ${JSON.stringify(key)}: ${why}`, value);
}

/** Decodes text, which may begin with a byte order mark. */
function textOf(key: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const why = "its value is text, and would not be text any more";
    throw new ClientException(`Cannot append to key ${JSON.stringify(key)}: ${why}`, bytes);
  }
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}
