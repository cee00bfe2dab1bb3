/** The failure drills at full length; `deno task drills` runs them, with the minutes for an argument. */

import { Progress } from "../tasks/progress.ts";
import { type DrillOptions, type Outcome, runDrill } from "./drill.ts";
import { DRILLS } from "./drills.ts";
import { LEGEND, tableOf } from "./table.ts";

const OPTIONS: DrillOptions = { before: 1000, outage: 3000, after: 2500, timeout: 500, rate: 1000 };
/** Milliseconds that a drill takes, about: it starts servers, and waits until all are well. */
const DRILL_TIME = OPTIONS.before + OPTIONS.outage + OPTIONS.after + 1000;

const { timeout, rate, outage } = OPTIONS;
const [minutes] = Deno.args.map(Number) as [number];
const start = performance.now();
const whole = minutes * 60_000 || DRILLS.length * DRILL_TIME;
const hasTime = () => performance.now() - start < whole;
using progress = new Progress("drills");
progress.print(
  `${rate} operations per second and client, timeout ${timeout} ms, outages of ${outage} ms; ` +
    `everything else as it is by default.\n${LEGEND}`,
);
const faults: string[] = [];
for (let pass = 1; pass === 1 || (minutes > 0 && hasTime()); pass++) await runAll(pass);
for (const fault of faults) progress.print(`FAULT: ${fault}`);
Deno.exitCode = faults.length === 0 ? 0 : 1;

/** Runs every drill, or as many as there is time for. */
async function runAll(pass: number): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const [at, drill] of DRILLS.entries()) {
    if (minutes > 0 && !hasTime() && outcomes.length > 0) break;
    using _showing = show(`${drill.name} (${at + 1} of ${DRILLS.length})`);
    outcomes.push(...await runDrill(drill, OPTIONS));
  }
  progress.print(`${pass > 1 ? `\nPass ${pass}\n` : ""}${tableOf(outcomes)}`);
  faults.push(...outcomes.flatMap(({ wrong, strange }) => [...wrong, ...strange].map(String)));
}

/** Shows the time that is left while a drill goes on. */
function show(text: string): Disposable {
  const timer = setInterval(() => {
    const elapsed = performance.now() - start;
    progress.update({ part: elapsed / whole, text, left: Math.max(0, whole - elapsed) });
  }, 250);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
