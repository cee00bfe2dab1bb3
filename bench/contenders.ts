/** Who takes part. @module */

import type { FloorKind, Job, Native, Runtime, Workload } from "./workloads.ts";

/** Someone who takes part in a workload, on one runtime. */
export interface Contender extends Pick<Job, "module" | "floor"> {
  /** What it is called. Contenders of the same name are the same client on different runtimes. */
  readonly name: string;
  readonly role: "moecache" | "rival" | "floor" | "native";
  readonly runtime: Runtime | Native;
  /** What runs it, where it is no module. */
  readonly command?: readonly string[];
}

/** A client beyond JavaScript, as it was prepared. */
export interface NativeClient {
  readonly name: string;
  readonly runtime: Native;
  /** Its program and first arguments; absent where it cannot be had. */
  readonly command?: readonly string[];
  /** Why it cannot be had. */
  readonly fault?: string;
  /** The actions that it has. */
  readonly actions: readonly Workload["action"][];
  readonly version?: string;
}

/** Who runs where. */
export interface Lineup {
  /** What moecache runs on. */
  readonly moecache: readonly Runtime[];
  /** What each rival runs on. */
  readonly rivals: readonly Runtime[];
  /** What rivals are at home on. */
  readonly home: Runtime;
  readonly natives: readonly NativeClient[];
  /** Gives the URL of moecache's module in `clients/` as a runtime can load it. */
  readonly moduleFor: (file: OwnModule, runtime: Runtime) => string;
}

/** The modules that adapt moecache. */
export const OWN_MODULES = [
  "moecache.ts",
  "moecache_bytes.ts",
  "moecache_parallel_sets.ts",
  "moecache_pickle.ts",
  "moecache_raw.ts",
] as const;

/** One of them. */
export type OwnModule = typeof OWN_MODULES[number];

interface Rival extends Pick<Contender, "name"> {
  readonly file: string;
  /** The workloads it cannot take part in, and why. */
  readonly unable?: Readonly<Record<string, string>>;
}

const RIVALS: readonly Rival[] = [
  { name: "memjs", file: "memjs.mjs" },
  { name: "memcached", file: "memcached.mjs" },
  {
    name: "memcache-client",
    file: "memcache_client.mjs",
    unable: {
      "get-many-4": "takes several servers for replicas of one another",
    },
  },
  { name: "memcache", file: "memcache.mjs" },
];

/** Lists who takes part in a workload: moecache, the floors, and each rival, on each runtime. */
export function contendersIn(workload: Workload, lineup: Lineup): Contender[] {
  return [
    ...moecache("moecache", "moecache.ts", lineup),
    ...(workload.value === "bytes"
      ? [
        ...moecache("moecache, pickleProtocol 4", "moecache_pickle.ts", lineup),
        ...moecache("moecache, rawTranscoder", "moecache_raw.ts", lineup),
        ...moecache("moecache, bytes as they are", "moecache_bytes.ts", lineup),
      ]
      : []),
    ...(workload.action === "setMany"
      ? moecache("moecache, parallel sets", "moecache_parallel_sets.ts", lineup)
      : []),
    ...workload.floors.map(floor),
    ...RIVALS.filter(({ unable }) => unable?.[workload.name] === undefined)
      .flatMap((rival) => rivalRuntimes(workload, lineup).map((on) => onRuntime(rival, on))),
    ...lineup.natives.filter((native) => isAble(native, workload)).map(toContender),
  ];
}

function rivalRuntimes({ isLean }: Workload, { rivals, home }: Lineup): readonly Runtime[] {
  return isLean ? [home] : rivals;
}

/** Blocking clients have a connection for each caller, so there is a bound to their number. */
const MOST_CONNECTIONS = 100;

function isAble({ command, actions }: NativeClient, workload: Workload): boolean {
  const { action, callers, value, isLean } = workload;
  return command !== undefined && actions.includes(action) && value !== "record" &&
    !(isLean && callers > MOST_CONNECTIONS);
}

function toContender({ name, runtime, command = [] }: NativeClient): Contender {
  return { name, role: "native", runtime, module: "", command };
}

/** Says who cannot take part in a workload, and why. */
export function absenteesFrom(workload: Workload, natives: readonly NativeClient[]): string[] {
  const missing = natives.flatMap(({ name, fault }) =>
    fault === undefined ? [] : [`${name}: ${fault}`]
  );
  return missing.concat(unableFor(workload));
}

function unableFor(workload: Workload): string[] {
  return RIVALS.flatMap(({ name, unable }) => {
    const why = unable?.[workload.name];
    return why === undefined ? [] : [`${name} ${why}`];
  });
}

function moecache(name: string, file: OwnModule, { moecache, moduleFor }: Lineup): Contender[] {
  return moecache.map((runtime) => ({
    name,
    role: "moecache",
    runtime,
    module: moduleFor(file, runtime),
  }));
}

function floor(floor: FloorKind): Contender {
  return { name: `${floor} floor`, role: "floor", runtime: "deno", module: "", floor };
}

function onRuntime({ file, unable: _, ...rival }: Rival, runtime: Runtime): Contender {
  const module = new URL(`clients/${file}`, import.meta.url).href;
  return { ...rival, role: "rival", runtime, module };
}
