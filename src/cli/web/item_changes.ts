/** What the page may change, where it may. @module */

import type { Fleet } from "../fleet.ts";
import { isPlain, isReachable, keyOfText, withShownKeys } from "../keys_of_bytes.ts";
import { removeItem, touchItem } from "../listed_items.ts";
import { isServerFault } from "../usage.ts";
import { type Inspection, inspectItem, inspectItemOfBytes } from "../item_inspection.ts";

/** Looks at the item of a key that the page shows, of whatever bytes it is. */
export async function inspectKey(fleet: Fleet, key: string): Promise<Inspection> {
  if (isPlain(key)) return await inspectItem(fleet.client, key);
  const ask = (server: string, form: string) => inspectItemOfBytes(fleet, server, form);
  const row = { key, found: false };
  return await onAny(fleet, key, ask) ?? { isFound: false, row, shown: row };
}

/** Deletes a key; resolves to whether there was one. */
export async function deleteKey(fleet: Fleet, key: string): Promise<boolean> {
  if (isPlain(key)) return await fleet.client.delete(key);
  return await changeOnAny(fleet, key, (server, form) => removeItem(fleet, form, server));
}

/** Changes when a key expires, as memcached takes it; resolves to whether there was one. */
export async function touchKey(fleet: Fleet, key: string, exptime: number): Promise<boolean> {
  if (isPlain(key)) return await fleet.client.touch(key, exptime);
  return await changeOnAny(fleet, key, (server, form) => touchItem(fleet, form, exptime, server));
}

/** Deletes everything on one server, or on all of them. */
export async function flush(fleet: Fleet, server: string | undefined): Promise<void> {
  await (server === undefined ? fleet.client : fleet.at(server)).flushAll();
}

/** Changes the item of a key of other bytes on whichever server holds it; resolves to whether there was one. */
async function changeOnAny(
  fleet: Fleet,
  key: string,
  change: (server: string, form: string) => Promise<boolean>,
): Promise<boolean> {
  const ask = async (server: string, form: string) => await change(server, form) || undefined;
  return await onAny(fleet, key, ask) ?? false;
}

/**
 * Asks one server after another for a key of other bytes, until one has it.
 *
 * @throws Why a server has not answered, if none of the others has the key.
 */
async function onAny<Found>(
  fleet: Fleet,
  key: string,
  ask: (server: string, form: string) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const faults = new Map<string, unknown>();
  for (const form of formsOf(key)) {
    for (const server of fleet.names) {
      if (faults.has(server)) continue;
      try {
        const found = await ask(server, form);
        if (found !== undefined) return found;
      } catch (error) {
        if (!isServerFault(error)) throw error;
        faults.set(server, withShownKeys(error, [form]));
      }
    }
  }
  for (const fault of faults.values()) throw fault;
  return undefined;
}

/** The bytes that a key may stand for, a character for each: those of UTF-8, or what was no UTF-8. */
function formsOf(key: string): string[] {
  const utf8 = keyOfText(key);
  const forms = /^[\0-\xff]*$/.test(key) ? [utf8, key] : [utf8];
  return [...new Set(forms)].filter(isReachable);
}
