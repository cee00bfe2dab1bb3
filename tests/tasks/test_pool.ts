/** Runs files of tests in several processes, and shows how far they have come. @module */

import { atSignal } from "./ending.ts";
import type { Outcome } from "./lane.ts";
import type { Progress } from "./progress.ts";
import { type Environment, ROOT } from "./run.ts";
import { type Counted, testTwice } from "./second_try.ts";
import type { TestFile } from "./test_files.ts";

/** A process is given so much of what is left, so that all end at about the same time. */
const SHARE = 3;
/** Seconds of tests that are worth a process. */
const LEAST_SECONDS = 3;
/** Milliseconds without a word after which a process counts as hung. */
const PATIENCE = 180_000;

/** Milliseconds between two looks at how far it is. */
const DRAWING_INTERVAL = 250;

/** A test that has ended, as `deno test` prints it; steps of a test are indented. */
const ENDED = /^\S.*\.\.\. (?:ok|FAILED|ignored)\b/;
/** A module that begins, and how many tests it has. */
const BEGUN = /^running (\d+) tests? from /;

/** What a pool is run with. */
export interface PoolOptions {
  /** Environment variables to add. */
  readonly env: Environment;
  /** Arguments for every `deno test`. */
  readonly args: readonly string[];
  /** How many processes there are at once. */
  readonly processes: number;
  /**
   * Whether the files that a process runs share what they import. Without this, `deno test` imports everything again
   * for each file, which takes half a second of processor time. Examples cannot share it.
   */
  readonly isShared: boolean;
  readonly progress: Progress;
}

/** Runs all files; what failed is printed at once, and the rest goes on. */
export async function runPool(
  files: readonly TestFile[],
  options: PoolOptions,
): Promise<Outcome> {
  const { processes, progress } = options;
  const queue = files.toSorted((a, b) => b.seconds - a.seconds);
  const state = { whole: secondsOf(queue), done: 0, tests: 0 };
  let [passed, failed] = [0, 0];
  const unsteady: string[] = [];
  const show = () =>
    progress.update({ part: state.done / state.whole, text: `${count(state.tests)} tests` });
  const work = async () => {
    while (queue.length > 0) {
      const batch = takeBatch(queue, secondsOf(queue) / processes / SHARE);
      const run = await runBatch(batch, options, {
        onTest: () => state.tests++,
        onDone: (seconds) => state.done += seconds,
      });
      passed += run.passed;
      failed += run.failed;
      unsteady.push(...run.unsteady ?? []);
    }
  };
  const timer = setInterval(show, DRAWING_INTERVAL);
  try {
    await Promise.all(Array.from({ length: processes }, work));
  } finally {
    clearInterval(timer);
  }
  return { passed, failed, notRun: [], ...(unsteady.length > 0 ? { unsteady } : {}) };
}

/** Takes files that one process runs: the longest first. */
export function takeBatch(queue: TestFile[], seconds: number): TestFile[] {
  const most = Math.max(seconds, LEAST_SECONDS);
  const batch: TestFile[] = [];
  for (let taken = 0; queue[0] !== undefined;) {
    const next: TestFile = queue[0];
    if (batch.length > 0 && taken + next.seconds > most) break;
    batch.push(next);
    queue.shift();
    taken += next.seconds;
  }
  return batch;
}

function secondsOf(files: readonly TestFile[]): number {
  return files.reduce((sum, { seconds }) => sum + seconds, 0);
}

function count(number: number): string {
  return number.toLocaleString("en");
}

/** What a run tells while it goes on. */
interface RunEvents {
  onTest(): void;
  /** How many seconds of its work are done. */
  onDone(seconds: number): void;
}

async function runBatch(
  batch: readonly TestFile[],
  { env, args, progress, isShared }: PoolOptions,
  { onTest, onDone }: RunEvents,
): Promise<Counted> {
  const all = batch.flatMap(({ paths }) => paths);
  await using module = isShared ? await importing(all) : undefined;
  const paths = module === undefined ? all : [module.path];
  const start = (more: readonly string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ["test", "--allow-all", ...args, ...more, ...paths],
      env: { ...env, NO_COLOR: "1" },
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const whole = secondsOf(batch);
  let [done, begun, each] = [0, 0, 0];
  const finish = (seconds: number) => {
    const more = Math.min(seconds, whole - done);
    done += more;
    onDone(more);
  };
  const onLine = (line: string) => {
    const [, tests] = BEGUN.exec(line) ?? [];
    // A module's tests share what it takes; each path of a batch is about a module.
    if (tests !== undefined) each = begun++ < paths.length ? whole / paths.length / +tests : 0;
    if (!ENDED.test(line)) return;
    onTest();
    finish(each);
  };
  const counted = await testTwice(
    (more) => follow(start(more), more.length === 0 ? onLine : () => {}),
    (output) => progress.print(faultsIn(output)),
  );
  finish(whole);
  return counted;
}

/** A module in a file of its own that imports files of tests. It is removed when it is disposed of, or by Ctrl-C. */
async function importing(
  paths: readonly string[],
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempFile({ prefix: "moecache-tests-", suffix: "_test.ts" });
  const lines = paths.map((path) => `import ${JSON.stringify(new URL(path, ROOT).href)};\n`);
  const atEnd = atSignal(() => Deno.removeSync(path));
  await Deno.writeTextFile(path, lines.join(""));
  const remove = async () => {
    atEnd[Symbol.dispose]();
    await Deno.remove(path);
  };
  return { path, [Symbol.asyncDispose]: remove };
}

/** Reads all that a process prints; ends it when it prints nothing for too long. */
async function follow(
  child: Deno.ChildProcess,
  onLine: (line: string) => void,
): Promise<{ output: string; code: number }> {
  let output = "";
  let hung = "";
  const end = () => {
    hung = `\nEnded after ${PATIENCE / 1000} seconds without a word\n`;
    child.kill("SIGKILL");
  };
  let watch = setTimeout(end, PATIENCE);
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    let line = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      clearTimeout(watch);
      watch = setTimeout(end, PATIENCE);
      output += text;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const each of lines) onLine(each);
    }
  };
  const [{ code }] = await Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  clearTimeout(watch);
  return { output: output + hung, code };
}

/** What a person needs of a red run's output: the faults, or all of it where there is no list of them. */
export function faultsIn(output: string): string {
  const at = output.indexOf("\n ERRORS \n");
  return at < 0 ? output : output.slice(at + 1).trimEnd();
}
