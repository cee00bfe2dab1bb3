/** Versions of memcached that are known to be faulty, as its release notes say. @module */

import type { Stats } from "../../../mod.ts";
import type { Severity } from "./advice.ts";

/** A fault of some versions. */
export interface KnownFault {
  /** The first version that has it; without it, every version before. */
  readonly from?: string;
  /** The first version without it. */
  readonly mended: string;
  readonly severity: Severity;
  /** What happens. */
  readonly what: string;
  /** Whether the server is used in the way that needs; without it, every server is. */
  readonly concerns?: (settings: Stats) => boolean;
}

const usesBinary = ({ binding_protocol: protocol }: Stats) => protocol !== "ascii";
const usesSasl = ({ auth_enabled_sasl: sasl }: Stats) => sasl === "yes";
const usesUdp = ({ udpport: port }: Stats) => port !== undefined && port !== "0";
const maintainsLru = ({ lru_maintainer_thread: thread }: Stats) => thread !== "no";
const usesProxy = ({ proxy_enabled: proxy }: Stats) => proxy === "yes";

/** The faults, the oldest versions first. */
const FAULTS: readonly KnownFault[] = [
  {
    ...{ mended: "1.4.17", severity: "critical", concerns: usesSasl },
    what: "a second attempt with a wrong SASL password is let in",
  },
  {
    ...{ mended: "1.4.33", severity: "critical", concerns: usesBinary },
    what: "binary requests can run foreign code (CVE-2016-8704, -8705, -8706)",
  },
  {
    ...{ mended: "1.4.37", severity: "warning" },
    what: "reading a key very often in one request overflows a counter of its uses",
  },
  {
    ...{ mended: "1.4.39", severity: "warning", concerns: usesBinary },
    what: "binary requests can crash it (CVE-2017-9951)",
  },
  {
    ...{ from: "1.5.0", mended: "1.5.5", severity: "warning" },
    what: "it can stop for ever while memory moves between slab classes",
  },
  {
    ...{ from: "1.4.35", mended: "1.5.14", severity: "warning", concerns: maintainsLru },
    what: "the command `lru` can crash it (CVE-2019-11596)",
  },
  {
    ...{ from: "1.5.15", mended: "1.5.16", severity: "critical" },
    what: "storing an item with the flags 0 can corrupt memory",
  },
  {
    ...{ from: "1.5.20", mended: "1.5.22", severity: "warning" },
    what: "it can crash while memory of items above 512 KiB moves",
  },
  {
    ...{ mended: "1.5.20", severity: "critical" },
    what: "UDP requests need no SASL password",
    concerns: (settings) => usesSasl(settings) && usesUdp(settings),
  },
  {
    ...{ from: "1.6.0", mended: "1.6.2", severity: "critical", concerns: usesBinary },
    what: "a binary request can crash it (CVE-2020-10931)",
  },
  {
    ...{ from: "1.6.0", mended: "1.6.3", severity: "critical" },
    what: "a meta command can crash it (CVE-2020-22570)",
  },
  {
    ...{ from: "1.6.0", mended: "1.6.8", severity: "critical", concerns: usesUdp },
    what: "a UDP request of several packets can crash it (CVE-2022-48571)",
  },
  {
    ...{ from: "1.6.0", mended: "1.6.13", severity: "notice" },
    what: "meta commands return a wrong cas unique, or compare it wrongly",
  },
  {
    ...{ mended: "1.6.22", severity: "critical", concerns: usesProxy },
    what: "requests to its proxy write beyond a buffer (CVE-2023-46852, -46853)",
  },
  {
    ...{ mended: "1.6.42", severity: "warning", concerns: usesSasl },
    what: "the time of a refusal tells which SASL users there are (CVE-2026-47783)",
  },
];

/**
 * The known faults of a version, in the way the server is used.
 *
 * @param settings What `stats settings` says; without it, faults that depend on it are left out.
 */
export function knownFaultsOf(version: string, settings: Stats | undefined): KnownFault[] {
  const number = numberOf(version);
  if (number === undefined) return [];
  return FAULTS.filter(({ from = "0.0.0", mended, concerns }) =>
    number >= (numberOf(from) ?? 0) && number < (numberOf(mended) ?? 0) &&
    (concerns === undefined || (settings !== undefined && concerns(settings)))
  );
}

/** A number that is larger for a later version. */
function numberOf(version: string): number | undefined {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return parts.length === 0
    ? undefined
    : parts.reduce((number, part) => number * 10_000 + Number(part), 0);
}
