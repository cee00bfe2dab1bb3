/** Modules that a runtime brings along. @module */

interface Global {
  readonly process?: { getBuiltinModule?(specifier: string): unknown };
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
