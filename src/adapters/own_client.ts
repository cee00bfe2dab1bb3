/** The client of an adapter. @module */

import { Client, type ClientOptions, type ServerAddress, ValidationException } from "../../mod.ts";

/** Whose servers an adapter stores on: those of a client, or of servers it makes a client for. */
export interface ClientSource {
  /** The client to use, which the adapter does not close. Either this or `servers` has to be given. */
  readonly client?: Client;
  /** The servers, as a `Client` takes them; the adapter closes the client that it makes for them. */
  readonly servers?: ServerAddress | readonly ServerAddress[];
  /** How the client for `servers` behaves. */
  readonly clientOptions?: ClientOptions;
}

/** A client, and how an adapter is done with it. */
export interface AdapterClient {
  readonly client: Client;
  /** Closes a client that is the adapter's own. */
  close(): Promise<void>;
}

/**
 * Takes or makes the client of an adapter.
 *
 * @throws {ValidationException} When neither or both are given, or the servers are invalid.
 */
export function clientFrom({ client, servers, clientOptions }: ClientSource): AdapterClient {
  if ((client === undefined) === (servers === undefined)) {
    throw new ValidationException(
      "Cannot make an adapter: it needs either a client or servers",
      client ?? servers,
    );
  }
  if (client !== undefined) return { client, close: () => Promise.resolve() };
  const own = new Client(servers!, clientOptions);
  return { client: own, close: () => own.close() };
}
