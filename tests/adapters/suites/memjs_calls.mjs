/** Calls that memjs and its drop-in are compared by: what memjs's own tests call, and more. */

const SCRIPT = [
  ["get", "hello"],
  ["set", "hello", "world", {}],
  ["get", "hello"],
  ["set", "hello", "éééoào", { expires: 600 }],
  ["get", "hello"],
  ["set", "bytes", new Uint8Array([0, 13, 10, 255]), {}],
  ["get", "bytes"],
  ["set", "empty", "", {}],
  ["get", "empty"],
  ["set", "ключ", "unicode key", {}],
  ["get", "ключ"],
  ["add", "hello", "again", {}],
  ["add", "new", "value", {}],
  ["replace", "new", "other", {}],
  ["replace", "nothing", "other", {}],
  ["get", "new"],
  ["append", "new", "-end"],
  ["get", "new"],
  ["increment", "number", 5, {}],
  ["increment", "number", 5, {}],
  ["increment", "third", 5, { initial: 3 }],
  ["increment", "third", 5, { initial: 3, expires: 600 }],
  ["decrement", "third", 3, {}],
  ["decrement", "third", 100, {}],
  ["get", "third"],
  ["increment", "hello", 1, {}],
  ["decrement", "hello", 1, {}],
  ["set", "large", "x".repeat(2 ** 20 + 1), {}],
  ["touch", "hello", 1024],
  ["touch", "nothing", 1024],
  ["delete", "hello"],
  ["delete", "hello"],
  ["get", "hello"],
];

const TOUCH = 0x1c;

/** Requests of the binary protocol: opcode, key, extras and value. */
function requests({ makeExpiration, makeAmountInitialAndExpiration }) {
  const storing = new Uint8Array([0, 0, 0, 7, 0, 0, 2, 88]);
  const counting = makeAmountInitialAndExpiration(5, 3, 600);
  const existing = makeAmountInitialAndExpiration(5, 3, 0xffff_ffff);
  return [
    [0x00, "raw", "", ""],
    [0x01, "raw", storing, "value"],
    [0x00, "raw", "", ""],
    [0x0c, "raw", "", ""],
    [0x0c, "nothing", "", ""],
    [0x02, "raw", storing, "again"],
    [0x02, "clé", storing, new Uint8Array([0, 13, 10, 255])],
    [0x00, "clé", "", ""],
    [0x03, "nothing", storing, "other"],
    [0x03, "raw", storing, "other"],
    [0x0e, "raw", "", "-end"],
    [0x0f, "raw", "", "begin-"],
    [0x0e, "nothing", "", "-end"],
    [0x1d, "raw", makeExpiration(600), ""],
    [0x1d, "nothing", makeExpiration(600), ""],
    [TOUCH, "raw", makeExpiration(600), ""],
    [TOUCH, "nothing", makeExpiration(600), ""],
    [0x05, "n", existing, ""],
    [0x05, "n", counting, ""],
    [0x05, "n", existing, ""],
    [0x06, "n", counting, ""],
    [0x05, "raw", counting, ""],
    [0x01, "large", storing, "x".repeat(2 ** 20 + 1)],
    [0x04, "raw", "", ""],
    [0x04, "raw", "", ""],
  ];
}

const logger = { log() {} };

/** Performs a request, and resolves to its response, or to an error. */
function perform(client, key, request) {
  return new Promise((resolve) => {
    client.perform(key, request, client.seq, (error, response) => resolve(error ?? response));
  });
}

/** What can be compared of a response: the text protocol has no flags for a touch, and no cas unique for what stores. */
function comparable({ header, key, extras, val }) {
  const { cas: _, extrasLength, totalBodyLength, ...fixed } = header;
  const lengths = header.opcode === TOUCH ? {} : { extras, extrasLength, totalBodyLength };
  return shown({ ...fixed, ...lengths, key, val });
}

/** Performs all requests. */
async function performAll({ Utils }, client) {
  const outcomes = [];
  // memjs has numbered what it has sent itself.
  client.seq = 1000;
  const send = async (key, request) => {
    const response = await perform(client, key, request);
    outcomes.push(comparable(response));
    return response;
  };
  const make = (opcode, key, extras, value) => {
    client.incrSeq();
    return Utils.makeRequestBuffer(opcode, key, extras, value, client.seq);
  };
  for (const [opcode, key, extras, value] of requests(Utils)) {
    await send(key, make(opcode, key, extras, value));
  }
  for (const opcode of [0x01, 0x03]) {
    const { header } = await send("clé", make(0x00, "clé", "", ""));
    for (const value of ["once", "twice"]) {
      const request = make(opcode, "clé", new Uint8Array(8), value);
      request.set(header.cas, 16);
      await send("clé", request);
    }
    await send("clé", make(0x00, "clé", "", ""));
  }
  return outcomes;
}

/** How many outcomes there are: one of each call, that of `flush`, and those of all requests. */
export const OUTCOMES = SCRIPT.length + 2;

/** What can be compared: bytes and errors as text. */
export function shown(value) {
  if (value instanceof Error) return `Error: ${value.message}`;
  if (value instanceof Uint8Array) return `Buffer ${value}`;
  if (Object(value) !== value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}

/** How methods are called, by name. */
export const WAYS = {
  async promises(client, name, args) {
    try {
      return ["resolves", shown(await client[name](...args))];
    } catch (error) {
      return ["rejects", shown(error)];
    }
  },

  callbacks(client, name, args) {
    return new Promise((resolve) => {
      client[name](...args, (...results) => resolve(trimmed(results.map(shown))));
    });
  },
};

/** memjs calls back with more `null`s after some errors than after others. */
function trimmed(results) {
  return results.slice(0, results.findLastIndex((result) => result !== null) + 1);
}

/**
 * Calls everything, on an empty server.
 *
 * @param make memjs, or its drop-in.
 * @param way The name of one of {@linkcode WAYS}.
 * @param address The server's.
 * @returns The outcomes.
 */
export async function callAll(make, way, address) {
  const client = make.Client.create(address, { logger, timeout: 10 });
  const outcomes = [];
  for (const [name, ...args] of SCRIPT) {
    outcomes.push([name, ...await WAYS[way](client, name, args)]);
  }
  outcomes.push(shown(await client.flush()));
  outcomes.push(await performAll(make, client));
  client.close();
  return JSON.parse(JSON.stringify(outcomes).replaceAll(address.split(":").at(-1), "PORT"));
}
