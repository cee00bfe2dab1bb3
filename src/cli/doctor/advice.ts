/** Advice about servers, and what the rules that give it look at. @module */

import type { HotKeysReport } from "../hot_keys.ts";
import type { Snapshot } from "../snapshot.ts";

/** How bad something is: it harms now, it costs something, or it is worth a look. */
export type Severity = "critical" | "warning" | "notice";

/** One piece of advice. */
export interface Advice {
  /** The name of the rule, for programs. */
  readonly rule: string;
  /** The server it is about. */
  readonly server: string;
  readonly severity: Severity;
  /** What is so, in one sentence. */
  readonly finding: string;
  /** The figures that it rests on; those that have memcached's names are memcached's. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** What to do about it. */
  readonly action: string;
}

/** A server now, and some time ago. */
export interface Look {
  /** Without it, only what has happened since the start of the server counts. */
  readonly before?: Snapshot | undefined;
  readonly now: Snapshot;
}

/** What the rules look at. */
export interface Observation {
  /** Every server that answers. */
  readonly servers: readonly Look[];
  /** The most used keys; only where the servers can be watched. */
  readonly hot?: HotKeysReport | undefined;
}

/** A rule about one server. */
export type ServerRule = (look: Look) => readonly Advice[];
/** A rule about all servers. */
export type FleetRule = (observation: Observation) => readonly Advice[];

/** The figures of a piece of advice as text: `evictions 118, share 0.62`. */
export function figuresText(figures: Advice["figures"]): string {
  return Object.entries(figures).map(([name, figure]) => {
    const isFraction = typeof figure === "number" && !Number.isInteger(figure);
    return `${name} ${isFraction ? Number(figure.toPrecision(3)) : figure}`;
  }).join(", ");
}
