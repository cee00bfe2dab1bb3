/**
 * As much of Deno's test runner as the tests need that are bundled for other runtimes: `bundle.ts` has
 * `Deno.test` mean this. The tests run one after another as soon as the module has been loaded; the process
 * ends with status 1 if one has failed.
 *
 * @module
 */

const tests = [];

/** Registers a test, in either of the forms `(name, fn)` and `({ name, ignore, fn })`. */
export function denoTest(first, fn) {
  if (tests.length === 0) setTimeout(runAll, 0);
  tests.push(typeof first === "string" ? { name: first, fn } : first);
}

/** Milliseconds that a test may take before it counts as one that hangs. */
const LONGEST = 60_000;

async function runAll() {
  let failed = 0;
  for (const { name, fn, ignore = false } of tests) {
    if (ignore) continue;
    try {
      await within(LONGEST, fn);
    } catch (error) {
      failed++;
      console.error(`FAILED ${name}\n`, error);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  globalThis.process.exit(failed === 0 && tests.length > 0 ? 0 : 1);
}

async function within(milliseconds, fn) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${milliseconds} ms`)), milliseconds);
  });
  try {
    // A test of `describe` and `it` may ask for its context, to run its steps with.
    await Promise.race([fn({ step: (name, fn) => Promise.resolve(fn()).then(() => true) }), late]);
  } finally {
    clearTimeout(timer);
  }
}
