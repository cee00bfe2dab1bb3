/** Which requests the page's server answers. @module */

import { createHash, timingSafeEqual } from "node:crypto";

/** What of a request decides. */
export interface AskedRequest {
  readonly method: string;
  /** Its path, without a query. */
  readonly path: string;
  /** The token of the query, if there is one. */
  readonly queryToken: string | undefined;
  /** The headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly text: string;
}

/** What the server expects of requests. */
export interface AccessOptions {
  /** The names and addresses, without a port, that browsers may know the server by. */
  readonly hosts: readonly string[];
  /** What has to be known, if anything has. */
  readonly token: string | undefined;
  /** The name of the cookie that carries the token. */
  readonly cookie: string;
}

/** Where the page is: the only path that other sites may lead to. */
export const PAGE = "/";

/** The names by which a machine calls itself. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Whether an address, as a socket has it, is reached from its own machine only. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./.test(address) || address === "::1";
}

/** Decides about requests. */
export class Access {
  readonly #hosts: ReadonlySet<string>;
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  }

  /**
   * Why a request is refused; `undefined` if it is not.
   *
   * A name in `Host` that is not the server's own is that of a site which has its name lead here: DNS rebinding. A
   * request that another site has made shows in `Sec-Fetch-Site` and `Origin`; only the page itself may be opened by
   * a link elsewhere. What is to change something has to name the page's origin.
   */
  refusal(request: AskedRequest): Refusal | undefined {
    const host = only(request.headers.host);
    const url = host === undefined ? undefined : urlOf(host);
    if (host === undefined || url === undefined || !this.#hosts.has(url.hostname)) {
      return { status: 403, text: `the page is not served under the name ${JSON.stringify(host)}` };
    }
    if (isForeign(request, host)) {
      return { status: 403, text: "another site has made this request" };
    }
    if (!this.#hasToken(request)) {
      return { status: 401, text: "open the address with the token, as it was printed" };
    }
    return undefined;
  }

  /** Whether a token is the right one; how long that takes says nothing about the token. */
  isToken(given: string): boolean {
    const { token } = this.#options;
    return token !== undefined && timingSafeEqual(digestOf(given), digestOf(token));
  }

  #hasToken({ method, path, queryToken, headers }: AskedRequest): boolean {
    const { token, cookie } = this.#options;
    if (token === undefined) return true;
    // In a query it would stay in logs and in the browser's history: the page takes it, and nothing else.
    if (method === "GET" && path === PAGE && queryToken !== undefined) {
      return this.isToken(queryToken);
    }
    const [, bearer] = /^Bearer (\S+)$/i.exec(only(headers.authorization) ?? "") ?? [];
    if (bearer !== undefined) return this.isToken(bearer);
    return cookiesOf(headers.cookie, cookie).some((value) => this.isToken(value));
  }
}

/** Whether another site may have made a request. */
function isForeign({ method, path, headers }: AskedRequest, host: string): boolean {
  const origin = only(headers.origin);
  if (origin !== undefined && !isOrigin(origin, host)) return true;
  const changes = method !== "GET" && method !== "HEAD";
  if (changes) return origin === undefined || !isSiteOwn(only(headers["sec-fetch-site"]));
  const opens = path === PAGE && only(headers["sec-fetch-mode"]) === "navigate" &&
    only(headers["sec-fetch-dest"]) === "document";
  return !opens && !isSiteOwn(only(headers["sec-fetch-site"]));
}

/** Programs that are no browsers say nothing, and a person who types an address is `none`. */
function isSiteOwn(site: string | undefined): boolean {
  return site === undefined || site === "same-origin" || site === "none";
}

/** Whether an origin is that of the page; what stands before the server may speak TLS. */
function isOrigin(origin: string, host: string): boolean {
  const name = host.toLowerCase();
  return [`http://${name}`, `https://${name}`].includes(origin.toLowerCase());
}

/** The URL of a `Host`; `undefined` if there is more in it than a name and a port. */
function urlOf(host: string): URL | undefined {
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)) return undefined;
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
}

/** The value of a header that must not be there twice. */
function only(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" || value === undefined ? value : value.join(", ");
}

/** The values of a cookie; a site on another port of this host may have set one as well. */
function cookiesOf(header: string | readonly string[] | undefined, name: string): string[] {
  const pairs = (only(header) ?? "").split(/[;,]/).map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) =>
    pair.slice(name.length + 1)
  );
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
