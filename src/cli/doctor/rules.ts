/** What is wrong with servers, on which figures that rests, and what to do: functions of what the servers say. @module */

import type { Advice, Observation, Severity } from "./advice.ts";
import { CONNECTION_RULES } from "./connection_rules.ts";
import { FLEET_RULES } from "./fleet_rules.ts";
import { MEMORY_RULES } from "./memory_rules.ts";
import { SECURITY_RULES } from "./security_rules.ts";

const SEVERITIES: readonly Severity[] = ["critical", "warning", "notice"];

/** Everything that is wrong, the worst first. */
export function adviceOn(observation: Observation): readonly Advice[] {
  const rules = [...SECURITY_RULES, ...MEMORY_RULES, ...CONNECTION_RULES];
  const all = [
    ...observation.servers.flatMap((look) => rules.flatMap((rule) => rule(look))),
    ...FLEET_RULES.flatMap((rule) => rule(observation)),
  ];
  return all.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}
