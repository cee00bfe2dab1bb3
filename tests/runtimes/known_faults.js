/** The tests that are not run on a runtime, because of faults of its own that nothing here can make up for. @module */

import process from "node:process";

const { bun, node } = process.versions;
const ZLIB = [
  /^compressed refuses damaged bytes$/,
  "its zlib leaves out what follows the compressed bytes",
];

/** Which tests cannot pass on Bun 1.2, and why. */
const BUN_1_2 = [
  [/tells of a reset/, "its sockets take a reset for an end"],
  [/whose writable ends its half$/, "its sockets cannot be ended on one side only"],
  [/^Client tells that a server speaks no TLS/, "it does not tell why a handshake failed"],
  [/^Client tells that the key of its certificate/, "it does not tell why it cannot connect"],
  [/^Connection closes its socket whatever/, "its streams do not tell a write to give up"],
  [/^watch connevents shows who/, "its sockets take the server's port for the client's"],
  ZLIB,
];

/** And on the first releases of Node 20. */
const NODE_20_9 = [ZLIB];

/** Tells why a test is not run here; `undefined` when it is. */
export function knownFault(name) {
  return faultsHere().find(([test]) => test.test(name))?.[1];
}

function faultsHere() {
  if (bun?.startsWith("1.2.")) return BUN_1_2;
  return bun === undefined && node.startsWith("20.9.") ? NODE_20_9 : [];
}
