/** The tests that are not run on a runtime, because of faults of its own that nothing here can make up for. @module */

import process from "node:process";

const { bun, deno, node } = process.versions;
const ZLIB = [
  /^compressed refuses bytes that are followed by themselves$/,
  "its zlib leaves out what follows the compressed bytes",
];

/** Which tests pass only at times on Deno, as the package, and on Bun, and why. */
const LATE = [
  [
    /^Client finds a connection closed even if the process was busy/,
    "it may tell what came while the process was busy a turn later",
  ],
];

/** Which tests cannot pass on Bun 1.2, and why. */
const BUN_1_2 = [
  ...LATE,
  [/^dialNode opens a socket that tells of a reset/, "its sockets take a reset for an end"],
  [
    /^dialNode opens a socket whose writable ends its half$/,
    "its sockets cannot be ended on one side only",
  ],
  [/^Client tells that a server speaks no TLS/, "it does not tell why a handshake failed"],
  [/^Client tells that the key of its certificate/, "it does not tell why it cannot connect"],
  [
    /^Connection closes its socket before everything is written/,
    "its streams do not tell a write to give up",
  ],
  [
    /^dialNode gives up when its signal says so$/,
    "most runs crash when a TLS handshake is broken off here",
  ],
  [/paused while its stream is not read$/, "its server takes a closed socket for open at times"],
  [
    /^watch connevents shows (new and closed connections|connections that the server closed)/,
    "its sockets take the server's port for the client's",
  ],
  ZLIB,
];

/** And on Node 20. */
const NODE_20 = [ZLIB];

/** Tells why a test is not run here; `undefined` when it is. */
export function knownFault(name) {
  return faultsHere().find(([test]) => test.test(name))?.[1];
}

function faultsHere() {
  if (bun?.startsWith("1.2.")) return BUN_1_2;
  if (deno !== undefined || bun !== undefined) return LATE;
  return node.startsWith("20.") ? NODE_20 : [];
}
