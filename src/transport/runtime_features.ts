/** What some runtimes have and others lack. @module */

import { isWorker } from "./runtime.ts";

interface Global {
  readonly process?: {
    getBuiltinModule?(specifier: string): unknown;
    readonly versions?: { readonly bun?: string; readonly node?: string };
  };
  readonly Deno?: unknown;
}

/**
 * Loads a module that some runtimes have built in and others lack. An import with the name in it
 * would keep the whole module from loading or being bundled where the name means nothing.
 *
 * @throws {Error} What the runtime throws when it does not have the module.
 */
export async function builtinModule<Module>(specifier: string): Promise<Module> {
  // Node has it since 20.16; what comes before, and workers, take the import.
  const module = (globalThis as Global).process?.getBuiltinModule?.(specifier);
  return (module ?? await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as Module;
}

/** Follows asynchronous calls: all that a function brings about finds the value that it runs with. */
export interface CallTracker<Value> {
  run<Result>(value: Value, call: () => Result): Result;
  getStore(): Value | undefined;
}

/** Makes a tracker; `undefined` where the runtime has none, or has one that slows the whole program down. */
export async function makeCallTracker<Value>(): Promise<CallTracker<Value> | undefined> {
  const { process, Deno } = globalThis as Global;
  const specifier = "node:async_hooks";
  let module: unknown;
  // On Deno the first touch of `process` takes 30 ms, three times as long as the import.
  if (Deno !== undefined && !isWorker()) {
    module = await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier);
  } else if (tracksCheaply(process)) module = process?.getBuiltinModule?.(specifier);
  if (module === undefined) return undefined;
  const { AsyncLocalStorage } = module as { AsyncLocalStorage: new () => CallTracker<Value> };
  return new AsyncLocalStorage();
}

/** Node before 24 makes every promise of the program three to five times slower while calls are followed. */
function tracksCheaply(process: Global["process"]): boolean {
  const { bun, node } = process?.versions ?? {};
  return bun !== undefined || isWorker() || Number.parseInt(node ?? "0") >= 24;
}

/** Lets the process end although the timer has not; where a runtime has no means to, the timer keeps it. */
export function letProcessEnd(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === "number") globalThis.Deno?.unrefTimer?.(timer);
  else (timer as { unref?(): void }).unref?.();
}
