import { assertEquals } from "@std/assert";
import type { Contender } from "../../bench/contenders.ts";
import { bestRival, type Measured, median, type Result, summarize } from "../../bench/results.ts";
import { renderResult } from "../../bench/report.ts";
import type { Runtime, Target, Workload } from "../../bench/workloads.ts";

const RUNTIMES = ["deno", "bun", "node"] as const;

function workload(...targets: Target[]): Workload {
  return {
    name: "get",
    title: "sequential get",
    action: "get",
    callers: 1,
    keys: 1,
    value: "text",
    byteLength: 100,
    servers: 1,
    floors: [],
    targets,
  };
}

/** A contender that carried out this number of operations a second in each round. */
function measured(role: Contender["role"], runtime: Runtime, ...rates: number[]): Measured {
  const name = role === "floor" ? "single floor" : role;
  const samples = rates.map((rate) => ({ operations: rate, time: 1000, cpu: rate * 2 }));
  return { contender: { name, role, runtime, module: "" }, note: undefined, samples };
}

function verdicts(target: Target, ...all: Measured[]): Result["verdicts"] {
  const outcome = { measured: all, runtimes: RUNTIMES, failures: [] };
  return summarize(workload(target), outcome).verdicts;
}

Deno.test("median is the figure in the middle, or the mean of the two there", () => {
  assertEquals([median([3]), median([9, 1, 2]), median([4, 1, 2, 10])], [3, 2, 3]);
});

Deno.test("summarize judges by medians, on Deno against the best rival anywhere", () => {
  const all = [
    measured("moecache", "deno", 300, 100, 290),
    measured("moecache", "node", 1, 1, 1),
    measured("rival", "deno", 100, 100, 900),
    measured("rival", "node", 145, 145, 1),
  ];
  assertEquals(verdicts({ opponent: "best rival", least: 2 }, ...all), [{
    text: "moecache on deno: 2.00 times the best rival, rival on node, to reach 2",
    reached: true,
    ratio: { name: "moecache", runtime: "deno", opponent: "best rival", least: 2 },
  }]);
  const [verdict] = verdicts({ opponent: "best rival", least: 2.01 }, ...all);
  assertEquals(verdict?.reached, false);
});

Deno.test("summarize judges elsewhere against the best rival there", () => {
  const all = [
    measured("moecache", "bun", 200),
    measured("moecache", "node", 200),
    measured("rival", "bun", 50),
    measured("rival", "node", 100),
  ];
  const target = { opponent: "best rival there", least: 4, on: ["bun", "node"] } as const;
  assertEquals(verdicts(target, ...all).map(({ reached }) => reached), [true, false]);
});

Deno.test("summarize judges one of moecache's ways against another on the same runtime", () => {
  const way = ({ contender, ...rest }: Measured, name: string): Measured => {
    return { ...rest, contender: { ...contender, name } };
  };
  const all = [
    measured("moecache", "deno", 100),
    way(measured("moecache", "deno", 50), "moecache, parallel sets"),
    way(measured("moecache", "bun", 900), "moecache, parallel sets"),
  ];
  const target = { opponent: "moecache, parallel sets", least: 2, of: "moecache" } as const;
  assertEquals(verdicts(target, ...all).map(({ text }) => text), [
    "moecache on deno: 2.00 times moecache, parallel sets on deno, to reach 2",
  ]);
});

Deno.test("summarize takes moecache that broke down to have reached nothing", () => {
  const all = [measured("moecache", "deno"), measured("rival", "deno", 1)];
  assertEquals(verdicts({ opponent: "best rival", least: 1 }, ...all), [{
    text: "moecache on deno: no figure",
    reached: false,
  }]);
});

Deno.test("renderResult has two columns for each runtime, and the best rivals beneath", () => {
  const all = [
    measured("moecache", "deno", 3000),
    measured("moecache", "bun", 2000),
    measured("floor", "deno", 4000),
    measured("rival", "bun", 1000),
  ];
  const result = summarize(workload(), {
    measured: all,
    runtimes: RUNTIMES,
    failures: ["It fell"],
  });
  assertEquals(bestRival(result.rows)?.runtime, "bun");
  assertEquals(
    renderResult(result, ["other is away"]).split("\n").map((line) => line.split(/ {2,}/)),
    [
      ["sequential get"],
      ["", "ops/s on deno", "CPU µs", "ops/s on bun", "CPU µs"],
      ["", "moecache", "3,000", "2.0", "2,000", "2.0"],
      ["", "single floor", "4,000", "2.0"],
      ["", "rival", "1,000", "2.0"],
      ["", "moecache / best rival there", "2.00 x rival"],
      ["", "moecache / best rival anywhere", "3.00 x rival", "2.00 x rival"],
      ["", "absent: other is away"],
      ["", "FAILED: It fell"],
    ],
  );
});
