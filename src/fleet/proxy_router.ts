/** Commands through a proxy that closes the connection at a command that it does not know. @module */

import "../loaded_already.ts";
import { ValidationException } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import { CounterCommand, DeleteCommand, TouchCommand } from "../protocol/commands/answer.ts";
import { MetaCommand } from "../protocol/commands/meta.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import { StorageCommand } from "../protocol/commands/storage.ts";
import type { Found, Route } from "./route.ts";

/** Passes on the commands that twemproxy knows, and refuses all others before a byte is sent. */
export class ProxyRouter implements Route {
  readonly #route: Route;

  /** @param route Where the commands go. */
  constructor(route: Route) {
    this.#route = route;
  }

  get keepsOrder(): boolean {
    return this.#route.keepsOrder;
  }

  submit(key: string, command: Command): void {
    if (!isKnown(command)) throw unknownCommand(nameOf(command), command);
    this.#route.submit(key, command);
  }

  /** A proxy does not pass on commands to all servers: it would answer for itself, or close the connection. */
  withNodes(): never {
    throw unknownCommand("a command to all servers", undefined);
  }

  find(key: string): Found {
    return this.#route.find(key);
  }
}

function isKnown(command: Command): boolean {
  if (command instanceof RetrievalCommand) return command.verb.startsWith("get");
  return [StorageCommand, CounterCommand, DeleteCommand, TouchCommand].some((known) =>
    command instanceof known
  );
}

function nameOf(command: Command): string {
  if (command instanceof RetrievalCommand) return command.action;
  if (command instanceof MetaCommand) return `${command.request.verb} key "${command.request.key}"`;
  return "this command";
}

function unknownCommand(name: string, item: unknown): ValidationException {
  const why = "twemproxy does not know it, and would close the connection";
  return new ValidationException(`Cannot send ${name}: ${why}`, item);
}
