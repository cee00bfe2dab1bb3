/** What `perform` of memjs does: requests of the binary protocol, sent in the text protocol. @module */

import {
  type Client,
  ClientException,
  type EncodedValue,
  ValidationException,
} from "../../../mod.ts";
import { toBuffer } from "../node_callbacks.ts";
import { Header, type Response, Utils, viewOf } from "./messages.ts";

/** The statuses of responses that are made here, and what memcached writes with them. */
const TEXTS = {
  0x01: "Not found",
  0x02: "Data exists for key.",
  0x03: "Too large.",
  0x05: "Not stored.",
  0x06: "Non-numeric server-side value for incr or decr",
  0x82: "Out of memory",
  0x84: "Internal error",
} as const;

/** A response's status; 0 is success. */
type Status = keyof typeof TEXTS | 0;

/** What a command was answered with. */
interface Answer {
  readonly status: Status;
  readonly extras?: Uint8Array;
  readonly value?: Uint8Array;
  readonly cas?: bigint;
}

/** What is read of a request. */
interface Request {
  readonly key: string;
  readonly extras: DataView;
  readonly value: Uint8Array;
  readonly cas: bigint;
}

interface Command {
  /** How many bytes its extras have. */
  readonly extrasLength: number;
  /** Whether it has the same effect twice as once. */
  readonly isRepeatable: boolean;
  /** Whether a request may have a cas unique. */
  readonly takesCas?: boolean;
  /** Whether its response has the key. */
  readonly returnsKey?: boolean;
  send(client: Client, request: Request): Promise<Answer>;
}

/** The refusals of memcached by a part of its line: their statuses, and what memjs calls them. */
const REFUSALS: readonly (readonly [RegExp, Status, string])[] = [
  [/too large/i, 0x03, "Value too large"],
  [/non-numeric/i, 0x06, "Incr/Decr on non-numeric value"],
  [/out of memory/i, 0x82, "Out of memory"],
];

/**
 * What memjs makes of a refusal by memcached.
 *
 * @throws The error, when it is not one.
 */
export function refusalOf(
  error: unknown,
): { error: ClientException; status: Status; text: string } {
  if (!(error instanceof ClientException) || error instanceof ValidationException) throw error;
  const known = REFUSALS.find(([part]) => part.test(`${error.message} ${error.item}`));
  const [, status = 0x84, text = error.message] = known ?? [];
  return { error, status, text };
}

/** The time of a request that counts which says that the key has to exist. */
const NEVER_CREATE = 0xffff_ffff;

const GET: Command = {
  extrasLength: 0,
  isRepeatable: true,
  send: async (client, { key }) => {
    const item = await client.gets<EncodedValue>(key);
    return item === undefined ? { status: 0x01 } : { ...read(item.value), cas: item.cas };
  },
};

/** The commands by their opcodes. */
const COMMANDS: Readonly<Record<number, Command>> = {
  0x00: GET,
  // Its response has the key even where the key does not exist, and then no text.
  0x0c: {
    ...GET,
    returnsKey: true,
    send: async (client, request) => ({
      value: new Uint8Array(),
      ...await GET.send(client, request),
    }),
  },
  0x01: /* @__PURE__ */ store("set", 0x05),
  0x02: /* @__PURE__ */ store("add", 0x02),
  0x03: /* @__PURE__ */ store("replace", 0x01),
  0x04: {
    extrasLength: 0,
    isRepeatable: true,
    send: (client, { key }) => answer(client.delete(key), 0x01),
  },
  0x05: /* @__PURE__ */ count("incr"),
  0x06: /* @__PURE__ */ count("decr"),
  0x0e: /* @__PURE__ */ join("append"),
  0x0f: /* @__PURE__ */ join("prepend"),
  0x1c: {
    extrasLength: 4,
    isRepeatable: true,
    send: (client, { key, extras }) => answer(client.touch(key, extras.getUint32(0)), 0x01),
  },
  0x1d: {
    extrasLength: 4,
    isRepeatable: true,
    send: async (client, { key, extras }) => {
      const item = await client.getAndTouch<EncodedValue>(key, extras.getUint32(0));
      return item === undefined ? { status: 0x01 } : read(item);
    },
  },
};

function read({ flags, data }: EncodedValue): Answer {
  const extras = new Uint8Array(4);
  viewOf(extras).setUint32(0, flags);
  return { status: 0, extras, value: data };
}

async function answer(done: Promise<boolean>, otherwise: Status): Promise<Answer> {
  return { status: await done ? 0 : otherwise };
}

function store(name: "set" | "add" | "replace", otherwise: Status): Command {
  return {
    extrasLength: 8,
    isRepeatable: name === "set",
    takesCas: name !== "add",
    send: async (client, { key, extras, value, cas }) => {
      const item: EncodedValue = { flags: extras.getUint32(0), data: value };
      const exptime = extras.getUint32(4);
      if (cas !== 0n) {
        const outcome = await client.cas(key, item, cas, exptime);
        return { status: outcome === "stored" ? 0 : outcome === "exists" ? 0x02 : 0x01 };
      }
      return { status: await client[name](key, item, exptime) === false ? otherwise : 0 };
    },
  };
}

function count(name: "incr" | "decr"): Command {
  return {
    extrasLength: 20,
    isRepeatable: false,
    send: async (client, { key, extras }) => {
      const exptime = extras.getUint32(16);
      const creating = exptime === NEVER_CREATE ? {} : { initial: extras.getBigUint64(8), exptime };
      const number = await client[name](key, extras.getBigUint64(0), creating);
      if (number === undefined) return { status: 0x01 };
      const value = new Uint8Array(8);
      viewOf(value).setBigUint64(0, number);
      return { status: 0, value };
    },
  };
}

function join(name: "append" | "prepend"): Command {
  return {
    extrasLength: 0,
    isRepeatable: false,
    send: (client, { key, value }) => answer(client[name](key, value), 0x05),
  };
}

/** A request that can be sent. */
export interface ReadRequest {
  readonly isRepeatable: boolean;
  send(client: Client): Promise<Response>;
}

/**
 * Reads a request of the binary protocol.
 *
 * @param key The key by which the server was chosen: it must be that of the request.
 * @throws {ValidationException} When it cannot be sent in the text protocol.
 */
export function readRequest(key: string, message: Uint8Array): ReadRequest {
  // The caller's bytes may change before they are sent.
  const parsed = Utils.parseMessage(message.slice());
  const { opcode, opaque } = Object(parsed).header ?? {};
  const command = COMMANDS[opcode];
  const refuse = (why: string) =>
    new ValidationException(
      `Cannot perform request for key ${JSON.stringify(key)}: ${why}`,
      message,
    );
  if (!parsed) throw refuse("it is incomplete");
  if (command === undefined) throw refuse(`opcode ${opcode} has no command here`);
  const { extras, val } = parsed;
  if (extras.byteLength !== command.extrasLength) {
    throw refuse(`its extras must have ${command.extrasLength} bytes`);
  }
  const own = new TextDecoder().decode(parsed.key);
  if (own !== key) throw refuse(`it has the key ${JSON.stringify(own)}`);
  const cas = viewOf(parsed.header.cas).getBigUint64(0);
  if (cas !== 0n && !command.takesCas) throw refuse("only set and replace take a cas unique");
  const request: Request = { key, extras: viewOf(extras), value: val, cas };
  return {
    isRepeatable: command.isRepeatable && cas === 0n,
    async send(client) {
      const key = command.returnsKey ? parsed.key : new Uint8Array();
      const sent = command.send(client, request);
      const answered = await sent.catch((error): Answer => ({ status: refusalOf(error).status }));
      return respond(answered, { opcode, opaque, key });
    },
  };
}

function respond(
  { status, extras = new Uint8Array(), value, cas = 0n }: Answer,
  { opcode, opaque, key }: { opcode: number; opaque: number; key: Uint8Array },
): Response {
  const val = value ?? new TextEncoder().encode(status === 0 ? "" : TEXTS[status]);
  const unique = new Uint8Array(8);
  viewOf(unique).setBigUint64(0, cas);
  const [extrasLength, keyLength] = [extras.byteLength, key.byteLength];
  const totalBodyLength = extrasLength + keyLength + val.byteLength;
  const header = Header.toBuffer({
    ...{ magic: 0x81, opcode, keyLength, extrasLength, status, totalBodyLength, opaque },
    cas: toBuffer(unique),
  });
  const parts = [key, extras, val].map(toBuffer);
  return {
    header: Header.fromBuffer(header),
    key: parts[0]!,
    extras: parts[1]!,
    val: parts[2]!,
  };
}
