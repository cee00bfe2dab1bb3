/** Which call has started the running code. @module */

import { isWorker } from "./runtime.ts";
import { builtinModule } from "./runtime_features.ts";

/** Tracks asynchronous calls: everything that a function starts can read the value that it was run with. */
export interface CallTracker<Value> {
  run(value: Value, call: () => unknown): unknown;
  getStore(): Value | undefined;
}

/** The class `AsyncLocalStorage`. */
interface Storage<Value> extends CallTracker<Value> {
  disable(): void;
}

interface Module {
  readonly AsyncLocalStorage: new <Value>() => Storage<Value>;
}

interface Global {
  readonly Deno?: unknown;
  readonly process?: { readonly versions?: { readonly bun?: string; readonly node?: string } };
}

/** Makes a tracker; `undefined` when the runtime has none, as a worker with no flag for it. */
export async function makeCallTracker<Value>(): Promise<CallTracker<Value> | undefined> {
  const module = await loadModule().catch(() => undefined);
  if (module === undefined) return undefined;
  const storage = new module.AsyncLocalStorage<Value>();
  return slowsDownPromises() ? new BriefTracker(storage) : storage;
}

function loadModule(): Promise<Module> {
  const specifier = "node:async_hooks";
  const { Deno } = globalThis as Global;
  if (Deno === undefined || isWorker()) return builtinModule(specifier);
  // On Deno, the first access to `process` takes 30 ms, three times as long as the import.
  return import(/* webpackIgnore: true */ /* @vite-ignore */ specifier);
}

/** Whether tracking makes every promise of the program two to three times slower, as in Node before 24. */
function slowsDownPromises(): boolean {
  const global = globalThis as Global;
  if (global.Deno !== undefined || isWorker()) return false;
  const { bun, node } = global.process?.versions ?? {};
  return bun === undefined && node !== undefined && Number.parseInt(node) < 24;
}

/** Tracks only while calls run. */
class BriefTracker<Value> implements CallTracker<Value> {
  readonly #storage: Storage<Value>;
  #running = 0;

  constructor(storage: Storage<Value>) {
    this.#storage = storage;
  }

  async run(value: Value, call: () => unknown): Promise<unknown> {
    this.#running++;
    try {
      return await this.#storage.run(value, call);
    } finally {
      if (--this.#running === 0) this.#storage.disable();
    }
  }

  getStore(): Value | undefined {
    return this.#storage.getStore();
  }
}
