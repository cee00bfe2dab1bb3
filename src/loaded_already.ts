/**
 * The modules that are loaded already when a part is loaded on demand. Each such part imports this one before all else.
 *
 * A bundler that splits code, as esbuild does, makes one file for each set of parts that reach the same modules.
 * Without this list, the core would come in a dozen small files, which weigh a third more after compression.
 *
 * @module
 */

import "./errors.ts";
import "./option_checks.ts";
import "./waiting.ts";
import "./observation.ts";
import "./protocol/hang_up.ts";
import "./protocol/commands/answer.ts";
import "./transcoding/pickle/datetime.ts";
import "./transcoding/pickle/dicts.ts";
import "./transcoding/pickle/global.ts";
import "./server_address.ts";
import "./transport/runtime.ts";
import "./routing/hashes/fnv.ts";
import "./fleet/distribution.ts";
import "./fleet/server_event.ts";
import "./fleet/status.ts";
import "./commands/many_keys.ts";
import "./commands/read.ts";
import "./commands/count.ts";
import "./commands/delete.ts";
import "./commands/session.ts";
import "./transcoding/item_codec.ts";
import "./protocol/key_format.ts";
import "./features/loads.ts";
import "./connection/refusals.ts";
