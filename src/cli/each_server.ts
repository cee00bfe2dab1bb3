/** Asks each server on its own. One that fails is one line, and the others go on. @module */

import type { Client } from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { faultIn, say } from "./messages.ts";
import { INTERRUPTED, inTime, type Terminal } from "./terminal.ts";
import { EXIT, isServerFault, messageOf } from "./usage.ts";

/** The results of the servers that have answered, in their order, and the exit code. */
export interface Answers<Result> {
  readonly results: readonly { readonly server: string; readonly result: Result }[];
  readonly code: number;
}

/** How servers are asked. */
export interface AskOptions {
  /**
   * The faults of each server since its last answer. A caller that asks again and again keeps them, and shows each once:
   * whether a connection was closed or reset may differ from time to time.
   */
  readonly said?: Map<string, Set<string>>;
}

/** Asks all servers at the same time. Ctrl-C ends the waiting for those that have not answered. */
export async function askEach<Result>(
  fleet: Fleet,
  terminal: Terminal,
  ask: (client: Client, server: string) => Promise<Result>,
  { said = new Map() }: AskOptions = {},
): Promise<Answers<Result>> {
  let code: number = EXIT.done;
  const answers = await Promise.all(fleet.names.map(async (server) => {
    try {
      const result = await inTime(terminal, ask(fleet.at(server), server));
      said.delete(server);
      return [{ server, result }];
    } catch (error) {
      if (terminal.interrupted.aborted) {
        code = INTERRUPTED;
        return [];
      }
      if (!isServerFault(error)) throw error;
      const message = messageOf(error);
      const faults = said.get(server) ?? new Set();
      const why = faultIn(message);
      if (!faults.has(why)) say(terminal, message);
      said.set(server, faults.add(why));
      code = Math.max(code, EXIT.server);
      return [];
    }
  }));
  return { results: answers.flat(), code };
}
