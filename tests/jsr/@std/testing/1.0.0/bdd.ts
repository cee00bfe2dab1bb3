/**
 * Tests in nested suites: a stand-in for the part of `jsr:@std/testing/bdd` that this repository
 * uses, for machines that cannot reach JSR.
 *
 * @module
 */

type TestFunction = (t: Deno.TestContext) => void | Promise<void>;
type Hook = () => void | Promise<void>;
type Mark = "ignore" | "only";

interface Hooks {
  readonly beforeAll: Hook[];
  readonly afterAll: Hook[];
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
}

/** A test, or a suite of them: what `Deno.test` or `t.step` is given. */
interface Entry {
  readonly name: string;
  readonly mark: Mark | undefined;
  readonly suite: Suite | undefined;
  readonly fn: TestFunction;
}

interface Suite extends Hooks {
  readonly parent: Suite | undefined;
  readonly entries: Entry[];
}

/** Adds a test, and has ways to mark it. */
export interface It {
  (name: string, fn: TestFunction): void;
  /** Adds a test that does not run. */
  ignore(name: string, fn: TestFunction): void;
  /** Adds a test that does not run. */
  skip(name: string, fn: TestFunction): void;
  /** Adds a test that runs while unmarked ones do not. */
  only(name: string, fn: TestFunction): void;
}

/** Adds a suite, and has ways to mark it. */
export interface Describe {
  (name: string, fn: () => void): void;
  /** Adds a suite that does not run. */
  ignore(name: string, fn: () => void): void;
  /** Adds a suite that does not run. */
  skip(name: string, fn: () => void): void;
  /** Adds a suite that runs while unmarked ones do not. */
  only(name: string, fn: () => void): void;
}

/** The suite whose `describe` callback is running. */
let current: Suite | undefined;

/** Adds a test to the suite around it, or a test of its own. */
export const it: It = marked(addTest);

/** The same as {@linkcode it}. */
export const test: It = it;

/** Adds a suite; its callback adds its tests, hooks and suites. */
export const describe: Describe = marked(addSuite);

/** Adds a hook that runs once before the suite's tests. */
export function beforeAll(fn: Hook): void {
  suiteOf("beforeAll").beforeAll.push(fn);
}

/** Adds a hook that runs once after the suite's tests, whatever becomes of them. */
export function afterAll(fn: Hook): void {
  suiteOf("afterAll").afterAll.push(fn);
}

/** Adds a hook that runs before each test of the suite and of those in it. */
export function beforeEach(fn: Hook): void {
  suiteOf("beforeEach").beforeEach.push(fn);
}

/** Adds a hook that runs after each test of the suite and of those in it. */
export function afterEach(fn: Hook): void {
  suiteOf("afterEach").afterEach.push(fn);
}

function marked<Fn>(add: (name: string, fn: Fn, mark?: Mark) => void) {
  const ignore = (name: string, fn: Fn) => add(name, fn, "ignore");
  const only = (name: string, fn: Fn) => add(name, fn, "only");
  return Object.assign((name: string, fn: Fn) => add(name, fn), { ignore, skip: ignore, only });
}

function suiteOf(hook: string): Suite {
  if (current === undefined) throw new Error(`Cannot add ${hook}: not inside describe()`);
  return current;
}

function addTest(name: string, fn: TestFunction, mark?: Mark): void {
  const suite = current;
  const wrapped: TestFunction = (t) => withHooks(suite, () => fn(t));
  addEntry({ name, mark, suite: undefined, fn: wrapped });
}

function addSuite(name: string, fn: () => void, mark?: Mark): void {
  const parent = current;
  const hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  const suite: Suite = { parent, entries: [], ...hooks };
  current = suite;
  try {
    fn();
  } finally {
    current = parent;
  }
  addEntry({ name, mark, suite, fn: (t) => runSuite(suite, t) });
}

function addEntry(entry: Entry): void {
  if (current) return void current.entries.push(entry);
  const { name, mark, fn } = entry;
  Deno.test({ name, fn, ignore: mark === "ignore", only: isFocused(entry) });
}

function isFocused(entry: Entry): boolean {
  return entry.mark === "only" || (entry.mark === undefined && hasFocused(entry.suite));
}

function hasFocused(suite: Suite | undefined): boolean {
  return suite?.entries.some(isFocused) ?? false;
}

async function runSuite(suite: Suite, t: Deno.TestContext): Promise<void> {
  const isRestricted = hasFocused(suite);
  try {
    await runAll(suite.beforeAll);
    for (const entry of suite.entries) {
      const ignore = entry.mark === "ignore" || (isRestricted && !isFocused(entry));
      await t.step({ name: entry.name, fn: entry.fn, ignore });
    }
  } finally {
    await runAll(suite.afterAll);
  }
}

/** Runs a test between the hooks of the suites around it, the outermost first and last. */
async function withHooks(suite: Suite | undefined, fn: Hook): Promise<void> {
  if (suite === undefined) return await fn();
  await withHooks(suite.parent, async () => {
    try {
      await runAll(suite.beforeEach);
      await fn();
    } finally {
      await runAll(suite.afterEach);
    }
  });
}

async function runAll(hooks: Hook[]): Promise<void> {
  for (const hook of hooks) await hook();
}
