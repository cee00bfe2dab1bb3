/** Authenticates new connections. @module */

import "../loaded_already.ts";
// Loaded with the byte channel everywhere, so that bundlers put both into one file.
import "./stall_timer.ts";
import { SocketError } from "../errors.ts";
import {
  authenticationRequest,
  checkAuthenticationAnswer,
} from "../protocol/commands/authentication.ts";
import type { CheckedCredentials } from "../protocol/credentials.ts";
import {
  type ByteChannel,
  inTime,
  LONGEST_CLOSE,
  openChannel,
  writeAll,
} from "../transport/byte_channel.ts";
import type { Transport } from "../transport/transport.ts";

/** Opens a socket. */
export type Dial = (signal: AbortSignal) => Promise<Transport>;

/** The maximum length of a reply; memcached's replies are much shorter. */
const LONGEST_ANSWER = 2048;

/** Makes a dialer that resolves to a socket only when the server has accepted the credentials. */
export function authenticated(dial: Dial, checked: CheckedCredentials): Dial {
  return async (signal) => {
    const credentials = checked.reveal();
    const transport = await dial(signal);
    let closing: Promise<void> | undefined;
    const close = () => closing ??= closeTransport(transport);
    // What the authentication fails with is the error that matters. Workers warn about listeners that return a promise.
    const giveUp = () => void close().catch(() => {});
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", giveUp);
      const answer = await ask(transport, authenticationRequest(credentials));
      checkAuthenticationAnswer(answer, credentials);
      signal.throwIfAborted();
      return transport;
    } catch (error) {
      await inTime(Promise.allSettled([close()]), LONGEST_CLOSE);
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  };
}

async function closeTransport(transport: Transport): Promise<void> {
  await transport.close();
}

/** Sends a request, and resolves to the line of the reply. The transport can be used again then. */
async function ask(transport: Transport, request: Uint8Array): Promise<string> {
  const channel = await openChannel(transport, true);
  try {
    await writeAll(channel, request);
    return await readAnswer(channel);
  } finally {
    channel.release();
  }
}

async function readAnswer(channel: ByteChannel): Promise<string> {
  const decoder = new TextDecoder();
  let answer = "";
  while (!answer.includes("\n")) {
    const chunk = await channel.read();
    if (chunk === undefined) throw new SocketError("the server closed it while authenticating");
    answer += decoder.decode(chunk, { stream: true });
    if (answer.length > LONGEST_ANSWER) throw new SocketError("a line of the reply has no end");
  }
  if (answer.indexOf("\n") < answer.length - 1) {
    throw new SocketError("the server sent more than the reply to the authentication");
  }
  return answer.replace(/\r?\n$/, "");
}
