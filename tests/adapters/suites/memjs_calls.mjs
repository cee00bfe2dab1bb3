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

const logger = { log() {} };

/** How many outcomes there are: one of each call, and that of `flush`. */
export const OUTCOMES = SCRIPT.length + 1;

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
  client.close();
  return JSON.parse(JSON.stringify(outcomes).replaceAll(address.split(":").at(-1), "PORT"));
}
