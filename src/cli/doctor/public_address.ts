/** Whether an address can be reached from the internet. @module */

/** IPv4 networks that are not routed there, as IANA lists them: first address, and bits of the network. */
const PRIVATE: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Whether this is an IP address of the internet; a name is none, because only its resolver knows. */
export function isPublicAddress(host: string): boolean {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host) ?? [];
  const number = numberOf(mapped ?? host);
  if (number !== undefined) {
    return !PRIVATE.some(([start, bits]) => {
      const size = 2 ** (32 - bits);
      return Math.floor(number / size) === Math.floor((numberOf(start) ?? 0) / size);
    });
  }
  // What is routed in IPv6 begins with 2 or 3; 2001:db8 is for documentation.
  return /^[23][0-9a-f]{3}:/i.test(host) && !/^2001:0?db8:/i.test(host);
}

/** The host in `host:port`, `[::1]:11211`, or in memcached's `tcp:10.0.0.1:11211`. */
export function hostOf(address: string): string {
  const [, bracketed, plain] = /^(?:(?:tcp|udp)6?:)?(?:\[(.*)\]|([^:/]+)):\d+$/.exec(address) ?? [];
  return bracketed ?? plain ?? address;
}

function numberOf(host: string): number | undefined {
  const [, ...parts] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host) ?? [];
  return parts.length === 0
    ? undefined
    : parts.reduce((number, part) => number * 256 + Number(part), 0);
}
