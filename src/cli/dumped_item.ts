/** An item as a record of a dump. @module */

import { base64Of } from "./json_text.ts";
import { bytesOf, decodedKey, isReachable, keyOfText } from "./keys_of_bytes.ts";
import type { Row } from "./printer.ts";
import { LAST_SECOND } from "./quantities.ts";
import { UsageFault } from "./usage.ts";

/** The largest client flags that memcached takes. */
export const LARGEST_FLAGS = 0xffff_ffff;

/** An item of a dump. */
export interface DumpedItem {
  /** The key, a character for each byte. */
  readonly key: string;
  /** When it expires, in seconds since 1970; `undefined` for never. */
  readonly exptime: number | undefined;
  /** The client flags and the bytes of the value, if the dump has values. */
  readonly item: { readonly flags: number; readonly data: Uint8Array } | undefined;
}

/** An item as a record. The bytes of a key that is not printable ASCII are there as base64 too. */
export function encodeItem({ key, exptime, item }: DumpedItem): Row {
  const isShown = /^[\x20-\x7e]*$/.test(key);
  return {
    key: decodedKey(key),
    keyBase64: isShown ? undefined : btoa(key),
    exptime: exptime ?? null,
    ...(item === undefined ? {} : { flags: item.flags, base64: base64Of(item.data) }),
  };
}

/** Reads a line of a dump. */
export function decodeItem(line: string, number: number): DumpedItem {
  const refuse = (why: string): never => {
    throw new UsageFault(`line ${number} is not an item of a dump: ${why}`);
  };
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line);
  } catch {
    return refuse("it is not JSON");
  }
  const { key, keyBase64, exptime, flags, base64 } = record ?? {};
  if (typeof key !== "string") return refuse("it has no key");
  if (exptime !== null && !Number.isInteger(exptime)) return refuse("it has no exptime");
  if (Number(exptime) > LAST_SECOND) return refuse(`its exptime is more than ${LAST_SECOND}`);
  if (typeof base64 !== "string" || !Number.isInteger(flags)) {
    return refuse("it has no value; dump with --values");
  }
  if (Number(flags) < 0 || Number(flags) > LARGEST_FLAGS) {
    return refuse(`its flags are not a number from 0 to ${LARGEST_FLAGS}`);
  }
  let item: DumpedItem;
  try {
    item = {
      key: typeof keyBase64 === "string" ? atob(keyBase64) : keyOfText(key),
      exptime: exptime === null ? undefined : exptime as number,
      item: {
        flags: flags as number,
        data: bytesOf(atob(base64)),
      },
    };
  } catch {
    return refuse("its base64 cannot be read");
  }
  if (!isReachable(item.key)) return refuse("no command can carry its key");
  return item;
}
