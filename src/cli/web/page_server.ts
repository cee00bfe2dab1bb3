/** The page's server: its files, its events, and what the page may ask and change. @module */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { ClientException, SocketError, ValidationException } from "../../../mod.ts";
import type { Fleet } from "../fleet.ts";
import { say } from "../messages.ts";
import { printable } from "../shown_text.ts";
import { readExptime, readTtl } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { messageOf, UsageFault } from "../usage.ts";
import { safeText } from "../value_text.ts";
import { type AskedRequest, PAGE } from "./access.ts";
import type { Bound } from "./bound_address.ts";
import { deleteKey, flush, inspectKey, type ShownKey, touchKey } from "./item_changes.ts";
import type { LiveView } from "./live_view.ts";
import { CHART_FILES } from "./chart_files.ts";
import { PAGE_FILES } from "./page_files.ts";

export { boundTo } from "./bound_address.ts";
export { LiveView } from "./live_view.ts";

/** What the server is made of. */
export interface PageServerOptions {
  readonly fleet: Fleet;
  readonly view: LiveView;
  readonly terminal: Terminal;
  /** Whether the page may change what the servers hold. */
  readonly canWrite: boolean;
  /** Where it listens, and which requests it answers. */
  readonly bound: Bound;
}

/** An answer as JSON. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Nothing comes from elsewhere, no other site frames the page, and no script can make markup of a string.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

const FILES = { ...PAGE_FILES, ...CHART_FILES };

/** How many bytes a request may send: a key, a lifetime and a few names. */
const LONGEST_BODY = 4096;
/** How many pages may be open at once. */
const MOST_READERS = 200;

/** Answers the requests. */
export function requestListener(options: PageServerOptions): RequestListener {
  return (request, response) => {
    answer(request, response, options).catch((error) => {
      say(options.terminal, messageOf(error));
      if (response.headersSent) response.destroy();
      else sendText(response, 500, "this request has failed");
    });
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: PageServerOptions,
): Promise<void> {
  const { method = "GET", headers } = request;
  // What begins with a slash is a path, and never another host.
  const url = new URL(`http://page${request.url?.startsWith("/") ? request.url : "/"}`);
  const queryToken = url.searchParams.get("token") ?? undefined;
  const asked: AskedRequest = { method, path: url.pathname, queryToken, headers };
  const refusal = options.bound.access.refusal(asked);
  if (refusal !== undefined) return sendText(response, refusal.status, refusal.text);
  if (method === "POST") {
    return sendJson(response, await faultsAnswered(() => change(url, request, options)));
  }
  if (method !== "GET" && method !== "HEAD") {
    return sendText(response, 405, "there are GET and POST", { allow: "GET, HEAD, POST" });
  }
  if (url.pathname === PAGE && queryToken !== undefined) {
    return keepToken(response, queryToken, options);
  }
  const file = Object.hasOwn(FILES, url.pathname) ? FILES[url.pathname] : undefined;
  if (file !== undefined) {
    response.writeHead(200, { ...HEADERS, "content-type": `${file.type}; charset=utf-8` });
    return void response.end(file.text);
  }
  if (url.pathname === "/api/events") return openEvents(url, request, response, options);
  sendJson(response, await faultsAnswered(() => read(url, options)));
}

/** Puts the token of the address into a cookie, so that it stays neither there nor in the browser's history. */
function keepToken(
  response: ServerResponse,
  token: string,
  { bound: { access, cookie } }: PageServerOptions,
): void {
  const isNeeded = access.isToken(token);
  response.writeHead(303, {
    ...HEADERS,
    location: PAGE,
    ...isNeeded && { "set-cookie": `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict` },
  });
  response.end();
}

function openEvents(
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  { view }: PageServerOptions,
): void {
  if (request.method === "HEAD") return sendText(response, 405, "events are read with GET");
  if (view.readers >= MOST_READERS) return sendText(response, 503, "too many pages are open");
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream; charset=utf-8" });
  view.add(response, { keys: url.searchParams.get("keys") === "1" });
}

async function read({ pathname, searchParams }: URL, options: PageServerOptions): Promise<Answer> {
  if (pathname === "/api/slabs") {
    const rows = options.view.slabs(searchParams.get("server") ?? "");
    return { status: 200, body: { isUp: rows !== undefined, rows: rows ?? [] } };
  }
  if (pathname === "/api/inspect") {
    const key = searchParams.get("key") ?? "";
    const server = searchParams.get("server") ?? undefined;
    const { isFound, shown } = await inspectKey(options.fleet, { key, server });
    const fields = Object.entries(shown).filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, safeText(String(field))]);
    return { status: 200, body: { isFound, fields } };
  }
  return { status: 404, body: { error: "there is no such page" } };
}

/** What a request to change something says. */
type Body = Readonly<Record<string, unknown>>;

async function change(
  { pathname }: URL,
  request: IncomingMessage,
  options: PageServerOptions,
): Promise<Answer> {
  const { fleet, view, terminal, canWrite } = options;
  const type = request.headers["content-type"]?.split(";")[0]?.trim();
  if (type !== "application/json") throw new UsageFault("a POST has to be application/json");
  const body = await bodyOf(request);
  if (pathname === "/api/big") {
    view.startBig();
    return { status: 202, body: {} };
  }
  const work = { "/api/delete": remove, "/api/touch": touch, "/api/flush": flushServers }[pathname];
  if (work === undefined) return { status: 404, body: { error: "there is no such page" } };
  if (!canWrite) {
    return { status: 403, body: { error: "start the program with --write to change something" } };
  }
  const { log, ...result } = await work(fleet, body);
  terminal.warn(`moecache web: ${printable(log)}\n`);
  return { status: 200, body: result };
}

async function remove(fleet: Fleet, body: Body) {
  const shown = shownKeyOf(body);
  const isFound = await deleteKey(fleet, shown);
  return { isFound, log: `delete ${logged(shown)}: ${isFound ? "done" : "not there"}` };
}

async function touch(fleet: Fleet, body: Body) {
  const lifetime = textIn("ttl", body.ttl);
  const exptime = readExptime(lifetime);
  const shown = shownKeyOf(body);
  const isFound = await touchKey(fleet, shown, exptime);
  const how = isFound ? "done" : "not there";
  return { isFound, log: `touch ${logged(shown)} ${readTtl(lifetime)}: ${how}` };
}

function shownKeyOf({ key, server }: Body): ShownKey {
  return {
    key: textIn("key", key),
    server: server === undefined ? undefined : textIn("server", server),
  };
}

function logged({ key, server }: ShownKey): string {
  return JSON.stringify(key) + (server === undefined ? "" : ` on ${server}`);
}

/** Flushes a server, or all; the name has to be there twice, because nothing brings it back. */
async function flushServers(fleet: Fleet, { server, confirm }: Body) {
  const name = textIn("server", server);
  if (confirm !== name) throw new UsageFault(`to flush ${name}, confirm it by its name`);
  await flush(fleet, name === ALL_SERVERS ? undefined : name);
  return { isFound: true, log: `flush ${name}: done` };
}

/** What stands for all servers in a flush. */
const ALL_SERVERS = "all servers";

function textIn(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new UsageFault(`the request has no ${name}`);
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request) {
    length += part.byteLength;
    if (length > LONGEST_BODY) throw new UsageFault(`a request has at most ${LONGEST_BODY} bytes`);
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof body === "object" && body !== null) return body as Body;
  } catch {
    // The same fault as JSON of something else.
  }
  throw new UsageFault("the request is not an object in JSON");
}

/** What is wrong with a request, or with a server, is an answer. */
async function faultsAnswered(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    const body = { error: printable(messageOf(error)) };
    if (error instanceof ValidationException || error instanceof UsageFault) {
      return { status: 400, body };
    }
    if (error instanceof ClientException || error instanceof SocketError) {
      return { status: 502, body };
    }
    throw error;
  }
}

function sendJson(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
}

function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const type = { "content-type": "text/plain; charset=utf-8" };
  response.writeHead(status, { ...HEADERS, ...type, ...more });
  response.end(`${text}\n`);
}
