/**
 * A worker for workerd: what is run on every runtime, and what of it cannot be run there.
 *
 * @module
 */

import "./suite.ts";

/** Names of tests, and why they are not for a worker. */
type Unfit = readonly (readonly [name: RegExp, reason: string])[];

const UNFIT: Unfit = [
  [/ \(node, \w+\)$/, "there is no node:net"],
  [/names server and cause when refused$/, "what workerd throws has no code"],
];

/** What `Deno` means in this bundle, as far as tests do not know it. */
const { runTests } = Deno as unknown as { runTests(unfit: Unfit): Promise<boolean> };

/** What `workerd test` runs. */
export const test = {
  async test(): Promise<void> {
    if (!await runTests(UNFIT)) throw new Error("Some tests failed");
  },
};
