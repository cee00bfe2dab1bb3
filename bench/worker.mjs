// @ts-check
/**
 * One client in a process of its own, on Deno, Bun or Node. Its argument is the job as JSON; then it does
 * what the lines of its standard input say, and answers each with a line of JSON.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { openTrial } from "./trial.mjs";

/** @import { Job } from "./workloads.ts" */

/** @type {Job} */
const job = JSON.parse(process.argv[2] ?? "");
const trial = job.floor === undefined
  ? await openTrial(job)
  : await (await import("./floor.ts")).openFloor(job);

answer({ note: trial.note });
for await (const line of createInterface({ input: process.stdin })) {
  answer(line === "warm" ? await trial.warm() : await trial.measure());
}
process.exit();

/** @param {unknown} message */
function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
