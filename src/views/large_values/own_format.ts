/** This module's format of large values. @module */

import { ClientException } from "../../../mod.ts";
import { envelope, openEnvelope, unescapeValue } from "../envelope.ts";
import { type Format, type Head, MOST_CHUNKS, type Sizes } from "./large_value_format.ts";

const NAME = "large";

/** The format of this module: a list with the chunks' random name and the lengths. */
export class OwnFormat implements Format {
  readonly suffixLength = 0;

  encode(value: unknown): unknown {
    return value;
  }

  encodeStream(): Uint8Array {
    return new Uint8Array();
  }

  bytesOf(value: unknown): Uint8Array | undefined {
    if (typeof value !== "string") return value instanceof Uint8Array ? value : undefined;
    // UTF-8 cannot represent a lone surrogate: the client's format refuses it, or has a way of its own.
    return value.isWellFormed() ? new TextEncoder().encode(value) : undefined;
  }

  begin(): { id: string; keyOf: (index: number) => string } {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => {
      return byte.toString(16).padStart(2, "0");
    }).join("");
    return { id, keyOf: (index) => chunkKey(id, index) };
  }

  head(id: string, { byteLength, chunkByteLength }: Sizes, value: unknown): unknown {
    const type = typeof value === "string" ? "text" : "bytes";
    return envelope(NAME, id, byteLength, chunkByteLength, type);
  }

  open(stored: unknown): Head | undefined {
    const parts = openEnvelope(NAME, stored);
    if (parts === undefined) return undefined;
    const [id, byteLength, chunkByteLength, type] = parts as [string, number, number, string];
    const isHead = typeof id === "string" && /^[\da-f]{32}$/.test(id) &&
      Number.isSafeInteger(byteLength) && byteLength >= 0 &&
      Number.isSafeInteger(chunkByteLength) && chunkByteLength > 0 &&
      byteLength <= chunkByteLength * MOST_CHUNKS;
    if (!isHead) {
      throw new ClientException("Cannot read a large value: its list is damaged", stored);
    }
    const count = Math.ceil(byteLength / chunkByteLength);
    return {
      id,
      count,
      keyOf: (index) => chunkKey(id, index),
      lengthOf: (index) => Math.min(chunkByteLength, byteLength - index * chunkByteLength),
      // A byte order mark is part of the text.
      valueOf: (bytes) =>
        type === "text" ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : bytes,
      isPlain: () => true,
    };
  }

  decode(stored: unknown): unknown {
    return unescapeValue(stored);
  }
}

function chunkKey(id: string, index: number): string {
  // The number stands first: keys that differ in their last characters only are close together on some rings.
  return `~moecache-${index}:${id}`;
}
