/** The formats in which other clients store values. @module */

export type { DateTimeKind } from "./enyim/date_time.ts";
export { type DotNetType, DotNetValue } from "./enyim/dot_net_value.ts";
export type { DotNetFractionType, DotNetIntegerType } from "./enyim/number_types.ts";
export {
  type EnyimTranscoder,
  enyimTranscoder,
  type EnyimTranscoderOptions,
} from "./enyim_transcoder.ts";
