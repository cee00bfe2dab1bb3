/** The tests that are not run on a runtime, because of faults of its own that nothing here can make up for. @module */

import process from "node:process";

const IS_BUN_1_2 = process.versions.bun?.startsWith("1.2.") ?? false;

/** Which tests Bun 1.2 cannot pass, and why. */
const BUN_1_2 = [
  [/tells of a reset/, "its sockets take a reset for an end"],
  [/whose writable ends its half$/, "its sockets cannot be ended on one side only"],
  [/^Client tells that a server speaks no TLS/, "it does not tell why a handshake failed"],
  [/^Client tells that the key of its certificate/, "it does not tell why it cannot connect"],
  [/^watch connevents shows who/, "its sockets take the server's port for the client's"],
  [
    /^compressed refuses damaged bytes$/,
    "its zlib leaves bytes out that follow the compressed ones",
  ],
];

/** Tells why a test is not run here; `undefined` when it is. */
export function knownFault(name) {
  if (!IS_BUN_1_2) return undefined;
  return BUN_1_2.find(([test]) => test.test(name))?.[1];
}
