/**
 * A worker for workerd: the core of what is run on every runtime, but for what cannot be run there.
 *
 * @module
 */

import "./core_suite.ts";

/** Names of tests, and why they are not for a worker. */
const UNFIT: readonly (readonly [name: RegExp, reason: string])[] = [
  [/ \(node, \w+\)$/, "there is no node:net"],
  [/names server and cause when refused$/, "what workerd throws has no code"],
  [/and when too many watch$/, "twenty watch at once, and a worker has six sockets"],
  ...[
    /^(?:largeValues|tagged) .* with failover: miss$/,
    /^tagged: update fails when a tag's server goes/,
    /^tagged: the error of many keys has the values of the others$/,
    /^tagged deletes without the server of a tag/,
    /^nearCache serves what is old for each of many keys/,
    /^replicas sets and deletes many keys when each fleet refuses some of them$/,
    /^replicas takes note of failed fleets with failover: miss, too$/,
    /^replicas: getMany rejects with what it has read where no fleet answers for some keys$/,
    /^replicas reads nothing old in a fleet that getOrSet has left out, with failover: /,
  ].map((test) =>
    [
      test,
      "what stands for Deno's sockets cannot lose its connections as these servers do",
    ] as const
  ),
];

/** What `Deno` means in this bundle, as far as tests do not know it. */
const { runTests } = Deno as unknown as {
  runTests(known: (name: string) => string | undefined): Promise<boolean>;
};

/** What `workerd test` runs. */
export const test = {
  async test(): Promise<void> {
    const reasonOf = (name: string) => UNFIT.find(([test]) => test.test(name))?.[1];
    if (!await runTests(reasonOf)) throw new Error("Some tests failed");
  },
};
