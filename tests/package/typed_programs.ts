/** Programs that were written for packages whose place the drop-ins take, and use all that their types have. @module */

/** What a program imports; the drop-in is the entry of that name. */
export type Replaced = "memcached" | "memjs";

/** The programs, in TypeScript. What the drop-ins list as missing is not in them. */
export const PROGRAMS: Readonly<Record<Replaced, string>> = {
  memcached: `import Memcached from "memcached";
import { EventEmitter } from "node:events";
import { promisify } from "node:util";

/** A class of a program, with every name of the types. */
export class Store extends Memcached {
  readonly issues: Memcached.IssueData[] = [];

  constructor(location: Memcached.Location, options: Memcached.options = {}) {
    options.retries = 1;
    const algorithm: string = "md5";
    super(location, { ...options, algorithm, failOverServers: ["127.0.0.1:1"] });
    const names: Memcached.EventNames[] = ["issue", "failure", "reconnecting", "reconnect", "remove"];
    for (const name of names) this.on(name, (issue) => this.issues.push(issue));
    this.once("issue", this.add1).setMaxListeners(20).prependListener("remove", this.add1);
  }

  add1 = (issue: Memcached.IssueData): void => {
    const [port, host]: [string, string] = issue.tokens;
    const messages: string[] = issue.messages;
    const down: number | undefined = issue.totalDownTime ?? issue.totalReconnectsFailed;
    messages.push(\`\${port} \${host} \${down} \${issue.failures} \${issue.totalReconnectsSuccess}\`);
  };
}

interface Settings extends Memcached.options {
  ttl: number;
}

Memcached.config.poolSize = 5;
Memcached.config = { maxKeySize: 250, timeout: 100 };
const settings: Settings = { ttl: 5, namespace: "a:", remove: true, keyCompression: true };
export const locations: Memcached.Location[] = ["a:1", ["a:1", "b:1"], { "a:1": 1, "b:1": 2 }];
const memcached: Memcached = new Memcached(locations[0]!, settings);
export const emitter: EventEmitter = memcached;

memcached.set("key", { a: 1 }, 5, function (this: Memcached.CommandData, error: any, stored: boolean) {
  const key: string | undefined = this.key;
  const value: any = this.value;
  const took: number = this.start + this.execution;
  const text: string = this.type + this.command + key + took + value + stored + error;
  const lifetime: number | undefined = this.lifetime;
  const names: string[] = this.validate.map(([name]) => name);
  this.callback(text, lifetime, this.cas, this.redundancyEnabled, names);
});
memcached.get("key", function (error, data) {
  console.log(this.key, this.execution, error, data.a);
});
memcached.get("key", (error: Error, data: { a: number }) => console.log(error, data.a));
memcached.gets("key", (error, data) => {
  const cas: string = data.cas;
  memcached.cas("key", data["key"], cas, 0, (error, stored) => console.log(error, stored === true));
});
memcached.getMulti(["a", "b"], function (this: undefined, error, data) {
  const all: { [key: string]: any } = data;
  console.log(all["a"].b, error);
});
memcached.add("key", 5, 0, (error: any, result: boolean) => console.log(error, result));
memcached.replace("key", Buffer.from("a"), 0, (error, result) => console.log(error, result));
memcached.append("key", "a", (error, result) => console.log(error, result));
memcached.prepend("key", "a", (error, result) => console.log(error, result));
memcached.incr("key", 1, (error, result) => console.log(error, typeof result === "number" ? result + 1 : result));
memcached.decr("key", 1, (error: any, result: number | boolean) => console.log(error, result));
memcached.touch("key", 1, (error) => console.log(error));
memcached.del("key", (error, deleted) => console.log(error, deleted));
memcached.version((error: any, versions: Memcached.VersionData[]) => {
  for (const { server, version, major, minor, bugfix } of versions) {
    const parts: string[] = [version, major, minor, bugfix];
    console.log(error, server?.length, parts);
  }
});
const status = (error: any, all: Memcached.StatusData[]): void => {
  const pid: string | number | boolean | undefined = all[0]?.["pid"];
  console.log(error, pid, all.map(({ server }) => server));
};
memcached.stats(status);
memcached.settings(status);
memcached.slabs(status);
memcached.items((error, items) => console.log(error, Object.keys(items[0]!)));
memcached.cachedump("a:1", 1, 0, (error, dump) => {
  const list: Memcached.CacheDumpData[] = Array.isArray(dump) ? dump : [dump];
  console.log(error, list.map(({ key, b, s }) => key.length + b + s));
});
memcached.flush(function (this: undefined, error, results: boolean[]) {
  console.log(error, results.every(Boolean));
});
memcached.removeAllListeners().removeListener("issue", console.log).off("issue", console.log);
memcached.emit("issue", { server: "a" });
console.log(memcached.listeners("issue").length, memcached.eventNames(), memcached.listenerCount("issue"));
const get: (key: string) => Promise<any> = promisify(memcached.get).bind(memcached);
const store: (key: string, value: any, lifetime: number) => Promise<boolean> = promisify(memcached.set).bind(memcached);
export const results: Promise<any>[] = [get("key"), store("key", 1, 0)];
memcached.end();
`,
  memjs:
    `import memjs, { Client, type ClientOptions, type Logger, type Serializer, type ServerOptions } from "memjs";
import type { IncrementDecrementOptions, InsertOptions, Response, Server } from "memjs";
import { Header as Headers, type Header, Server as ServerClass, Utils } from "memjs";

interface User {
  name: string;
}

const logger: Logger = { log: (...parts: any[]) => console.log(...parts) };
const serializer: Serializer<User, User | null> = {
  serialize(opcode, value, extras) {
    const user: User = value;
    extras.writeUInt32BE(opcode, 0);
    return { value: JSON.stringify(user), extras };
  },
  deserialize(opcode: number, value: Buffer | null, extras: Buffer) {
    return { value: value === null ? null : JSON.parse(value.toString("utf8")), extras };
  },
};
const options: ClientOptions<User, User | null> = { serializer, logger, expires: 5, retry_delay: 1 };
options.retries = 3;
const connecting: ServerOptions = { username: "a", password: "b", timeout: 1, conntimeout: 2, keepAlive: true };

interface Settings extends ClientOptions {
  prefix: string;
}
const settings: Settings = { prefix: "a", failover: true, failoverTime: 5, retries: undefined };

const users: Client<User, User | null> = Client.create("a:1", { ...options, ...connecting });
const plain: Client = memjs.Client.create(undefined, settings);
export const named: memjs.Client = Client.create("a:1");
export const namedOptions: memjs.ClientOptions = {};
export const first: Server | undefined = plain.servers[0];
console.log(first?.host, first?.port, first?.username, first?.password);
export const again: Client = new Client(plain.servers, settings);
const made: Server = new memjs.Server("a", 11211, "user", "password", { timeout: 1 });
export const ofMade: Client = new Client([made, new ServerClass("b", 11211)], settings);
const request: Buffer = Utils.makeRequestBuffer(0, "key", Buffer.from("a"), "", 1);
const message: Response = Utils.parseMessage(request);
const header: Required<Header> = memjs.Header.fromBuffer(request);
const cas: Buffer = header.cas;
const written: Buffer = Headers.toBuffer({ magic: 0x81, opcode: 0, keyLength: 0, extrasLength: 0, totalBodyLength: 0, cas });
const extras: Buffer[] = [Utils.makeExpiration(5), Utils.makeAmountInitialAndExpiration(1, 0, 5), message.extras, message.val];
const merged: { a: number } & { b: string } = memjs.Utils.merge({ a: 1 }, { b: "" });
console.log(Utils.hashCode("key") + Utils.timestamp(), written, extras, merged.b, \`\${made}\`);
made.close();

class Store {
  readonly client: Client;
  constructor(client: Client) {
    this.client = client;
  }
  async get(key: string): Promise<string | null> {
    const { value, flags }: { value: Buffer | null; flags: Buffer | null } = await this.client.get(key);
    if (flags !== null) console.log(flags.readUInt32BE(0));
    return value === null ? null : value.toString("utf8");
  }
}

async function run(): Promise<void> {
  const user: User | null = (await users.get("key")).value;
  const stored: boolean = await users.set("key", { name: "Ada" }, { expires: 5 });
  const insert: InsertOptions = { expires: 5 };
  const counting: IncrementDecrementOptions = { initial: 5, expires: 5 };
  const added: boolean = await plain.add("key", Buffer.from("a"), insert);
  const replaced: boolean = await plain.replace("key", "a");
  const count = await plain.increment("key", 1, counting);
  const number: number | null | undefined = count.value;
  const success: boolean = count.success;
  const down: { success: boolean; value?: number | null | undefined } = await plain.decrement("key", 1);
  const joined: boolean[] = [await plain.append("key", "a"), await plain.prepend("key", "a")];
  const touched: boolean[] = [await plain.touch("key"), await plain.touch("key", 5)];
  const flushed: Record<string, boolean> = await plain.flush();
  console.log(user, stored, added, replaced, number, success, down, joined, touched, flushed);
  console.log(await plain.delete("key"), await new Store(plain).get("key"));
}

plain.get("key", (error: Error | null, value: Buffer | null, flags: Buffer | null) => console.log(error, value, flags));
users.get("key", (error, value) => console.log(error, value?.name));
plain.set("key", "a", (error: Error | null, success: boolean | null) => console.log(error, success));
plain.set("key", "a", { expires: 5 }, (error, success) => console.log(error?.message, success));
plain.add("key", "a", {}, (error, success) => console.log(error, success));
plain.replace("key", "a", (error, success) => console.log(error, success));
plain.delete("key", (error, success) => console.log(error, success));
plain.increment("key", 1, (error, success, value?: number | null) => console.log(error, success, value));
plain.decrement("key", 1, { initial: 1 }, (error, success, value) => console.log(error, success, value));
plain.append("key", "a", (error, success) => console.log(error, success));
plain.prepend("key", "a", (error, success) => console.log(error, success));
plain.touch("key", (error, success) => console.log(error, success));
plain.touch("key", 5, (error, success) => console.log(error, success));
plain.flush((error: Error | null, results: Record<string, boolean | Error>) => console.log(error, results));
plain.stats((error: Error | null, server: string, stats: Record<string, string> | null) => console.log(error, server, stats));
plain.statsWithKey("items", (error, server, stats) => console.log(error, server, stats?.["a"]));
plain.resetStats((error, server) => console.log(error, server));
const retries: number | undefined = plain.options.retries;
const converted: User | null = users.serializer.deserialize(0, null, Buffer.alloc(4)).value;
plain.incrSeq();
const numbered: Buffer = Utils.makeRequestBuffer(0, "key", "", "", plain.seq);
plain.perform("key", numbered, plain.seq, (error: Error | null, response: Response) => {
  console.log(error, response.header.status, response.val, retries, converted);
});
plain.perform("key", numbered, plain.seq, undefined, 5);
const server: string = plain.getServer("key");
plain.getServer = (key: string) => \`\${key.length}\`;
console.log(server);
plain.quit();
plain.close();
void run();
`,
};
