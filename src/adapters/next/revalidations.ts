/** The revalidations of tags by all processes, in memcached. @module */

import { jsonTranscoder, type KeyCommands, Namespace } from "../../../mod.ts";
import { systemClock } from "../../waiting.ts";
import { allEnded } from "../../waiting/promises.ts";
import { Batches } from "./batches.ts";
import {
  emptyRecords,
  hashTag,
  judge,
  type TagRecords,
  type Verdict,
  withRevalidation,
  worst,
} from "./tag_records.ts";

/** In how many items the table of tags is. */
const PARTS = 256;
/** How many numbers of revalidations are remembered with the times at which they were read. */
const MOST_READINGS = 1000;
/**
 * How often a part is written again after another process has changed it. Each time, that process has written its own
 * change, so all of them come to an end.
 */
const RETRIES = 1000;
/** For how many tags a process remembers that it could not write them. */
const MOST_UNWRITTEN = 10_000;

/** The number of the last revalidation, and when a reply with it had come, as {@linkcode now} counts. */
interface Reading {
  readonly time: number;
  readonly revalidation: number;
}

/** A revalidation of a tag that could not be written: an object of its own for each time. */
interface Unwritten {
  readonly deadline: number;
}

/** Changes a part, which may be missing; `undefined` changes nothing. */
type Change = (records: TagRecords | undefined) => TagRecords | undefined;

/** Milliseconds since 1970, as Next takes the time of an entry: this clock never goes back. */
export function now(): number {
  return performance.timeOrigin + systemClock.now();
}

/**
 * The revalidations of tags. A counter in memcached numbers them. Which tags were revalidated is in a table of a fixed
 * number of items, by the hashes of the tags. So a part that memcached has lost is noticed, and everything older than
 * that counts as expired; with an item for each tag, a lost one would look like that of a tag that was never revalidated.
 */
export class Revalidations {
  readonly #counter: Namespace;
  readonly #parts: KeyCommands;
  readonly #prefix: string;
  /** In the order of the times and of the numbers. */
  readonly #readings: Reading[] = [];
  /** Whether a number may be missing before the first of the readings. */
  #isIncomplete = false;
  /** The last known versions of the parts: a server that was away may come back with older ones. */
  readonly #versions = new Map<number, number>();
  /** By tag, what could not be written. */
  readonly #unwritten = new Map<string, Unwritten>();
  #writingAgain: Promise<void> | undefined;
  #beginningAll: Promise<unknown> | undefined;
  readonly #numbers = new Batches<void, number>(() => this.#nextNumber());
  /** By part: the changes that this process makes at the same time are one write. */
  readonly #changes = new Map<number, Batches<Change, TagRecords | undefined>>();

  /** @param prefix What all keys begin with. */
  constructor(client: KeyCommands, prefix: string) {
    this.#counter = new Namespace(client, prefix);
    this.#parts = client.withTranscoder(jsonTranscoder);
    this.#prefix = `${prefix}tags:`;
  }

  /** Reads the number of the last revalidation: one round trip. */
  async current(): Promise<number> {
    const { prefix } = this.#counter;
    try {
      const revalidation = Number((await this.#counter.currentPrefix()).slice(prefix.length, -1));
      this.#remember(revalidation);
      return revalidation;
    } catch (error) {
      this.#isIncomplete = true;
      throw error;
    }
  }

  /**
   * The number of the last revalidation that is known to have been made before a time.
   *
   * @param time When the rendering of an entry began. Next asks for the number, or for the entry, before that.
   * @returns The number; `undefined` when memcached could not be reached then.
   */
  async before(time: number): Promise<number | undefined> {
    // Without anything that was asked, the entry is not one that Next renders for a request.
    if (this.#readings.length === 0 && !this.#isIncomplete) return await this.current();
    // A time in whole milliseconds was taken with the other clock, and up to one of them later.
    const latest = Number.isInteger(time) ? time - Date.now() + now() + 1 : time;
    const reading = this.#readings.findLast((reading) => reading.time <= latest);
    return (reading ?? (this.#isIncomplete ? undefined : this.#readings[0]))?.revalidation;
  }

  /**
   * Makes all entries with some tags older than now stale, and expired after some time.
   *
   * @param seconds How long they may be served; 0 for not at all, `Infinity` for as long as they exist.
   * @throws {SocketError} When memcached cannot be reached. The next {@linkcode read} of this process tries it again.
   */
  async add(tags: readonly string[], seconds: number): Promise<void> {
    if (tags.length === 0) return;
    const deadline = seconds > 0 ? Date.now() + seconds * 1000 : 0;
    const deadlines = new Map(tags.map((tag) => [tag, deadline]));
    try {
      await this.#write(deadlines);
    } catch (error) {
      for (const tag of tags) {
        const { deadline: before } = this.#unwritten.get(tag) ?? { deadline: Infinity };
        this.#unwritten.set(tag, { deadline: Math.min(deadline, before) });
        const [first] = this.#unwritten.keys();
        if (this.#unwritten.size > MOST_UNWRITTEN && first !== undefined) {
          this.#unwritten.delete(first);
        }
      }
      throw error;
    }
  }

  /** Reads what is known of some tags: one request for each server. */
  async read(tags: readonly string[]): Promise<(rendered: number) => Verdict> {
    // What has failed while others were being written is written after them.
    while (this.#unwritten.size > 0) await this.#writeAgain();
    const places = tags.map(placeOf);
    const parts = await this.#readParts(new Set(places.map(({ part }) => part)));
    return (rendered) => {
      const time = Date.now();
      return worst(places.map(({ part, name }) => {
        const records = parts.get(part);
        return records === undefined ? "expired" : judge(records, name, rendered, time);
      }));
    };
  }

  #remember(revalidation: number): void {
    if (revalidation <= (this.#readings.at(-1)?.revalidation ?? 0)) return;
    // What was rendered before the reply came may have been rendered before that revalidation.
    this.#readings.push({ time: now(), revalidation });
    if (this.#readings.length <= MOST_READINGS) return;
    this.#readings.shift();
    this.#isIncomplete = true;
  }

  async #write(deadlines: ReadonlyMap<string, number>): Promise<void> {
    const parts = new Map<number, Map<string, number>>();
    for (const [tag, deadline] of deadlines) {
      const { part, name } = placeOf(tag);
      const names = parts.get(part) ?? new Map();
      parts.set(part, names.set(name, Math.min(deadline, names.get(name) ?? Infinity)));
    }
    // A part that begins with this revalidation would expire all that is older, whatever its tags and their deadlines.
    await this.#readParts(new Set(parts.keys()));
    const revalidation = await this.#numbers.add();
    await allEnded(Array.from(parts, ([part, names]) => {
      return this.#change(part, (records = emptyRecords(revalidation)) => {
        return withRevalidation(records, revalidation, names, Date.now());
      });
    }));
  }

  async #nextNumber(): Promise<number> {
    await this.#counter.invalidateAll();
    // Where others revalidate at the same time, this may be the number of a later one, which is as good.
    return await this.current();
  }

  /** Writes what could not be written, once for all that wait for it. */
  #writeAgain(): Promise<void> {
    return this.#writingAgain ??= (async () => {
      const written = new Map(this.#unwritten);
      try {
        await this.#write(new Map(Array.from(written, ([tag, { deadline }]) => [tag, deadline])));
        for (const [tag, one] of written) {
          // It may have been revalidated again meanwhile, with the same deadline.
          if (this.#unwritten.get(tag) === one) this.#unwritten.delete(tag);
        }
      } finally {
        this.#writingAgain = undefined;
      }
    })();
  }

  async #readParts(wanted: ReadonlySet<number>): Promise<Map<number, TagRecords>> {
    const found = new Map<number, TagRecords>();
    if (wanted.size === 0) return found;
    const items = await this.#parts.getMany<TagRecords>([...wanted].map((part) => this.#key(part)));
    for (const part of wanted) {
      const records = this.#ifCurrent(part, items.get(this.#key(part)));
      if (records !== undefined) found.set(part, this.#learn(part, records));
    }
    if (found.size < wanted.size) await this.#beginParts(wanted, found);
    return found;
  }

  /**
   * Begins parts that are missing. Those that are not wanted now are begun too: each entry is then expired once, and
   * not once for each part that is missing.
   */
  async #beginParts(wanted: ReadonlySet<number>, found: Map<number, TagRecords>): Promise<void> {
    const revalidation = await this.current();
    const begin = async (part: number) => {
      const begun = await this.#change(part, (records) => {
        return records === undefined ? emptyRecords(revalidation) : undefined;
      });
      // It has begun meanwhile: the next read finds it.
      if (begun !== undefined) found.set(part, begun);
    };
    const missing = [...wanted].filter((part) => !found.has(part));
    await allEnded(missing.map(begin));
    const all = Array.from({ length: PARTS }, (_, part) => part);
    this.#beginningAll ??= Promise.allSettled(all.map(begin)).finally(() => {
      this.#beginningAll = undefined;
    });
    await this.#beginningAll;
  }

  /** Changes a part; one that is older than what is known counts as missing. */
  #change(part: number, change: Change): Promise<TagRecords | undefined> {
    let changes = this.#changes.get(part);
    if (changes === undefined) {
      changes = new Batches((all) => this.#changeByAll(part, all));
      this.#changes.set(part, changes);
    }
    return changes.add(change);
  }

  async #changeByAll(part: number, changes: readonly Change[]): Promise<TagRecords | undefined> {
    const changed = await this.#parts.update<TagRecords>(this.#key(part), (stored) => {
      const before = this.#ifCurrent(part, stored);
      const after = changes.reduce((records, change) => change(records) ?? records, before);
      return after === before ? undefined : after;
    }, { exptime: 0, retries: RETRIES });
    return changed === undefined ? undefined : this.#learn(part, changed);
  }

  #ifCurrent(part: number, records: TagRecords | undefined): TagRecords | undefined {
    if (records === undefined || records.version < (this.#versions.get(part) ?? 0)) {
      return undefined;
    }
    return records;
  }

  #learn(part: number, records: TagRecords): TagRecords {
    const { version } = records;
    if (version > (this.#versions.get(part) ?? 0)) this.#versions.set(part, version);
    return records;
  }

  #key(part: number): string {
    return `${this.#prefix}${part}`;
  }
}

/** Where in the table a tag is. */
function placeOf(tag: string): { readonly part: number; readonly name: string } {
  const [one, two] = hashTag(tag);
  return { part: one % PARTS, name: `${one.toString(36)}.${two.toString(36)}` };
}
