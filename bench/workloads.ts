/** What is measured, and what moecache is to reach. @module */

/** How a floor asks for many keys: with a request for each, or with one for all. */
export type FloorKind = "single" | "multi-key";

/** A program that clients run on. */
export type Runtime = "deno" | "node" | "bun";

/** What runs beyond JavaScript, to show what the machine can do. */
export type Native = "python" | "c" | "go";

/** What moecache is held against; a best rival `there` is the best on moecache's own runtime. */
export type Opponent =
  | "best rival"
  | "best rival there"
  | "memjs"
  | "pylibmc"
  | "moecache, rawTranscoder"
  | "moecache, parallel sets"
  | `${FloorKind} floor`;

/** Something that moecache is to reach. */
export type Target =
  & {
    /** Where; on Deno by default. */
    readonly on?: readonly Runtime[];
    /** Which of moecache's ways; all of them by default. */
    readonly of?: string;
  }
  & (
    /** How many times as fast as an opponent, or how much more memory than at the start. */
    | { readonly opponent: Opponent; readonly least: number }
    | { readonly mostGrowth: number }
  );

/** One workload; a worker gets it as JSON. */
export interface Workload {
  /** What it is called on the command line. */
  readonly name: string;
  readonly title: string;
  readonly action:
    | "get"
    | "set"
    | "mixed"
    | "latency"
    | "getMany"
    | "setMany"
    | "start"
    | "construct"
    | "memory";
  /** How many callers there are, each with one operation under way. */
  readonly callers: number;
  /** How many keys the operations go through. */
  readonly keys: number;
  readonly value: "text" | "bytes" | "record";
  /** The length of a value; a record is as long as it is. */
  readonly byteLength: number;
  readonly servers: number;
  readonly floors: readonly FloorKind[];
  readonly targets: readonly Target[];
  /** How many operations make a round; as many as fill a round's time if absent. */
  readonly operations?: number;
  /** Whether it is for a curve, with rivals on the runtime where they are at home alone. */
  readonly isLean?: boolean;
}

/** What a worker is to do. */
export interface Job {
  readonly workload: Workload;
  /** URL of the client's module. */
  readonly module: string;
  /** Set where there is no client, but a floor. */
  readonly floor?: FloorKind;
  readonly servers: readonly string[];
  /** The contender's number, which keeps its keys apart. */
  readonly slot: number;
  /** Milliseconds that a round should take. */
  readonly roundTime: number;
}

/** What came of one round. */
export interface Sample {
  readonly operations: number;
  /** Milliseconds. */
  readonly time: number;
  /** Microseconds of the process's processor time, user and system. */
  readonly cpu: number;
  /** Bytes of resident memory more than at the start. */
  readonly grown?: number;
  /** Microseconds that operations took: of 50, 90, 99 and 99.9 in a hundred, no longer than this. */
  readonly latencies?: Latencies;
}

/** Percentiles, in microseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
}

/** Carries out a number of operations. */
export type Run = (operations: number) => void | Promise<void>;

/** What a worker does on command. */
export interface Trial {
  /** How the client goes about the workload, where that bears on the result. */
  readonly note: string | undefined;
  /** Lets the runtime compile, and finds how many operations make a round. */
  warm(): Promise<Sample>;
  /** Carries out one round. */
  measure(): Promise<Sample>;
}

const TEXT = {
  callers: 1,
  keys: 1000,
  value: "text",
  byteLength: 100,
  servers: 1,
  floors: [],
  targets: [],
} as const;

const AS_FAST_AS_THE_BEST = { opponent: "best rival", least: 1 } as const;

const NEAR_THE_FLOOR: readonly Target[] = [
  AS_FAST_AS_THE_BEST,
  { opponent: "single floor", least: 0.9 },
  elsewhere(1),
];

/** Every workload, in the order of the table. */
export const WORKLOADS: readonly Workload[] = [
  {
    ...TEXT,
    name: "get",
    title: "sequential get",
    action: "get",
    floors: ["single"],
    targets: NEAR_THE_FLOOR,
  },
  {
    ...TEXT,
    name: "set",
    title: "sequential set",
    action: "set",
    floors: ["single"],
    targets: NEAR_THE_FLOOR,
  },
  {
    ...TEXT,
    name: "get-100",
    title: "100 concurrent gets",
    action: "get",
    callers: 100,
    floors: ["single", "multi-key"],
    targets: [
      { opponent: "best rival", least: 5 },
      { opponent: "memjs", least: 4 },
      { opponent: "single floor", least: 0.6 },
      { opponent: "multi-key floor", least: 0.8 },
      elsewhere(4),
    ],
  },
  {
    ...TEXT,
    name: "set-100",
    title: "100 concurrent sets",
    action: "set",
    callers: 100,
    floors: ["single"],
    targets: [{ opponent: "best rival", least: 3.5 }],
  },
  {
    ...TEXT,
    name: "mixed-1000",
    title: "1,000 concurrent, 90% get and 10% set",
    action: "mixed",
    callers: 1000,
    // No multiple of ten, so that every key is both read and written.
    keys: 999,
    floors: ["single", "multi-key"],
    targets: [{ opponent: "best rival", least: 4 }],
  },
  {
    ...TEXT,
    name: "get-many",
    title: "getMany of 100 keys on one server",
    action: "getMany",
    keys: 100,
    floors: ["single", "multi-key"],
    targets: [{ opponent: "best rival", least: 1.7 }, { opponent: "pylibmc", least: 0.85 }],
  },
  {
    ...TEXT,
    name: "set-many",
    title: "setMany of 100 keys on one server",
    action: "setMany",
    keys: 100,
    floors: ["single"],
    targets: [{ opponent: "moecache, parallel sets", least: 1, of: "moecache" }],
  },
  {
    ...TEXT,
    name: "get-many-4",
    title: "getMany of 400 keys over 4 servers",
    action: "getMany",
    keys: 400,
    servers: 4,
    floors: ["single", "multi-key"],
    targets: [{ opponent: "best rival", least: 1.7 }],
  },
  ...bytes("100kb", "100 KB", 100_000, 20),
  ...bytes("1mb", "1 MB", 1_000_000, 4),
  {
    ...TEXT,
    name: "record",
    title: "sequential get of a 20-field record",
    action: "get",
    value: "record",
  },
  {
    ...TEXT,
    name: "start",
    title: "cold start: import, connect, first get",
    action: "start",
  },
  {
    ...TEXT,
    name: "construct",
    title: "a client with 50 servers constructed",
    action: "construct",
    servers: 50,
  },
  {
    ...TEXT,
    name: "memory",
    title: "resident memory after 1,000,000 operations, 100 concurrent, 90% get",
    action: "memory",
    callers: 100,
    keys: 999,
    operations: 1_000_000,
    targets: [{ mostGrowth: 30e6 }],
  },
  ...[1, 100].map((callers): Workload => ({
    ...TEXT,
    name: `latency-${callers}`,
    title: `latency of a get, ${callers === 1 ? "one after the other" : `${callers} concurrent`}`,
    action: "latency",
    callers,
    isLean: true,
  })),
  ...[1, 10, 100, 1000, 10_000, 100_000].map((callers): Workload => ({
    ...TEXT,
    name: `at-${callers}`,
    title: `${callers.toLocaleString("en")} concurrent gets, for the curve`,
    action: "get",
    callers,
    isLean: true,
  })),
];

/** Where rivals are at home, they are the measure: a client cannot be faster than its runtime. */
function elsewhere(least: number): Target {
  return { opponent: "best rival there", least, on: ["bun", "node"] };
}

function bytes(name: string, size: string, byteLength: number, keys: number): Workload[] {
  return (["get", "set"] as const).map((action) => ({
    ...TEXT,
    name: `${action}-${name}`,
    title: `sequential ${action} of a ${size} Uint8Array`,
    action,
    keys,
    value: "bytes",
    byteLength,
    floors: ["single"],
    targets: [
      AS_FAST_AS_THE_BEST,
      { opponent: "moecache, rawTranscoder", least: 0.9, of: "moecache, pickleProtocol 4" },
    ],
  }));
}
