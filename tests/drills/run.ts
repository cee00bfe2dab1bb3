/** The failure drills at full length; `deno task drills` runs them. */

import { type DrillOptions, type Outcome, runDrill } from "./drill.ts";
import { DRILLS } from "./drills.ts";
import { tableOf } from "./table.ts";

const OPTIONS: DrillOptions = { before: 1000, outage: 3000, after: 2500, timeout: 500, rate: 1000 };

const { timeout, rate, outage } = OPTIONS;
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
say(
  `${rate} operations per second and client, timeout ${timeout} ms, outages of ${outage} ms; ` +
    "everything else as it is by default.\n",
);
const outcomes: Outcome[] = [];
for (const drill of DRILLS) outcomes.push(...await runDrill(drill, OPTIONS));
say(tableOf(outcomes));
const faults = outcomes.flatMap(({ wrong, strange }) => [...wrong, ...strange]);
for (const fault of faults) say(`FAULT: ${fault}`);
Deno.exit(faults.length === 0 ? 0 : 1);
