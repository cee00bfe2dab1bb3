/** Every way to a socket that this runtime can try. @module */

import type { ClientOptions } from "../../mod.ts";
import { dialNode } from "../../src/transport/node.ts";

/** Options that send a client another way to its sockets, and what to call that. */
export interface Way extends Pick<ClientOptions, "dial" | "io"> {
  readonly way: string;
}

/** The runtime's own dialer, and that of Bun and Node, since Deno has their modules. */
export const WAYS: readonly Way[] = [
  { way: "direct", io: "direct" },
  { way: "streams", io: "streams" },
  { way: "node, direct", io: "direct", dial: dialNode },
  { way: "node, streams", io: "streams", dial: dialNode },
];

/** The options for the runtime's own dialer and for that of Node's modules, by what to add to a name. */
export const BOTH_DIALERS: Readonly<Record<string, ClientOptions>> = {
  "": {},
  ", with Node's sockets": { dial: dialNode },
};
