/** How long keys of items may be behind an adapter's prefix, also where the client has a format of keys. @module */

import { type KeyCommands, type KeyFormat, Namespace, ValidationException } from "../../mod.ts";
import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import { longestKeyIn, takesKey } from "../protocol/longest_key.ts";
import { formatOf, itemKeyOf, LEAST_ROOM } from "./key_and_exptime.ts";

/** The keys of a namespace's items. */
export class ItemRoom {
  /** The maximum length of a key. */
  readonly longest: number;
  readonly #format: KeyFormat | undefined;

  /**
   * @param namespace What has the items.
   * @param commands What the namespace was made of.
   * @param taken How many characters of each key are the adapter's own.
   * @throws {ValidationException} When the format of the client's keys leaves too little.
   */
  constructor(namespace: Namespace, commands: KeyCommands, taken = 0) {
    this.#format = formatOf(commands);
    this.longest = namespace.longestKey - lostIn(commands, this.#format) - taken;
    if (this.longest >= LEAST_ROOM) return;
    const why = `with the client's keys it leaves ${Math.max(this.longest, 0)} of ${LEAST_ROOM} ` +
      "characters that an item needs";
    const { prefix } = namespace;
    throw new ValidationException(`Cannot use prefix ${JSON.stringify(prefix)}: ${why}`, prefix);
  }

  /** The key of an item: see {@linkcode itemKeyOf}. */
  keyOf(text: string): string | Promise<string> {
    const key = itemKeyOf(text, this.longest);
    // Rails sends three characters for each of these.
    const isExpanded = typeof key === "string" && key.includes("%") &&
      !this.#keeps("x".repeat(MAX_KEY_LENGTH - this.longest) + key);
    return isExpanded ? itemKeyOf(text, 0) : key;
  }

  #keeps(key: string): boolean {
    return this.#format === undefined || keepsKey(this.#format, key);
  }
}

/** How many characters less a key may have than the commands say. Views know of the format themselves. */
function lostIn(commands: KeyCommands, format: KeyFormat | undefined): number {
  const knows = commands.longestKey !== undefined && !(commands instanceof Namespace);
  if (format === undefined || knows) return 0;
  return MAX_KEY_LENGTH - longestKeyIn(format, (key) => keepsKey(format, key));
}

/** Whether a format takes a key, and makes it again of what it sends: lists of items need that. */
function keepsKey(format: KeyFormat, key: string): boolean {
  if (!takesKey(format, key)) return false;
  return format.decode === undefined || format.decode(format.encode(key)) === key;
}
