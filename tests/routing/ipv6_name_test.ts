import { assertEquals } from "@std/assert";
import { ipv6Name } from "../../src/routing/ipv6_name.ts";

/** By the rules of .NET's `IPv6AddressHelper`. */
const NAMES: Record<string, readonly [given: string, name: string][]> = {
  "IPv4-mapped": [
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
    ["::FFFF:0A00:0001", "::ffff:10.0.0.1"],
    ["0:0:0:0:0:ffff:c0a8:ff", "::ffff:192.168.0.255"],
    ["::ffff:1.0.0.0", "::ffff:1.0.0.0"],
    ["::ffff:0.0.1.2", "::ffff:0:102"],
  ],
  "IPv4-compatible": [
    ["::10.0.0.1", "::10.0.0.1"],
    ["::1:0", "::0.1.0.0"],
    ["::1", "::1"],
    ["::", "::"],
    ["::0.0.1.2", "::102"],
  ],
  "translated": [
    ["::ffff:0:10.0.0.1", "::ffff:0:10.0.0.1"],
    ["::ffff:0:0:1", "::ffff:0:0:1"],
  ],
  "ISATAP": [
    ["fe80::5efe:10.0.0.1", "fe80::5efe:10.0.0.1"],
    ["fe80::200:5efe:a00:1", "fe80::200:5efe:a00:1"],
    ["2001:db8:0:1:0:5efe:a00:1", "2001:db8:0:1:0:5efe:10.0.0.1"],
    ["1:2::5efe:0:0", "1:2::5efe:0.0.0.0"],
  ],
  "other": [
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["1::", "1::"],
    ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
    ["1::ffff:a00:1", "1::ffff:a00:1"],
  ],
};

for (const [kind, names] of Object.entries(NAMES)) {
  Deno.test(`ipv6Name writes ${kind} addresses as .NET does`, () => {
    for (const [given, name] of names) assertEquals(ipv6Name(given), name, given);
  });
}
