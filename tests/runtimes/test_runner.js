// deno-lint-ignore-file no-console -- it stands in for a program that prints
/**
 * As much of Deno's test runner as the tests need that are bundled for other runtimes: `bundle.ts` has
 * `Deno.test` mean this, by way of `deno_shim.js` or `worker_shim.js`.
 *
 * @module
 */

/** Milliseconds that a test may take before it counts as one that hangs. */
const LONGEST = 60_000;

const tests = [];
let passed = 0;
let failed = 0;
let ignored = 0;

/** Registers a test, in either of the forms `(name, fn)` and `({ name, ignore, fn })`. */
export function test(first, fn) {
  tests.push(testOf(first, fn));
}

/**
 * Runs what was registered, one after another, and says how many passed; resolves to whether it is green.
 *
 * @param unfit Names of tests that cannot be run on this runtime, and of each why; they are ignored.
 */
export async function runTests(unfit = []) {
  for (const test of tests) {
    const [, reason] = unfit.find(([name]) => name.test(test.name)) ?? [];
    if (reason !== undefined) console.log(`IGNORED ${test.name}: ${reason}`);
    await runOne(reason === undefined ? test : { ...test, ignore: true });
  }
  console.log(`${passed} passed, ${failed} failed, ${ignored} ignored`);
  return failed === 0 && passed > 0;
}

function testOf(first, fn) {
  return typeof first === "string" ? { name: first, fn } : first;
}

/** Runs a test, or a step of one; says why it failed, and resolves to whether it passed. */
async function runOne({ name, fn, ignore = false }) {
  if (ignore) {
    ignored++;
    return true;
  }
  try {
    await within(LONGEST, () => fn({ name, step: (first, fn) => runOne(testOf(first, fn)) }));
    passed++;
    return true;
  } catch (error) {
    failed++;
    console.error(`FAILED ${name}\n`, error);
    return false;
  }
}

async function within(milliseconds, fn) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${milliseconds} ms`)), milliseconds);
  });
  try {
    await Promise.race([fn(), late]);
  } finally {
    clearTimeout(timer);
  }
}
