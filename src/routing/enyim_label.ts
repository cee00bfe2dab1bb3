/** What EnyimMemcachedCore's releases call a server. @module */

import { checkChoice } from "../option_checks.ts";

/**
 * What EnyimMemcachedCore's rings hash for a server. Its releases differ:
 *
 * - `"ip"`, `10.0.0.1:11211`: 3.4.2 and later; 3.3.0 to 3.4.1 for servers given by IP address; 2018 to 3.2.4 without
 *   TLS, with the address that a host name resolved to
 * - `"unspecified"`, `Unspecified/cache.example.com:11211`: 2.1.9 for every server; 3.3.0 to 3.4.1 for host names
 *   and with TLS; 2018 to 3.2.4 with TLS
 */
export type EnyimLabel = "ip" | "unspecified";

/** What stands before a server's name in its labels. */
export function enyimPrefix(label: EnyimLabel): string {
  checkChoice("label", label, ["ip", "unspecified"]);
  return label === "ip" ? "" : "Unspecified/";
}
