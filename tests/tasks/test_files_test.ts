import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { until } from "../support/turns.ts";
import { Progress } from "./progress.ts";
import { ROOT } from "./run.ts";
import {
  isMeasuring,
  listExamples,
  listFullTests,
  listTests,
  MEASURING,
  type TestFile,
} from "./test_files.ts";
import { faultsIn, runPool, takeBatch } from "./test_pool.ts";

const pathsOf = (files: readonly TestFile[]) => files.flatMap(({ paths }) => paths);

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (!isDirectory) yield `${folder}${name}`;
    else if (name !== "node_modules") yield* walk(`${folder}${name}/`);
  }
}

Deno.test("every file of tests belongs to deno task test or to deno task test:all", () => {
  const listed = new Set(pathsOf([...listTests(), ...listFullTests()]));
  const files = [...walk("tests/")]
    .filter((file) =>
      file.endsWith("_test.ts") && !/^tests\/(adapters|observing)\/suites\//.test(file)
    );
  assert(files.length > 100);
  assertEquals(files.filter((file) => !listed.has(file)), []);
});

Deno.test("a file that both tasks run does more in deno task test:all", () => {
  const full = new Set(pathsOf(listFullTests()));
  const both = pathsOf(listTests()).filter((path) => full.has(path));
  assert(both.includes("tests/transcoding/fuzz_test.ts"));
  assert(both.includes("tests/conformance/commands_conformance_test.ts"));
  assert(both.length < 15, both.join());
});

Deno.test("the files that listTests names exist", () => {
  const weighed = pathsOf([...listTests(), ...listExamples()].filter(({ seconds }) => seconds > 1));
  assert(weighed.length > 10, weighed.join());
  const missing = weighed.filter((path) =>
    Deno.statSync(new URL(path, ROOT)).isFile === path.endsWith("/")
  );
  assertEquals(missing, []);
});

Deno.test("what runs alone because it measures is run in full", () => {
  const measuring = pathsOf(listFullTests().filter(isMeasuring));
  for (const prefix of MEASURING) {
    assert(measuring.some((path) => path.startsWith(prefix)), prefix);
  }
});

Deno.test("takeBatch takes what is worth a process", () => {
  const queue = [9, 4, 2, 1, 1].map((seconds): TestFile => ({ paths: [], seconds }));
  const sizes = [];
  while (queue.length > 0) sizes.push(takeBatch(queue, 6).map(({ seconds }) => seconds));
  assertEquals(sizes, [[9], [4, 2], [1, 1]]);
});

for (const isShared of [false, true]) {
  const how = isShared ? "together" : "each by itself";
  Deno.test(`runPool counts what passes and what fails, and shows the faults, of files run ${how}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const right = "Deno.test('right', () => {});";
      const wrong = "Deno.test('wrong', () => { throw new Error('broken'); });";
      const write = async (name: string, text: string, seconds: number) => {
        const path = `${folder}/${name}_test.ts`;
        await Deno.writeTextFile(path, text);
        return { paths: [path], seconds };
      };
      const files = [
        // One process runs both, another the last.
        await write("a", `${right}`, 1),
        await write("b", `${right} ${wrong}`, 1),
        await write("c", "import './missing.ts';", 60),
      ];
      let written = "";
      const options = { isTerminal: false, write: (text: string) => void (written += text) };
      using progress = new Progress("pool", options);
      const pool = { env: {}, args: ["--no-check"], processes: 2, isShared, progress };
      const outcome = await runPool(files, pool);
      assertEquals(outcome, { passed: 2, failed: 2, notRun: [] });
      assert(written.includes("broken") && written.includes("missing.ts"), written);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`runPool leaves no file behind when ${signal} ends it`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const [temporary, test] = [`${folder}/temporary`, `${folder}/endless_test.ts`];
      await Deno.mkdir(temporary);
      // It tells that it runs, and ends when the process that started it has ended.
      const endless = `Deno.test("endless", async () => {
        await Deno.writeTextFile(${JSON.stringify(`${folder}/runs`)}, "");
        while (Deno.ppid === $PPID) await new Promise((resolve) => setTimeout(resolve, 10));
      });`;
      const program = `
        import { Progress } from ${JSON.stringify(import.meta.resolve("./progress.ts"))};
        import { runPool } from ${JSON.stringify(import.meta.resolve("./test_pool.ts"))};
        const test = ${JSON.stringify(endless)}.replace("$PPID", Deno.pid);
        Deno.writeTextFileSync(${JSON.stringify(test)}, test);
        using progress = new Progress("pool", { isTerminal: false, write: () => {} });
        const pool = { env: {}, args: ["--no-check"], processes: 1, isShared: true, progress };
        await runPool([{ paths: [${JSON.stringify(test)}], seconds: 1 }], pool);
      `;
      await Deno.writeTextFile(`${folder}/program.ts`, program);
      const args = ["run", "-A", "--no-check", `${folder}/program.ts`];
      const env = { TMPDIR: temporary, NO_COLOR: "1" };
      const child = new Deno.Command(Deno.execPath(), { args, env, stdout: "null" }).spawn();
      await until(() => existsSync(`${folder}/runs`));
      const during = await Array.fromAsync(Deno.readDir(temporary));
      child.kill(signal);
      const status = await child.status;
      const after = await Array.fromAsync(Deno.readDir(temporary));
      assertEquals([during.length, status.code, after], [1, code, []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("faultsIn leaves out what passed", () => {
  assertEquals(
    faultsIn("a ... ok\n\n ERRORS \n\nb => file\nerror: broken\n"),
    " ERRORS \n\nb => file\nerror: broken",
  );
  assertEquals(faultsIn("error: Module not found"), "error: Module not found");
});
