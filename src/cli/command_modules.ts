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
const ABOUT_ALL = ["--help", "-h", "completion"];
/** What stands behind these is no command. */
const VALUED = /^(-s|--(servers|discover|ring|format|tls-ca|timeout))$/;

/**
 * The modules that a command line may need: that of the command, which is its first word. If there is no such command,
 * all are needed to suggest one that is meant.
 */
export function modulesFor(args: readonly string[]): readonly CommandModule[] {
  const isWord = (arg: string, i: number) =>
    !arg.startsWith("-") && !VALUED.test(args[i - 1] ?? "");
  const command = args.find(isWord) ?? "";
  const named = COMMAND_MODULES.filter(({ names }) => names.includes(command));
  const isAboutAll = named.length === 0 || ABOUT_ALL.some((word) => args.includes(word));
  return isAboutAll ? COMMAND_MODULES : named;
}
