/**
 * A worker for workerd with `nodejs_compat`: what clients publish.
 *
 * @module
 */

import "../observing/channels_test.ts";
import "../observing/debug_test.ts";

/** What `Deno` means in this bundle, as far as tests do not know it. */
const { runTests } = Deno as unknown as { runTests(): Promise<boolean> };

/** What `workerd test` runs. */
export const test = {
  async test(): Promise<void> {
    if (!await runTests()) throw new Error("Some tests failed");
  },
};
