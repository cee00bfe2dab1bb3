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

/** Asks all servers at the same time. */
export async function askEach<Result>(
  fleet: Fleet,
  terminal: Terminal,
  ask: (client: Client, server: string) => Promise<Result>,
): Promise<Answers<Result>> {
  let code: number = EXIT.done;
  const answers = await Promise.all(fleet.names.map(async (server) => {
    try {
      return [{ server, result: await ask(fleet.at(server), server) }];
    } catch (error) {
      if (!(error instanceof SocketError || error instanceof ClientException)) throw error;
      terminal.warn(`moecache: ${messageOf(error)}\n`);
      code = EXIT.server;
      return [];
    }
  }));
  return { results: answers.flat(), code };
}
