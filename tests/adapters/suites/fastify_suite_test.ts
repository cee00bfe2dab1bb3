/** The own tests of @fastify/rate-limit, with the store on memcached in the place of the one in memory. */

import { assertEquals } from "@std/assert";
import { install, USUAL_NODE } from "../../package/tool.ts";
import { bundle } from "../../runtimes/bundle.ts";
import { SERVERS } from "./servers.ts";

const TESTS = new URL("node_modules/@fastify/rate-limit/test/", import.meta.url);
const PRELOADED = new URL("fastify_suite.cjs", import.meta.url).pathname;
const STORE = new URL("../../../src/adapters/rate_limit.ts", import.meta.url);

/** Tests of Redis. */
const LEFT_OUT = ["redis-rate-limit.test.js"];
const TOTAL = 98;
/** What differs, and why. */
const DIFFERENT = new Map([
  // As with Redis, the remaining time of a doubled window is reported as it is.
  [
    "With { increment: false } and exponentialBackoff the peek reports the base window without escalating it",
    1,
  ],
  // Windows last up to 2^31 - 1 milliseconds.
  ["MAx safe Exponential Backoff", 1],
  // Windows begin at multiples of their length, and not with the first hit.
  ["With global rate limit options", 1],
  ["With custom rate limit options", 1],
  [
    "issue #215 - when using local store, 2nd user should not be rate limited when the time window is passed for the 1st user",
    1,
  ],
]);

async function listTests(folder = TESTS): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) paths.push(...await listTests(new URL(`${name}/`, folder)));
    else if (!LEFT_OUT.includes(name)) paths.push(new URL(name, folder).pathname);
  }
  return paths;
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`@fastify/rate-limit's own tests pass on Node and ${kind}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await bundle(STORE, `${folder}/store.mjs`);
      await using memcached = await start();
      const options = ["--require", PRELOADED, "--test", "--test-reporter=tap"];
      const { stdout } = await new Deno.Command(await install(USUAL_NODE), {
        args: [...options, ...await listTests()],
        env: { MEMCACHED: memcached.address, MOECACHE: `${folder}/store.mjs` },
      }).output();
      const output = new TextDecoder().decode(stdout);
      const failed = new Map<string, number>();
      for (const [, name = ""] of output.matchAll(/^not ok \d+ - (.*)$/gm)) {
        const unescaped = name.replaceAll("\\#", "#");
        failed.set(unescaped, (failed.get(unescaped) ?? 0) + 1);
      }
      assertEquals(failed, DIFFERENT, output);
      assertEquals(output.match(/^# tests \d+$/m)?.[0], `# tests ${TOTAL}`, output);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
