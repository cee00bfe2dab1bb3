/** The modules of the commands. Only those are loaded that a command line names, because they take time. @module */

import type { Command } from "commander";
import type { Runner } from "./definition.ts";

/** Adds commands to the program. */
type AddCommands = (program: Command, runner: Runner) => void;

/** A module, and the commands that it adds. */
interface CommandModule {
  /** The heading of its commands in the help; `docs/cli/` has a page for it. */
  readonly group: Group;
  readonly names: readonly string[];
  load(): Promise<AddCommands>;
}

type Group = "Data" | "Find" | "Shape" | "Traffic" | "Health" | "Move" | "Serve" | "Help";

/** All modules, in the order of the help. */
export const COMMAND_MODULES: readonly CommandModule[] = [
  {
    group: "Data",
    names: ["get", "set", "del", "incr", "decr", "touch", "meta"],
    load: async () => (await import("./commands/data.ts")).addDataCommands,
  },
  {
    group: "Data",
    names: ["inspect"],
    load: async () => (await import("./commands/inspect.ts")).addInspect,
  },
  {
    group: "Find",
    names: ["keys"],
    load: async () => (await import("./commands/keys.ts")).addKeys,
  },
  {
    group: "Find",
    names: ["explain"],
    load: async () => (await import("./commands/explain.ts")).addExplain,
  },
  {
    group: "Shape",
    names: ["big", "ttl", "prefixes", "balance"],
    load: async () => (await import("./commands/shape.ts")).addShapeCommands,
  },
  {
    group: "Traffic",
    names: ["hot", "monitor"],
    load: async () => (await import("./commands/traffic.ts")).addTrafficCommands,
  },
  {
    group: "Health",
    names: ["top"],
    load: async () => (await import("./commands/top.ts")).addTop,
  },
  {
    group: "Health",
    names: ["latency", "stat"],
    load: async () => (await import("./commands/health.ts")).addHealthCommands,
  },
  {
    group: "Health",
    names: ["stats", "ping"],
    load: async () => (await import("./commands/servers.ts")).addServerCommands,
  },
  {
    group: "Health",
    names: ["doctor"],
    load: async () => (await import("./commands/doctor.ts")).addDoctor,
  },
  {
    group: "Move",
    names: ["dump", "load"],
    load: async () => (await import("./commands/move.ts")).addMoveCommands,
  },
  {
    group: "Move",
    names: ["copy", "verify"],
    load: async () => (await import("./commands/copy.ts")).addCopyCommands,
  },
  {
    group: "Serve",
    names: ["serve"],
    load: async () => (await import("./commands/serve.ts")).addServe,
  },
  {
    group: "Serve",
    names: ["exporter"],
    load: async () => (await import("./commands/exporter.ts")).addExporter,
  },
  {
    group: "Serve",
    names: ["web"],
    load: async () => (await import("./commands/web.ts")).addWeb,
  },
  {
    group: "Serve",
    names: ["capable"],
    load: async () => (await import("./commands/servers.ts")).addCapable,
  },
  {
    group: "Serve",
    names: ["bench"],
    load: async () => (await import("./commands/bench.ts")).addBench,
  },
  {
    group: "Help",
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
