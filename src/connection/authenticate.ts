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
import { checkCount, restAfter } from "../transport/byte_channel.ts";
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
    // Workers warn about listeners that return a promise.
    const giveUp = () => void close();
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", giveUp);
      const answer = await ask(transport, authenticationRequest(credentials));
      checkAuthenticationAnswer(answer, credentials);
      signal.throwIfAborted();
      return transport;
    } catch (error) {
      await close();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  };
}

async function closeTransport(transport: Transport): Promise<void> {
  await transport.close();
}

/** Sends a request, and resolves to the line of the reply. */
async function ask(transport: Transport, request: Uint8Array): Promise<string> {
  const socket = openSocket(transport);
  try {
    await socket.write(request);
    return await readAnswer(socket);
  } finally {
    socket.release();
  }
}

async function readAnswer(socket: Socket): Promise<string> {
  const decoder = new TextDecoder();
  let answer = "";
  let idle = 0;
  while (!answer.includes("\n")) {
    if (idle > 0) await restAfter(idle, "gives");
    const chunk = await socket.read();
    if (chunk === undefined) throw new SocketError("the server closed it while authenticating");
    idle = chunk.length === 0 ? idle + 1 : 0;
    answer += decoder.decode(chunk, { stream: true });
    if (answer.length > LONGEST_ANSWER) throw new SocketError("a line of the reply has no end");
  }
  if (answer.indexOf("\n") < answer.length - 1) {
    throw new SocketError("the server sent more than the reply to the authentication");
  }
  return answer.replace(/\r?\n$/, "");
}

/** A transport during the authentication. */
interface Socket {
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
  /** Releases the transport for its next user. */
  release(): void;
}

function openSocket(transport: Transport): Socket {
  const { read, write } = transport;
  return read === undefined || write === undefined
    ? streamSocket(transport)
    : directSocket(read.bind(transport), write.bind(transport));
}

function directSocket(
  read: Required<Transport>["read"],
  write: Required<Transport>["write"],
): Socket {
  const into = new Uint8Array(LONGEST_ANSWER);
  return {
    async read() {
      const count = await read(into);
      return count === null ? undefined : into.subarray(0, checkCount(count, into.length));
    },
    async write(bytes) {
      let idle = 0;
      for (let rest = bytes; rest.length > 0;) {
        if (idle > 0) await restAfter(idle, "takes");
        const count = checkCount(await write(rest), rest.length);
        idle = count === 0 ? idle + 1 : 0;
        rest = rest.subarray(count);
      }
    },
    release() {},
  };
}

function streamSocket({ readable, writable }: Transport): Socket {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  // A failure rejects the read or write, so `closed` is not awaited.
  for (const { closed } of [reader, writer]) closed.catch(() => {});
  return {
    read: async () => (await reader.read()).value,
    write: (bytes) => writer.write(bytes),
    release() {
      reader.releaseLock();
      writer.releaseLock();
    },
  };
}
