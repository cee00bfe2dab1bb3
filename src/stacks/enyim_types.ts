/** The types that the entries of both .NET stacks have in common. @module */

import type { ClientOptions } from "../client_options.ts";

export type { EnyimKeysOptions } from "../keys/enyim_keys.ts";
export type {
  DateTimeKind,
  DotNetFractionType,
  DotNetIntegerType,
} from "../transcoding/enyim/dot_net_types.ts";
export type { EnyimTranscoderOptions } from "../transcoding/enyim_transcoder.ts";

/** The client options for a cache shared with .NET. */
export type EnyimStack = {
  readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]>;
};
