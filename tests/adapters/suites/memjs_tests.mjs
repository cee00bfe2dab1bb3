/**
 * The tests of memjs's client, with the drop-in in the place of the package. They put objects in the place of servers:
 * an object gets each request of the binary protocol, and responds. Here what the drop-in sends in the text protocol
 * is shown to them as the same request, as far as it has the same, and their responses are sent back as text.
 */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";

const OPCODES = {
  ...{ get: 0, set: 1, add: 2, replace: 3, delete: 4, incr: 5, decr: 6, "flush_all": 8 },
  ...{ append: 14, prepend: 15, stats: 16, touch: 28 },
};
const STORAGE = ["set", "add", "replace", "append", "prepend"];
const SUCCESS = { delete: "DELETED", touch: "TOUCHED", "flush_all": "OK" };

/** What the objects are made of that take a server's place: `write` is set by each test. */
class Server {
  #waiting = new Map();

  /** Shows a request; `reply` gets the reply as text, and `fail` the error of the connection. */
  show(request, reply, fail) {
    this.#waiting.set(request.header.opaque, { request, reply, fail, stats: "" });
    this.write(request);
  }

  respond(response) {
    const waiting = this.#waiting.get(response.header.opaque);
    if (waiting === undefined) return;
    const { request: { command }, reply } = waiting;
    if (command === "stats" && response.header.totalBodyLength > 0) {
      waiting.stats += `STAT ${response.key} ${response.val}\r\n`;
      return;
    }
    this.#waiting.delete(response.header.opaque);
    reply(`${waiting.stats}${textOf(waiting.request, response)}\r\n`);
  }

  error(error) {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { fail } of all) fail(error);
  }
}

/** The reply of the text protocol. */
function textOf({ command, key }, { header: { status }, val = "", extras = "" }) {
  if (status === 3) return "SERVER_ERROR object too large for cache";
  if (command === "stats") return "END";
  if (command === "get") {
    if (status !== 0) return "END";
    const flags = extras === "" ? 0 : Buffer.from(extras).readUInt32BE(0);
    return `VALUE ${key} ${flags} ${Buffer.byteLength(val)}\r\n${val}\r\nEND`;
  }
  if (STORAGE.includes(command)) return status === 0 ? "STORED" : "NOT_STORED";
  if (command === "incr" || command === "decr") return `${val.readBigUInt64BE(0)}`;
  return status === 0 || command === "flush_all" ? SUCCESS[command] : "NOT_FOUND";
}

/** What has been read of a request of the binary protocol; absent parts are empty. */
function requestOf(line, data, opaque) {
  const [command, key = "", ...rest] = line.split(" ");
  const numbers = {
    ...{ set: [0, 1], add: [0, 1], replace: [0, 1], touch: [0] },
    // The amount has 8 bytes. The initial number and the time are those of another request, if one is needed.
    ...{ incr: [undefined, 0, undefined, undefined, undefined] },
    ...{ decr: [undefined, 0, undefined, undefined, undefined] },
  };
  const extras = Buffer.concat((numbers[command] ?? []).map((at) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(at === undefined ? 0 : Number(rest[at]));
    return bytes;
  }));
  const header = { opcode: OPCODES[command], opaque };
  return { command, header, key: Buffer.from(key), val: Buffer.from(data), extras };
}

/** A connection to one of the objects. */
function connect(server) {
  let unread = "";
  let controller;
  const replies = [];
  const readable = new ReadableStream({ start: (given) => controller = given });
  const send = () => {
    while (replies[0]?.text !== undefined) {
      controller.enqueue(new TextEncoder().encode(replies.shift().text));
    }
  };
  const take = (length) => {
    const taken = unread.slice(0, length);
    unread = unread.slice(length);
    return taken;
  };
  let failure;
  const writable = new WritableStream({
    write(bytes) {
      unread += Buffer.from(bytes).toString("latin1");
      for (let end = unread.indexOf("\r\n"); end >= 0; end = unread.indexOf("\r\n")) {
        const line = unread.slice(0, end);
        const [command] = line.split(" ");
        const length = STORAGE.includes(command) ? Number(line.split(" ")[4]) : undefined;
        if (length !== undefined && unread.length < end + 2 + length + 2) break;
        take(end + 2);
        const data = length === undefined ? "" : take(length + 2).slice(0, -2);
        const reply = { text: undefined };
        replies.push(reply);
        const request = requestOf(line, Buffer.from(data, "latin1"), Symbol(line));
        server.show(request, (text) => {
          reply.text = text;
          if (failure === undefined) send();
        }, (error) => {
          failure ??= error;
          // Once all that has come with it has been shown, too.
          queueMicrotask(() => close(error));
        });
      }
    },
  });
  let isOpen = true;
  const close = (error) => {
    if (!isOpen) return;
    isOpen = false;
    if (error === undefined) controller.close();
    else controller.error(new Error(error.message));
  };
  return { readable, writable, close: () => close() };
}

/** What the tests have of `tap`: what differs is noted by what was wanted. */
function judge(end, differing) {
  const text = (value) => value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  const check = (holds, wanted) => {
    if (!holds) differing.push(wanted);
  };
  return {
    equal: (wanted, found) => check(text(wanted) === text(found), wanted),
    notEqual: (other, found) => check(text(other) !== text(found), `not ${other}`),
    ok: (found, what) => check(Boolean(found), what),
    end,
  };
}

/**
 * In memjs the objects answer before the call has returned, and a test then counts from 0 again. So the outcome of such
 * a call is waited for.
 */
function waitingForCalls(source) {
  return source.split(/^(?=test\()/m).map((test) => {
    const calls = /^ {2}client\.(\w+)\((?:(.*), )?assertor\);\n {2}n = 0;$/m;
    if (!calls.test(test)) return test;
    return test.replace("function(t) {", "async function(t) {").replace(calls, (_, name, args) => {
      const given = args === undefined ? "" : `${args}, `;
      const callback = "(...results) => done(assertor(...results))";
      return `  await new Promise((done) => client.${name}(${given}${callback}));\n  n = 0;`;
    });
  }).join("");
}

/**
 * Finds the tests.
 *
 * @param require Node's, for this folder.
 * @param Client The drop-in's.
 * @returns {[name: string, run: () => Promise<unknown[]>][]} Of each, its name and what runs it; that resolves to what
 * was wanted and is different.
 */
export function findTests(require, Client) {
  const folder = require.resolve("memjs").replace(/lib\/memjs\/memjs\.js$/, "");
  const clients = [];
  class TestedClient extends Client {
    constructor(servers, options = {}) {
      const hosts = servers.map(({ host = "server", port }, i) => ({ host, port: port ?? i + 1 }));
      const dial = ({ hostname, port }) => {
        const at = hosts.findIndex((other) => other.host === hostname && other.port === port);
        return Promise.resolve(connect(servers[at]));
      };
      super(hosts, { logger: { log() {} }, ...options, clientOptions: { dial } });
      clients.push(this);
    }
  }
  const found = [];
  const modules = {
    tap: { test: (name, body) => found.push([name, body]) },
    "../": { Client: TestedClient, Server, Utils: { parseMessage: (request) => request } },
  };
  const source = readFileSync(`${folder}test/client_test.js`, "utf8");
  const load = (name) => modules[name] ?? require(`${folder}${name.replace("../", "")}.js`);
  new Function("require", "process", "Buffer", waitingForCalls(source))(load, process, Buffer);
  return found.map(([name, body]) => [name, async () => {
    const differing = [];
    await new Promise((resolve, reject) => {
      // A promise ends a test, or else a call does.
      body(judge(resolve, differing))?.then(resolve, reject);
    });
    while (clients.length > 0) clients.pop().close();
    return differing;
  }]);
}
