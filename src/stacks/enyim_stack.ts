/** What the stacks of .NET have in common. @module */

import type { ClientOptions } from "../client_options.ts";
import { enyimKeys, type EnyimKeysOptions } from "../keys/enyim_keys.ts";
import { utf8Keys } from "../keys/utf8_keys.ts";

/** The client options for a cache shared with .NET. */
export type EnyimStack = Required<Pick<ClientOptions, "locator" | "transcoder" | "keys">>;

/** The keys of a key transformer, or of none. */
export function keysOf(
  transformer: EnyimKeysOptions["transformer"] | undefined,
): NonNullable<ClientOptions["keys"]> {
  return transformer === undefined ? utf8Keys : enyimKeys({ transformer });
}
