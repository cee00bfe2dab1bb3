/** A transport whose end is noticed. @module */

import "../loaded_already.ts";
// Loaded with the byte channel everywhere, so that bundlers put both into one file.
import "./stall_timer.ts";
import { closeInTime } from "../transport/byte_channel.ts";
import type { Transport } from "../transport/transport.ts";

/** The same transport, with a callback when it has been closed. */
export function transportWithEnd(transport: Transport, closed: () => void): Transport {
  let closing: Promise<void> | undefined;
  const close = async () => {
    try {
      await closeInTime(transport);
    } finally {
      closed();
    }
  };
  const { read, write, receive, ref, unref } = transport;
  return {
    get readable() {
      return transport.readable;
    },
    get writable() {
      return transport.writable;
    },
    close: () => closing ??= close(),
    ...(read && { read: read.bind(transport) }),
    ...(write && { write: write.bind(transport) }),
    ...(receive && { receive: receive.bind(transport) }),
    ...(ref && { ref: ref.bind(transport) }),
    ...(unref && { unref: unref.bind(transport) }),
  };
}
