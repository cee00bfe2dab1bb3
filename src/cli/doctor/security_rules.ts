/** Rules about what can be done to a server from outside. @module */

import type { Stats } from "../../../mod.ts";
import { asksForPassword } from "../snapshot.ts";
import type { Advice, Look, ServerRule } from "./advice.ts";
import { knownFaultsOf } from "./known_faults.ts";
import { hostOf, isPublicAddress } from "./public_address.ts";

/** The rules about safety. */
export const SECURITY_RULES: readonly ServerRule[] = [openToAll, faultyVersion];

function openToAll({ now: { server, settings, conns } }: Look): Advice[] {
  if (settings === undefined || asksForProof(settings)) return [];
  const connections = Object.entries(conns ?? {});
  const addressesOf = (field: string) =>
    connections.filter(([name]) => name.endsWith(`:${field}`)).map(([, address]) => address);
  const peers = new Set(
    connections.filter(([name]) => /:listen_addr$/.test(name)).map(([name]) => name.split(":")[0]),
  );
  // A connection that only listens has its own address in `addr`.
  const clients = connections.filter(([name]) =>
    name.endsWith(":addr") && peers.has(name.split(":")[0])
  ).map(([, address]) => address);
  const own = [server, ...addressesOf("listen_addr")].find((each) => isPublicAddress(hostOf(each)));
  const client = clients.find((each) => isPublicAddress(hostOf(each)));
  if (own === undefined && client === undefined) return [];
  const hasUdp = settings.udpport !== undefined && settings.udpport !== "0";
  return [{
    ...{ rule: "open-to-all", server, severity: "critical" },
    finding: `the server asks for no password, and ${
      own === undefined ? "has a client in the internet" : "has an address of the internet"
    }${hasUdp ? "; UDP is on, so it can be used to flood others" : ""}`,
    figures: {
      ["auth_enabled_ascii"]: settings.auth_enabled_ascii ?? "?",
      ["auth_enabled_sasl"]: settings.auth_enabled_sasl ?? "?",
      ...own === undefined ? {} : { address: hostOf(own) },
      ...client === undefined ? {} : { client: hostOf(client) },
      ...settings.udpport === undefined ? {} : { udpport: settings.udpport },
    },
    action: "Listen on a private address (-l), close the port to the internet, or ask for a " +
      "password (-Y) over TLS; no UDP (-U 0)",
  }];
}

/** Whether clients need a password, or a certificate. */
function asksForProof(settings: Stats): boolean {
  // The bit is OpenSSL's SSL_VERIFY_FAIL_IF_NO_PEER_CERT.
  const needsCertificate = settings.ssl_enabled === "yes" &&
    (Number(settings.ssl_verify_mode) & 2) !== 0;
  return needsCertificate || asksForPassword(settings) === true;
}

function faultyVersion({ now: { server, stats, settings } }: Look): Advice[] {
  const { version = "" } = stats;
  return knownFaultsOf(version, settings).map(({ severity, what, mended }): Advice => ({
    ...{ rule: "faulty-version", server, severity },
    finding: `memcached ${version}: ${what}`,
    figures: { version, mendedIn: mended },
    action: `Update to memcached ${mended} or later; distributions repair old versions without ` +
      "changing the version number, so look at the changelog of the package first",
  }));
}
