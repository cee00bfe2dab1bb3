/** Calls that must be refused before a byte is sent. @module */

import { Client, type Dial, ValidationException } from "../../mod.ts";
import { ManualSocket } from "../connection/manual_socket.ts";

// deno-lint-ignore no-explicit-any -- the arguments are wrong
export type Args = any[];

/** What is called, by the names of its methods. */
export type Callee = Readonly<Record<string, (...args: Args) => unknown>>;

/** A dial whose sockets keep what is sent, and fail then: nothing waits for an answer that does not come. */
export function recordingDial(): { dial: Dial; sent: () => string } {
  const sockets: ManualSocket[] = [];
  const dial: Dial = () => {
    const socket = new ManualSocket();
    sockets.push(socket);
    const { write } = socket;
    return Promise.resolve(Object.assign(socket, {
      write: async (bytes: Uint8Array) => {
        await write(bytes);
        throw new Error("sent");
      },
    }));
  };
  return { dial, sent: () => sockets.map(({ sent }) => sent).join("") };
}

/** A call in words. */
function show(command: string, args: Args): string {
  const options = { compact: true, breakLength: Infinity, depth: 3, strAbbreviateSize: 40 };
  return `${command}(${args.map((arg) => Deno.inspect(arg, options)).join(", ")})`;
}

/**
 * Makes calls that are wrong.
 *
 * @param make Makes what is called, of two clients.
 * @returns In words, those that were not refused with a `ValidationException` before a byte was sent.
 */
export async function accepted(
  make: (client: Client, other: Client) => unknown,
  calls: Iterable<[method: string, args: Args]>,
): Promise<string[]> {
  const wrong: string[] = [];
  let clients: Client[] = [];
  let { dial, sent } = recordingDial();
  for (const [method, args] of calls) {
    // After a call that sent something, others might wait for what comes of it.
    if (clients.length === 0 || sent() !== "") {
      await Promise.all(clients.map((client) => client.close()));
      ({ dial, sent } = recordingDial());
      clients = ["a.test", "b.test"].map((host) => new Client(host, { dial }));
    }
    const [client, other] = clients as [Client, Client];
    const callee = make(client, other) as Callee;
    let outcome: unknown;
    try {
      outcome = `resolved to ${Deno.inspect(await callee[method]!(...args))}`;
    } catch (error) {
      outcome = error;
    }
    if (outcome instanceof ValidationException && sent() === "") continue;
    const what = sent() === "" ? `${outcome}` : `sent ${JSON.stringify(sent())}: ${outcome}`;
    wrong.push(`${show(method, args)} ${what.slice(0, 150)}`);
  }
  await Promise.all(clients.map((client) => client.close()));
  return wrong;
}
