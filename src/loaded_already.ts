/**
 * The modules that are loaded already when a part is loaded on demand. Each such part imports this one before all else.
 *
 * A bundler that splits code, as esbuild does, makes one file for each set of parts that reach the same modules.
 * Without this list, the core would come in a dozen small files, which weigh a third more after compression.
 *
 * @module
 */

// The core, which every client has.
import "./errors.ts";
import "./option_checks.ts";
import "./waiting.ts";
import "./observation.ts";
import "./protocol/commands/answer.ts";
import "./protocol/key_format.ts";
import "./transport/runtime.ts";
import "./routing/moecache_ring.ts";
import "./transcoding/complex.ts";
import "./transcoding/item_codec.ts";
import "./transcoding/json_transcoder.ts";
import "./server_address.ts";
import "./client_options.ts";
import "./fleet/distribution.ts";
import "./fleet/server_event.ts";
import "./fleet/status.ts";
import "./commands/session.ts";
import "./commands/many_keys.ts";
import "./commands/read.ts";
import "./commands/store.ts";
import "./commands/count.ts";
import "./commands/delete.ts";
import "./commands/traced.ts";
import "./features/loads.ts";

// What many of these parts share. The first of them is loaded before the first connection.
import "./waiting/promises.ts";
import "./waiting/timers.ts";
import "./transport/attempts.ts";
import "./transport/event_loop.ts";
import "./transport/runtime_features.ts";
import "./connection/refusals.ts";
