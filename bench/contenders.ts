/** Who takes part. @module */

import type { FloorKind, Job, Workload } from "./workloads.ts";

/** A program that a contender runs on. */
export type Runtime = "deno" | "node" | "bun";

/** Someone who takes part in a workload, on one runtime. */
export interface Contender extends Pick<Job, "module" | "options" | "floor"> {
  /** What it is called. Contenders of the same name are the same client run in different ways. */
  readonly name: string;
  readonly role: "moecache" | "rival" | "floor";
  readonly runtime: Runtime;
  /** How it is set up, where that is not as it ships. */
  readonly setup?: string;
}

interface Rival extends Pick<Contender, "name" | "options" | "setup"> {
  readonly file: string;
  /** The workloads it cannot take part in, and why. */
  readonly unable?: Readonly<Record<string, string>>;
}

const RIVALS: readonly Rival[] = [
  { name: "memjs", file: "memjs.mjs" },
  { name: "memcached", file: "memcached.mjs" },
  {
    name: "memcached",
    file: "memcached.mjs",
    setup: "one connection",
    options: { connections: 1 },
  },
  {
    name: "memcache-client",
    file: "memcache_client.mjs",
    unable: {
      "get-many-4": "takes several servers for replicas of one another",
    },
  },
  { name: "memcache", file: "memcache.mjs" },
];

/**
 * Lists who takes part in a workload: moecache, the floors, and each rival on each runtime.
 *
 * @param workload The workload.
 * @param runtimes The runtimes that the rivals run on.
 * @param own The runtime that moecache runs on.
 */
export function contendersIn(
  workload: Workload,
  runtimes: readonly Runtime[],
  own: Runtime,
): Contender[] {
  return [
    moecache("moecache", "moecache", own),
    ...(workload.value === "bytes"
      ? [moecache("moecache, bytes as they are", "moecache_bytes", own)]
      : []),
    ...workload.floors.map(floor),
    ...RIVALS.filter(({ unable }) => unable?.[workload.name] === undefined)
      .flatMap((rival) => runtimes.map((runtime) => onRuntime(rival, runtime))),
  ];
}

/** Says who cannot take part in a workload, and why. */
export function absenteesFrom(workload: Workload): string[] {
  return RIVALS.flatMap(({ name, unable }) => {
    const why = unable?.[workload.name];
    return why === undefined ? [] : [`${name} ${why}`];
  });
}

/** Where a client of moecache's is for a runtime: Node and Bun take one file of JavaScript. */
export function moduleOf(client: string, runtime: Runtime): URL {
  if (runtime === "deno") return new URL(urlOf(`${client}.ts`));
  return new URL(`rivals/node_modules/.${client}.mjs`, import.meta.url);
}

function moecache(name: string, client: string, runtime: Runtime): Contender {
  return { name, role: "moecache", runtime, module: moduleOf(client, runtime).href };
}

function floor(floor: FloorKind): Contender {
  return {
    name: `${floor} floor`,
    role: "floor",
    runtime: "deno",
    module: "",
    floor,
  };
}

function onRuntime({ file, unable: _, ...rival }: Rival, runtime: Runtime): Contender {
  return { ...rival, role: "rival", runtime, module: urlOf(file) };
}

function urlOf(file: string): string {
  return new URL(`clients/${file}`, import.meta.url).href;
}
