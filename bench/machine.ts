/** What the figures were measured on. @module */

import { cpus, totalmem } from "node:os";
import { memcachedPath } from "../tests/support/memcached.ts";
import type { NativeClient } from "./contenders.ts";
import type { Runtime } from "./workloads.ts";

/** The machine and the versions of everything that took part. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memory: string;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** Finds out about the machine. */
export async function describeMachine(
  runtimes: readonly Runtime[],
  natives: readonly NativeClient[],
): Promise<Machine> {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    processors: processors.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    versions: {
      moecache: await versionOf("../deno.json"),
      deno: Deno.version.deno,
      ...await versionsOf(runtimes.filter((runtime) => runtime !== "deno")),
      memcached: await ask(memcachedPath() ?? "memcached", "--version"),
      ...await rivalVersions(),
      ...Object.fromEntries(
        natives.flatMap(({ name, version }) => version === undefined ? [] : [[name, version]]),
      ),
    },
  };
}

/** Tells whether a runtime is there. */
export async function isInstalled(runtime: Runtime): Promise<boolean> {
  if (runtime === "deno") return true;
  try {
    await ask(runtime, "--version");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The number in what a program says its version is. */
async function ask(program: string, option: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: [option] })
    .output();
  return /\d[\w.]*/.exec(new TextDecoder().decode(stdout))?.[0] ?? "unknown";
}

async function versionsOf(programs: readonly string[]): Promise<Record<string, string>> {
  return Object.fromEntries(
    await Promise.all(
      programs.map(async (program) => [program, await ask(program, "--version")]),
    ),
  );
}

async function rivalVersions(): Promise<Record<string, string>> {
  const { dependencies } = await readJson("rivals/package.json");
  return Object.fromEntries(
    Object.entries(dependencies as Record<string, string>)
      .map(([name, version]) => [`npm ${name}`, version]),
  );
}

async function versionOf(path: string): Promise<string> {
  const { version } = await readJson(path);
  return version as string;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, import.meta.url)));
}
