/** The modules of the commands. Only those are loaded that a command line names, because they take time. @module */

import type { Command } from "commander";
import type { Runner } from "./definition.ts";

/** Adds commands to the program. */
type AddCommands = (program: Command, runner: Runner) => void;

/** A module, and the commands that it adds. */
interface CommandModule {
  readonly names: readonly string[];
  load(): Promise<AddCommands>;
}

/** All modules, in the order of the help. */
export const COMMAND_MODULES: readonly CommandModule[] = [
  {
    names: ["get", "set", "del", "incr", "decr", "touch", "meta"],
    load: async () => (await import("./commands/data.ts")).addDataCommands,
  },
  { names: ["inspect"], load: async () => (await import("./commands/inspect.ts")).addInspect },
  { names: ["keys"], load: async () => (await import("./commands/keys.ts")).addKeys },
  { names: ["explain"], load: async () => (await import("./commands/explain.ts")).addExplain },
  {
    names: ["stats", "ping", "capable"],
    load: async () => (await import("./commands/servers.ts")).addServerCommands,
  },
  {
    names: ["big", "ttl", "prefixes", "balance"],
    load: async () => (await import("./commands/shape.ts")).addShapeCommands,
  },
  {
    names: ["hot", "monitor"],
    load: async () => (await import("./commands/traffic.ts")).addTrafficCommands,
  },
  {
    names: ["latency", "stat"],
    load: async () => (await import("./commands/health.ts")).addHealthCommands,
  },
  { names: ["doctor"], load: async () => (await import("./commands/doctor.ts")).addDoctor },
  { names: ["top"], load: async () => (await import("./commands/top.ts")).addTop },
  {
    names: ["dump", "load"],
    load: async () => (await import("./commands/move.ts")).addMoveCommands,
  },
  {
    names: ["copy", "verify"],
    load: async () => (await import("./commands/copy.ts")).addCopyCommands,
  },
  { names: ["serve"], load: async () => (await import("./commands/serve.ts")).addServe },
  { names: ["exporter"], load: async () => (await import("./commands/exporter.ts")).addExporter },
  { names: ["web"], load: async () => (await import("./commands/web.ts")).addWeb },
  { names: ["bench"], load: async () => (await import("./commands/bench.ts")).addBench },
  {
    names: ["completion"],
    load: async () => (await import("./commands/completion.ts")).addCompletion,
  },
];

/** These show all commands. */
const ABOUT_ALL = ["help", "--help", "-h", "completion"];

/**
 * The modules that a command line may need: all, unless it names a command. A word may be the name of a command and
 * something else, such as a key: that loads one too many.
 */
export function modulesFor(args: readonly string[]): readonly CommandModule[] {
  const named = COMMAND_MODULES.filter(({ names }) => names.some((name) => args.includes(name)));
  const isAboutAll = named.length === 0 || ABOUT_ALL.some((word) => args.includes(word));
  return isAboutAll ? COMMAND_MODULES : named;
}
