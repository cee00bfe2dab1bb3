/** Modules and functions that only some runtimes have. @module */

import { isWorker } from "./runtime.ts";

interface Global {
  readonly process?: {
    getBuiltinModule?(specifier: string): unknown;
    readonly versions?: { readonly bun?: string; readonly node?: string };
  };
  readonly Deno?: unknown;
}

/**
 * Loads a built-in module that only some runtimes have. A plain import would break loading and bundling on the other
 * runtimes.
 *
 * @throws {Error} The runtime's error when it does not have the module.
 */
export async function builtinModule<Module>(specifier: string): Promise<Module> {
  // Node has it since 20.16. Older Node and workers use the import.
  const module = (globalThis as Global).process?.getBuiltinModule?.(specifier);
  return (module ?? await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as Module;
}

/** Tracks asynchronous calls: everything that a function starts can read the value that it was run with. */
export interface CallTracker<Value> {
  run<Result>(value: Value, call: () => Result): Result;
  getStore(): Value | undefined;
}

/** Makes a tracker; `undefined` when the runtime has none, or when it would slow down the whole program. */
export async function makeCallTracker<Value>(): Promise<CallTracker<Value> | undefined> {
  const { process, Deno } = globalThis as Global;
  const specifier = "node:async_hooks";
  let module: unknown;
  // On Deno, the first access to `process` takes 30 ms, three times as long as the import.
  if (Deno !== undefined && !isWorker()) {
    module = await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier);
  } else if (tracksCheaply(process)) module = process?.getBuiltinModule?.(specifier);
  if (module === undefined) return undefined;
  const { AsyncLocalStorage } = module as { AsyncLocalStorage: new () => CallTracker<Value> };
  return new AsyncLocalStorage();
}

/** In Node before 24, tracking makes every promise of the program three to five times slower. */
function tracksCheaply(process: Global["process"]): boolean {
  const { bun, node } = process?.versions ?? {};
  return bun !== undefined || isWorker() || Number.parseInt(node ?? "0") >= 24;
}
