/** All servers at one moment: what `top` draws. @module */

import type { Advice, Look } from "./doctor/advice.ts";
import type { FleetFigures, ServerFigures } from "./figures.ts";
import type { HotKeysReport } from "./hot_keys.ts";
import type { LargeValue } from "./largest_values.ts";

/** A server at one moment. */
export type ServerView = ServerUp | ServerDown;

/** A server that answers. */
export interface ServerUp {
  readonly server: string;
  readonly state: "up";
  readonly figures: ServerFigures;
  /** What the figures are of: the last two answers. */
  readonly look: Look;
  /** Seconds for which it has not answered; 0 as long as it answers in time. */
  readonly silent: number;
  /** It evicts half as much again as on average in the last minute. */
  readonly evictsMore: boolean;
  /** Its hit rate is five points below the average of the last minute. */
  readonly hitsLess: boolean;
}

/** A server that cannot be reached, or has not answered yet. */
export interface ServerDown {
  readonly server: string;
  readonly state: "down" | "waiting";
  /** Why. */
  readonly message: string;
}

/** All servers at one moment. */
export interface Overview {
  readonly time: Date;
  readonly servers: readonly ServerView[];
  /** The servers that answer, together. */
  readonly fleet: FleetFigures;
  /** The most used keys of about the last ten seconds; only where servers can be watched. */
  readonly hot: HotKeysReport | undefined;
  /** The largest values that were read or stored in that time. */
  readonly big: readonly LargeValue[];
  readonly advice: readonly Advice[];
  /** What servers do not offer, a sentence each. */
  readonly notes: readonly string[];
}
