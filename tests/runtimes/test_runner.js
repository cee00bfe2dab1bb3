// deno-lint-ignore-file no-console -- it stands in for a program that prints
/**
 * As much of Deno's test runner as the tests need that are bundled for other runtimes: `bundle.ts` has
 * `Deno.test` mean this, by way of `deno_shim.js`. The tests run one after another as soon as the module has been loaded; the process
 * ends with status 1 if one of them has failed, or there is none.
 *
 * @module
 */

/** Milliseconds that a test may take before it counts as one that hangs. */
const LONGEST = 60_000;

const tests = [];
let passed = 0;
let failed = 0;

/** Registers a test, in either of the forms `(name, fn)` and `({ name, ignore, fn })`. */
export function test(first, fn) {
  if (tests.length === 0) setTimeout(runAll, 0);
  tests.push(testOf(first, fn));
}

function testOf(first, fn) {
  return typeof first === "string" ? { name: first, fn } : first;
}

async function runAll() {
  for (const test of tests) await runOne(test);
  console.log(`${passed} passed, ${failed} failed`);
  globalThis.process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

/** Runs a test, or a step of one; says why it failed, and resolves to whether it passed. */
async function runOne({ name, fn, ignore = false }) {
  if (ignore) return true;
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
