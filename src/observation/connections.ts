/** What connections do for subscribers. @module */

import type { ServerContext } from "../channel_contexts.ts";
import { DIAGNOSTICS, type SentCommand, useChannels } from "../observation.ts";
import { systemClock } from "../waiting.ts";
import { lettingProcessEnd } from "../waiting/timers.ts";

let isLookedFor = false;

/** How many milliseconds after the first reply the channels are looked for that were not found at once. */
const LATER = 100;

/** Asks for the channels later, when a server has answered: that does not delay the first operations. */
export function lookForChannels(): void {
  if (isLookedFor || !("Deno" in globalThis)) return;
  isLookedFor = true;
  lettingProcessEnd(systemClock).after(LATER, () => {
    const specifier = DIAGNOSTICS;
    // Without the module there are no subscribers.
    import(/* webpackIgnore: true */ /* @vite-ignore */ specifier).then(useChannels, () => {});
  });
}

/** Takes note that a command is about to be given to a connection. */
export function noteCarrier(command: SentCommand, server: ServerContext = {}): void {
  const { context } = command;
  if (context === undefined) return;
  const { serverAddress, serverPort } = server;
  const { attempts, keys } = context;
  const isAgain = command.carrier > 0;
  context.attempts = (attempts ?? 1) + (isAgain && attempts !== undefined ? 1 : 0);
  if (attempts === undefined || (isAgain && keys === 1)) {
    context.serverAddress = serverAddress;
    context.serverPort = serverPort;
  } else if (context.serverAddress !== serverAddress || context.serverPort !== serverPort) {
    // Keys on several servers have none in common.
    context.serverAddress = context.serverPort = undefined;
  }
}
