/**
 * .NET's `DateTime` as its `ToBinary` writes it: ticks of 100 nanoseconds since the year 1 in the lower
 * 62 bits, and the kind in the upper two.
 *
 * @module
 */

/** What a `DateTime` says of its time zone: UTC, that of the machine it is on, or nothing. */
export type DateTimeKind = "utc" | "local" | "unspecified";

const TICKS_BITS = 62n;
const TICKS_RANGE = 1n << TICKS_BITS;
const TICKS_PER_MILLISECOND = 10_000n;
const TICKS_PER_DAY = 864_000_000_000n;
/** Ticks at the beginning of 1970. */
const EPOCH = 621_355_968_000_000_000n;
/** The last ones of the year 9999. */
const MOST_TICKS = 3_155_378_975_999_999_999n;

/** Set for times of kind Local, which .NET stores in UTC; the lowest bit of the two means nothing then. */
const LOCAL = 2n;
const KINDS: Readonly<Record<DateTimeKind, bigint>> = { unspecified: 0n, utc: 1n, local: LOCAL };

/**
 * The instant of a `DateTime`, or `undefined` when there is no such one. Ticks below a millisecond are cut
 * off; one of kind Unspecified is read as if in UTC.
 */
export function dateFromBinary(binary: bigint): Date | undefined {
  const kind = binary >> TICKS_BITS;
  let ticks = binary & (TICKS_RANGE - 1n);
  if (kind >= LOCAL) ticks = ticksOfLocal(ticks);
  if (ticks > MOST_TICKS + (kind >= LOCAL ? TICKS_PER_DAY : 0n)) return undefined;
  // Cut before subtracting: what is negative afterwards would be cut towards 1970.
  return new Date(Number(ticks / TICKS_PER_MILLISECOND - EPOCH / TICKS_PER_MILLISECOND));
}

/** What `DateTime.FromBinary` makes of times before the year 1 in UTC, where it runs in UTC itself. */
function ticksOfLocal(ticks: bigint): bigint {
  return ticks > TICKS_RANGE - TICKS_PER_DAY ? ticks - TICKS_RANGE + TICKS_PER_DAY : ticks;
}

/** The `DateTime` of an instant, or `undefined` when .NET has none: outside of the years 1 to 9999. */
export function binaryFromDate(date: Date, kind: DateTimeKind): bigint | undefined {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) return undefined;
  const ticks = BigInt(milliseconds) * TICKS_PER_MILLISECOND + EPOCH;
  if (ticks < 0n || ticks > MOST_TICKS) return undefined;
  return KINDS[kind] << TICKS_BITS | ticks;
}
