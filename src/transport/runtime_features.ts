/** Modules that only some runtimes have. @module */

interface Global {
  readonly process?: { getBuiltinModule?(specifier: string): unknown };
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
