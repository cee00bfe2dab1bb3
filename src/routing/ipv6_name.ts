/** IPv6 addresses in the form of other programs. @module */

const GROUPS = 8;

/**
 * Writes an IPv6 address as .NET's `IPAddress.ToString()` does, and so EnyimMemcached's rings: in lower case, with the
 * longest run of zeros compressed, and with the last 32 bits as an IPv4 address if the prefix is one of those for IPv4.
 *
 * @param address A valid IPv6 address, without brackets.
 */
export function ipv6Name(address: string): string {
  const groups = ipv6Groups(address);
  if (!endsInIPv4(groups)) return compress(groups);
  // Ones replace the IPv4 address for now, because its zeros must not be compressed together with those before it.
  const beginning = compress([...groups.slice(0, 6), 1, 1]).replace(/1:1$/, "");
  return beginning + groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
}

/** Whether .NET writes the last two groups as an IPv4 address. */
function endsInIPv4(groups: readonly number[]): boolean {
  const [a, b, c, d, e, f, g] = groups;
  // ISATAP, with any prefix.
  if (e === 0 && f === 0x5efe) return true;
  if ([a, b, c, d].some((group) => group !== 0) || g === 0) return false;
  const isCompatibleOrMapped = e === 0 && (f === 0 || f === 0xffff);
  const isTranslated = e === 0xffff && f === 0;
  return isCompatibleOrMapped || isTranslated;
}

/**
 * Reads an IPv6 address.
 *
 * @param address A valid IPv6 address, without brackets.
 * @returns Its eight groups of 16 bits.
 */
export function ipv6Groups(address: string): number[] {
  const [head, tail] = compact(address).split("::").map((half) =>
    half.split(":").filter((text) => text !== "").map((text) => parseInt(text, 16))
  );
  if (tail === undefined) return head!;
  return [...head!, ...new Array<number>(GROUPS - head!.length - tail.length).fill(0), ...tail];
}

function compress(groups: readonly number[]): string {
  return compact(groups.map((group) => group.toString(16)).join(":"));
}

/** As a URL writes it: the longest run of zeros is compressed, the first one if several are equal; no IPv4 form. */
function compact(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
