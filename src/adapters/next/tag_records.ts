/**
 * What is known of revalidated tags. Revalidations have numbers, which count upwards; an entry has the number that was
 * the last one when its rendering began. So no two clocks are compared, but for the deadline of a stale entry.
 *
 * @module
 */

/** A revalidation of a tag that lets older entries be served until a deadline, in milliseconds since 1970. */
type Staleness = readonly [revalidation: number, deadline: number | null];

/** The revalidations of one tag. */
interface TagRecord {
  /** The last revalidation from which on older entries must not be served. */
  readonly expired: number;
  /** Later ones that have a deadline; both numbers rise from each to the next. `null` means that there is none. */
  readonly stale: readonly Staleness[];
}

/** The revalidations of the tags in one part of the table, as they are stored. */
export interface TagRecords {
  /** The last revalidation that was written. */
  readonly version: number;
  /** Older entries are expired, whatever their tags: revalidations before this one may have been forgotten. */
  readonly floor: number;
  /** By the hashes of the tags, in the order in which they were revalidated last. */
  readonly tags: Readonly<Record<string, TagRecord>>;
}

/** Whether an entry may be served; a stale one is to be rendered again meanwhile. */
export type Verdict = "fresh" | "stale" | "expired";

/** How many tags are remembered in one part of the table. */
export const MOST_TAGS = 128;
/** How many deadlines of a tag are remembered. */
const MOST_DEADLINES = 4;

/** Begins a part of the table that knows nothing of earlier revalidations. */
export function emptyRecords(revalidation: number): TagRecords {
  return { version: revalidation, floor: revalidation, tags: {} };
}

/**
 * Adds a revalidation.
 *
 * @param deadlines Until when older entries may be served, by the hash of the tag: in milliseconds since 1970, `Infinity`
 * for no limit.
 */
export function withRevalidation(
  records: TagRecords,
  revalidation: number,
  deadlines: ReadonlyMap<string, number>,
  now: number,
): TagRecords {
  const tags = new Map(Object.entries(records.tags));
  let { floor } = records;
  for (const [tag, deadline] of deadlines) {
    const record = tags.get(tag) ?? { expired: 0, stale: [] };
    // The one that was revalidated longest ago stays first.
    tags.delete(tag);
    tags.set(
      tag,
      revalidated(record, [revalidation, deadline === Infinity ? null : deadline], now),
    );
  }
  for (const [tag, { expired, stale }] of tags) {
    if (tags.size <= MOST_TAGS) break;
    tags.delete(tag);
    floor = Math.max(floor, expired, ...stale.map(([revalidation]) => revalidation));
  }
  const version = Math.max(records.version, revalidation);
  return { version, floor, tags: Object.fromEntries(tags) };
}

function revalidated(record: TagRecord, added: Staleness, now: number): TagRecord {
  // Two processes may write their revalidations in the other order than that of their numbers.
  const latestFirst = [...record.stale, added].sort((one, other) => other[0] - one[0]);
  const all: Staleness[] = [];
  for (const one of latestFirst) {
    // Whatever an earlier one says of an entry, a later one with an earlier deadline says too.
    const [next] = all;
    if (next !== undefined && timeOf(one[1]) >= timeOf(next[1])) continue;
    if (next?.[0] === one[0]) all.shift();
    all.unshift(one);
  }
  const past = all.filter(([, deadline]) => timeOf(deadline) <= now);
  const expired = Math.max(record.expired, ...past.map(([number]) => number));
  const stale = all.filter(([number, deadline]) => number > expired && timeOf(deadline) > now);
  while (stale.length > MOST_DEADLINES) {
    const [[, deadline], [revalidation]] = stale.splice(0, 2) as [Staleness, Staleness];
    stale.unshift([revalidation, deadline]);
  }
  return { expired, stale };
}

/**
 * Judges an entry by one of its tags.
 *
 * @param tag The hash of the tag.
 * @param rendered The number of the last revalidation before the entry was rendered.
 */
export function judge(
  { floor, tags }: TagRecords,
  tag: string,
  rendered: number,
  now: number,
): Verdict {
  if (rendered < floor) return "expired";
  const record = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
  if (record === undefined) return "fresh";
  if (rendered < record.expired) return "expired";
  // The deadlines rise: the first that applies is the earliest.
  const staleness = record.stale.find(([revalidation]) => rendered < revalidation);
  if (staleness === undefined) return "fresh";
  return timeOf(staleness[1]) <= now ? "expired" : "stale";
}

function timeOf(deadline: number | null): number {
  return deadline ?? Infinity;
}

/** The worst of some verdicts. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("expired")) return "expired";
  return verdicts.includes("stale") ? "stale" : "fresh";
}

/**
 * Hashes a tag: tags with the same hash are revalidated together, which is never wrong.
 *
 * @returns Two numbers of 32 bits: the first chooses the part of the table.
 */
export function hashTag(tag: string): readonly [number, number] {
  let [one, two] = [0x811c9dc5, 0xdeadbeef];
  for (let i = 0; i < tag.length; i++) {
    const unit = tag.charCodeAt(i);
    one = Math.imul(one ^ unit, 0x01000193);
    two = Math.imul(two ^ unit, 0x9e3779b1);
    two ^= two >>> 15;
  }
  // The low bits of the first alone would depend on the low bits of the text alone.
  return [(one ^ (one >>> 16)) >>> 0, two >>> 0];
}
