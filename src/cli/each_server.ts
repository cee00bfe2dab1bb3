/** Asks each server on its own. One that fails is one line, and the others go on. @module */

import { type Client, ClientException, SocketError } from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import type { Terminal } from "./terminal.ts";
import { EXIT, messageOf } from "./usage.ts";

/** The results of the servers that have answered, in their order, and the exit code. */
export interface Answers<Result> {
  readonly results: readonly { readonly server: string; readonly result: Result }[];
  readonly code: number;
}

/**
 * Asks all servers at the same time.
 *
 * @param said The last message about each server. A caller that asks again and again keeps it, and shows a fault once.
 */
export async function askEach<Result>(
  fleet: Fleet,
  terminal: Terminal,
  ask: (client: Client, server: string) => Promise<Result>,
  said: Map<string, string> = new Map(),
): Promise<Answers<Result>> {
  let code: number = EXIT.done;
  const answers = await Promise.all(fleet.names.map(async (server) => {
    try {
      const result = await ask(fleet.at(server), server);
      said.delete(server);
      return [{ server, result }];
    } catch (error) {
      if (!(error instanceof SocketError || error instanceof ClientException)) throw error;
      const message = messageOf(error);
      if (said.get(server) !== message) terminal.warn(`moecache: ${message}\n`);
      said.set(server, message);
      code = EXIT.server;
      return [];
    }
  }));
  return { results: answers.flat(), code };
}
