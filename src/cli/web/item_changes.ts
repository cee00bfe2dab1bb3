/** What the page may change, where it may. @module */

import type { Client } from "../../../mod.ts";
import type { Fleet } from "../fleet.ts";
import { isPlain, isReachable, keyOfText, withShownKeys } from "../keys_of_bytes.ts";
import { removeItem, touchItem } from "../listed_items.ts";
import { isServerFault } from "../usage.ts";
import { type Inspection, inspectItem, inspectItemOfBytes } from "../item_inspection.ts";

/** A key that the page shows, of whatever bytes it is, and the server beside which it stands, if there is one. */
export interface ShownKey {
  readonly key: string;
  readonly server: string | undefined;
}

/** Looks at the item of a key. */
export async function inspectKey(fleet: Fleet, shown: ShownKey): Promise<Inspection> {
  const { key, server } = shown;
  if (isPlain(key)) return await inspectItem(fleet, key, server);
  const ask = (server: string, form: string) => inspectItemOfBytes(fleet, server, form);
  const row = { key, ...(server === undefined ? {} : { server }), found: false };
  return await onAny(fleet, shown, ask) ?? { isFound: false, row, shown: row };
}

/** Deletes a key; resolves to whether there was one. */
export async function deleteKey(fleet: Fleet, shown: ShownKey): Promise<boolean> {
  if (isPlain(shown.key)) return await holderOf(fleet, shown).delete(shown.key);
  return await changeOnAny(fleet, shown, (server, form) => removeItem(fleet, form, server));
}

/** Changes when a key expires, as memcached takes it; resolves to whether there was one. */
export async function touchKey(fleet: Fleet, shown: ShownKey, exptime: number): Promise<boolean> {
  if (isPlain(shown.key)) return await holderOf(fleet, shown).touch(shown.key, exptime);
  return await changeOnAny(fleet, shown, (server, form) => touchItem(fleet, form, exptime, server));
}

/** The client of the server beside which a key stands; that which chooses one by the ring if there is none. */
function holderOf(fleet: Fleet, { server }: ShownKey): Client {
  return server === undefined ? fleet.client : fleet.at(server);
}

/** Deletes everything on one server, or on all of them. */
export async function flush(fleet: Fleet, server: string | undefined): Promise<void> {
  await (server === undefined ? fleet.client : fleet.at(server)).flushAll();
}

/** Changes the item of a key of other bytes on whichever server holds it; resolves to whether there was one. */
async function changeOnAny(
  fleet: Fleet,
  shown: ShownKey,
  change: (server: string, form: string) => Promise<boolean>,
): Promise<boolean> {
  const ask = async (server: string, form: string) => await change(server, form) || undefined;
  return await onAny(fleet, shown, ask) ?? false;
}

/**
 * Asks the server beside which a key of other bytes stands, or one server after another, until one has it.
 *
 * @throws Why a server has not answered, if none of the others has the key.
 */
async function onAny<Found>(
  fleet: Fleet,
  { key, server: only }: ShownKey,
  ask: (server: string, form: string) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const faults = new Map<string, unknown>();
  for (const form of formsOf(key)) {
    for (const server of only === undefined ? fleet.names : [only]) {
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
