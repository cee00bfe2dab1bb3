/** Namespaces in namespaces, into which the colons of a key lead. @module */

import { type KeyCommands, Namespace, ValidationException } from "../../../mod.ts";
import { itemFormat } from "../item_format.ts";
import { GENERATION_LENGTH } from "../../features/namespace.ts";
import { ItemRoom } from "../item_room.ts";
import { EMPTY, itemKeyOf, LEAST_ROOM } from "../key_and_exptime.ts";

/** How many namespaces are remembered, so that names that are used once do not fill the memory. */
const MOST_REMEMBERED = 1000;

/** Where the item of a key is. */
export interface Place {
  /** The commands on the items of its namespace. */
  readonly items: KeyCommands;
  /** Its key in the namespace. */
  readonly itemKey: string;
}

interface Level {
  readonly namespace: Namespace;
  readonly room: ItemRoom;
  /** The same with the format of items, which counts of generations do not have. */
  readonly items: KeyCommands;
}

/**
 * A namespace and those within it. The colons of a path lead into them: `users:posts:1` is the key `1` in the namespace
 * `posts` of the namespace `users`. So a key has one place, whether its beginning comes from a namespace's name or not,
 * and invalidating a namespace invalidates those within it.
 *
 * Each namespace has a generation, whose digits are part of the keys in memcached. A path leads into as many namespaces
 * as there is room for in a key; the rest of it is the key.
 */
export class NamespaceTree {
  readonly #top: Level;
  /** The namespaces within, by their paths, in the order of their use. */
  readonly #levels = new Map<string, Level>();

  /** @param prefix What all keys begin with, up to 51 characters. */
  constructor(commands: KeyCommands, prefix: string) {
    this.#top = levelIn(commands, prefix);
  }

  /** Finds the item of a path, whose last part is its key. */
  async placeOf(path: readonly string[]): Promise<Place> {
    const { level, depth } = await this.#descend(path.slice(0, -1));
    const itemKey = await level.room.keyOf(path.slice(depth).join(":"));
    return { items: level.items, itemKey: itemKey === "" ? EMPTY : itemKey };
  }

  /** Finds the namespace of a path. */
  async namespaceOf(path: readonly string[]): Promise<Namespace> {
    return (await this.#descend(path)).level.namespace;
  }

  /**
   * Checks that all of a path leads into namespaces.
   *
   * @throws {ValidationException} When there is no room for so many.
   */
  check(path: readonly string[]): void {
    let room = this.#top.room.longest;
    for (const name of path) {
      const item = itemKeyOf(name, LEAST_ROOM);
      room -= roomFor(typeof item === "string" ? `${item}:` : `${"-".repeat(LEAST_ROOM)}:`);
    }
    if (room >= LEAST_ROOM) return;
    const why = "its names are too many or too long for a key of memcached";
    throw new ValidationException(`Cannot use namespace "${path.join(":")}": ${why}`, path);
  }

  async #descend(names: readonly string[]): Promise<{ level: Level; depth: number }> {
    let level = this.#top;
    let path = "";
    for (const [depth, name] of names.entries()) {
      path += `${name}:`;
      let next = this.#levels.get(path);
      if (next === undefined) {
        const prefix = `${await itemKeyOf(name, LEAST_ROOM)}:`;
        if (level.room.longest - roomFor(prefix) < LEAST_ROOM) return { level, depth };
        next = levelIn(level.namespace, prefix);
      }
      this.#remember(path, next);
      level = next;
    }
    return { level, depth: names.length };
  }

  #remember(path: string, level: Level): void {
    this.#levels.delete(path);
    this.#levels.set(path, level);
    const [oldest] = this.#levels.keys();
    if (this.#levels.size > MOST_REMEMBERED && oldest !== undefined) this.#levels.delete(oldest);
  }
}

/** How many characters of each key a namespace with this prefix takes. */
function roomFor(prefix: string): number {
  return prefix.length + GENERATION_LENGTH;
}

function levelIn(commands: KeyCommands, prefix: string): Level {
  const namespace = new Namespace(commands, prefix);
  const room = new ItemRoom(namespace, commands);
  return { namespace, room, items: namespace.withTranscoder(itemFormat) };
}
