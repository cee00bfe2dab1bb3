// deno-lint-ignore-file no-console -- it stands in for a program that prints
/**
 * As much of Deno's test runner as the tests need that are bundled for other runtimes: `bundle.ts` has
 * `Deno.test` mean this, by way of `deno_shim.js` or `worker_shim.js`.
 *
 * @module
 */

/** Milliseconds that a test may take before it counts as one that hangs; on a busy machine some take 30 seconds. */
const LONGEST = 120_000;

const tests = [];
let passed = 0;
let failed = 0;
let ignored = 0;
/** How many tests have been given a second try; more than a few do not fail by accident. */
let secondTries = 0;
const MOST_SECOND_TRIES = 3;
let faultOf = () => undefined;

/** Registers a test, in either of the forms `(name, fn)` and `({ name, ignore, fn })`. */
export function test(first, fn) {
  tests.push(testOf(first, fn));
}

/**
 * Runs what was registered, one after another, and says how many passed; resolves to whether it is green.
 *
 * @param known Tells by a test's name, or a step's, why it is not to be run here, if it is not.
 */
export async function runTests(known = faultOf) {
  faultOf = known;
  for (const test of tests) await runTwice(test);
  console.log(`${passed} passed, ${failed} failed, ${ignored} ignored`);
  return failed === 0 && passed > 0;
}

function testOf(first, fn) {
  return typeof first === "string" ? { name: first, fn } : first;
}

/** Runs a test, and once more if it fails, as `tests/tasks/second_try.ts` does and says why. */
async function runTwice(test) {
  const before = [passed, failed, ignored];
  const failedBefore = failed;
  await runOne(test);
  // A step that fails does not fail its test.
  if (failed === failedBefore || secondTries === MOST_SECOND_TRIES) return;
  secondTries++;
  [passed, failed, ignored] = before;
  await runOne(test);
  if (failed === failedBefore) console.log(`FAILED ONCE ${test.name}`);
}

/**
 * Runs a test, or a step of one; says why it failed, and resolves to whether it passed. That it begins is for
 * `program.ts`, which tells what a runtime was doing when it crashed.
 */
async function runOne({ name, fn, ignore = false }, before = "") {
  const fault = faultOf(name);
  if (ignore || fault !== undefined) {
    ignored++;
    console.log(`IGNORED ${name}: ${fault ?? "what it needs is not here"}`);
    return true;
  }
  const path = before + name;
  console.log(`RUNNING ${path}`);
  const step = (first, fn) => runOne(testOf(first, fn), `${path} ... `);
  try {
    await within(LONGEST, () => fn({ name, step }));
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
