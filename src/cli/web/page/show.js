/** Numbers, sizes and durations for people. */

const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const PARTS = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

/** What stands where there is no figure. */
export const NOTHING = "–";

const isMissing = (value) => value === undefined || value === null;

/** `8.1M`; small numbers as they are. */
export const count = (value) => isMissing(value) ? NOTHING : short.format(value);

/** `8,123,456`. */
export const exact = (value) => isMissing(value) ? NOTHING : whole.format(value);

/** `0.123`, `41200`; what is no number as it is. */
export const brief = (value) =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value;

/** A rate: `41.2K`, `0.4`. */
export const rate = (value) =>
  isMissing(value) ? NOTHING : value > 0 && value < 10 ? value.toFixed(1) : short.format(value);

/** `96.4 %`. */
export const share = (value) => isMissing(value) ? NOTHING : `${(value * 100).toFixed(1)} %`;

/** `912 B`, `1.5 KiB`. */
export function size(bytes) {
  if (isMissing(bytes)) return NOTHING;
  const unit = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const number = bytes / 1024 ** unit;
  return `${unit === 0 ? number : number.toFixed(1)} ${UNITS[unit]}`;
}

/** `12d 4h`, `3h 12m`, `45s`. */
export function duration(seconds) {
  if (isMissing(seconds)) return NOTHING;
  const first = PARTS.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0s";
  const [[large, name], next] = [PARTS[first], PARTS[first + 1]];
  const rest = next === undefined ? 0 : Math.floor((seconds % large) / next[0]);
  return `${Math.floor(seconds / large)}${name}${rest === 0 ? "" : ` ${rest}${next[1]}`}`;
}

/** The time of day. */
export const time = (seconds) => new Date(seconds * 1000).toTimeString().slice(0, 8);
