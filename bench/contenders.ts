/** Who takes part. @module */

import type { FloorKind, Job, Runtime, Workload } from "./workloads.ts";

/** Someone who takes part in a workload, on one runtime. */
export interface Contender extends Pick<Job, "module" | "floor"> {
  /** What it is called. Contenders of the same name are the same client on different runtimes. */
  readonly name: string;
  readonly role: "moecache" | "rival" | "floor";
  readonly runtime: Runtime;
}

/** Who runs where. */
export interface Lineup {
  /** What moecache runs on. */
  readonly moecache: readonly Runtime[];
  /** What each rival runs on. */
  readonly rivals: readonly Runtime[];
  /** Gives the URL of moecache's module in `clients/` as a runtime can load it. */
  readonly moduleFor: (file: OwnModule, runtime: Runtime) => string;
}

/** The modules that adapt moecache. */
export const OWN_MODULES = ["moecache.ts", "moecache_bytes.ts"] as const;

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
      ? moecache("moecache, bytes as they are", "moecache_bytes.ts", lineup)
      : []),
    ...workload.floors.map(floor),
    ...RIVALS.filter(({ unable }) => unable?.[workload.name] === undefined)
      .flatMap((rival) => lineup.rivals.map((runtime) => onRuntime(rival, runtime))),
  ];
}

/** Says who cannot take part in a workload, and why. */
export function absenteesFrom(workload: Workload): string[] {
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
