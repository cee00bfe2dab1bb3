/** memjs's helpers for messages of the binary protocol, which the drop-in itself does not speak. @module */

import { systemClock } from "../../waiting.ts";
import { type NodeBuffer, toBuffer } from "../node_callbacks.ts";
import { whole } from "./memjs_options.ts";

/** The header of a message. */
export interface Header {
  /** 0x80 in a request, 0x81 in a response. */
  magic: number;
  /** The command. */
  opcode: number;
  /** The length of the key in bytes. */
  keyLength: number;
  /** The length of the extras in bytes. */
  extrasLength: number;
  /** Always 0. */
  dataType?: number;
  /** Of a response: 0 when the command has succeeded. */
  status?: number;
  /** The length of extras, key and value in bytes. */
  totalBodyLength: number;
  /** A number that the response has from its request. */
  opaque?: number;
  /** The cas unique, in 8 bytes. */
  cas?: NodeBuffer;
}

/** A message that was parsed. */
export interface Response {
  /** Its header. */
  header: Required<Header>;
  /** Its key. */
  key: NodeBuffer;
  /** What is specific to the command. */
  extras: NodeBuffer;
  /** Its value. */
  val: NodeBuffer;
}

/** The functions of memjs's `Header`. */
export interface MemjsHeaders {
  /** Parses the first 24 bytes of a message. */
  fromBuffer(headerBuf: Uint8Array): Required<Header>;
  /** Makes the first 24 bytes of a message. */
  toBuffer(header: Header): NodeBuffer;
}

/** The functions of memjs's `Utils`. */
export interface MemjsUtils {
  /** Makes a request. */
  makeRequestBuffer(
    opcode: number,
    key: string | Uint8Array,
    extras: string | Uint8Array,
    value: string | Uint8Array,
    opaque: number,
  ): NodeBuffer;
  /** Makes the extras of a request that counts. */
  makeAmountInitialAndExpiration(
    amount: number,
    amountIfEmpty: number,
    expiration: number,
  ): NodeBuffer;
  /** Makes the extras of a request that sets when a key expires. */
  makeExpiration(expiration: number): NodeBuffer;
  /** The hash of a key that memjs chooses its server by. */
  hashCode(str: string): number;
  /** Parses a message; `false`, which memjs's types do not say, when a part of it is missing. */
  parseMessage(dataBuf: Uint8Array): Response;
  /** Gives an object the properties of another one that it lacks. */
  merge<Original extends object, Defaults extends object>(
    original: Original,
    deflt: Defaults,
  ): Original & Defaults;
  /** A time in milliseconds that only rises. */
  timestamp(): number;
}

const HEADER_LENGTH = 24;

/** memjs's `Header`. */
export const Header: MemjsHeaders = {
  fromBuffer(headerBuf) {
    const view = viewOf(headerBuf);
    return {
      magic: view.getUint8(0),
      opcode: view.getUint8(1),
      keyLength: view.getUint16(2),
      extrasLength: view.getUint8(4),
      dataType: view.getUint8(5),
      status: view.getUint16(6),
      totalBodyLength: view.getUint32(8),
      opaque: view.getUint32(12),
      cas: toBuffer(headerBuf.subarray(16, HEADER_LENGTH)),
    };
  },
  toBuffer(header) {
    const bytes = new Uint8Array(HEADER_LENGTH);
    const view = viewOf(bytes);
    view.setUint8(0, unsigned("magic", header.magic, 8));
    view.setUint8(1, unsigned("opcode", header.opcode, 8));
    view.setUint16(2, unsigned("keyLength", header.keyLength, 16));
    view.setUint8(4, unsigned("extrasLength", header.extrasLength, 8));
    view.setUint8(5, unsigned("dataType", header.dataType ?? 0, 8));
    view.setUint16(6, unsigned("status", header.status ?? 0, 16));
    view.setUint32(8, unsigned("totalBodyLength", header.totalBodyLength, 32));
    view.setUint32(12, unsigned("opaque", header.opaque ?? 0, 32));
    bytes.set((header.cas ?? new Uint8Array()).subarray(0, 8), 16);
    return toBuffer(bytes);
  },
};

/** memjs's `Utils`. */
export const Utils: MemjsUtils = {
  makeRequestBuffer(opcode, key, extras, value, opaque) {
    const parts = [extras, key, value].map(bytesOf);
    const [extrasLength = 0, keyLength = 0] = parts.map(({ byteLength }) => byteLength);
    const totalBodyLength = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const request = new Uint8Array(HEADER_LENGTH + totalBodyLength);
    request.set(
      Header.toBuffer({ magic: 0x80, opcode, keyLength, extrasLength, totalBodyLength, opaque }),
    );
    let end = HEADER_LENGTH;
    for (const part of parts) {
      request.set(part, end);
      end += part.byteLength;
    }
    return toBuffer(request);
  },
  makeAmountInitialAndExpiration(amount, amountIfEmpty, expiration) {
    const bytes = new Uint8Array(20);
    const view = viewOf(bytes);
    view.setUint32(4, unsigned("amount", amount, 32));
    view.setUint32(12, unsigned("amountIfEmpty", amountIfEmpty, 32));
    view.setUint32(16, unsigned("expiration", expiration, 32));
    return toBuffer(bytes);
  },
  makeExpiration(expiration) {
    const bytes = new Uint8Array(4);
    viewOf(bytes).setUint32(0, unsigned("expiration", expiration, 32));
    return toBuffer(bytes);
  },
  hashCode(str) {
    let hash = 0;
    for (let i = 0; i < str.length; i++) hash = (31 * hash + str.charCodeAt(i)) | 0;
    return Math.abs(hash);
  },
  parseMessage(dataBuf) {
    const incomplete = false as unknown as Response;
    if (dataBuf.byteLength < HEADER_LENGTH) return incomplete;
    const header = Header.fromBuffer(dataBuf);
    const { extrasLength, keyLength, totalBodyLength } = header;
    const end = HEADER_LENGTH + totalBodyLength;
    if (dataBuf.byteLength < end || totalBodyLength < keyLength + extrasLength) return incomplete;
    const keyStart = HEADER_LENGTH + extrasLength;
    const valueStart = keyStart + keyLength;
    return {
      header,
      key: toBuffer(dataBuf.subarray(keyStart, valueStart)),
      extras: toBuffer(dataBuf.subarray(HEADER_LENGTH, keyStart)),
      val: toBuffer(dataBuf.subarray(valueStart, end)),
    };
  },
  merge(original, deflt) {
    const merged = original as Record<string, unknown>;
    for (const [name, value] of Object.entries(deflt)) merged[name] ??= value;
    return original as typeof original & typeof deflt;
  },
  timestamp: () => Math.round(systemClock.now()),
};

function unsigned(name: string, value: number, bits: number): number {
  return whole(name, value, 2 ** bits - 1);
}

function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? new TextEncoder().encode(part) : part;
}

/** A view of bytes. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
