/** `web`, started for a test, and asked as browsers and others would ask it. @module */

import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { type Ended, moecache } from "../fake_terminal.ts";

/** What the page's server answers. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** How it is asked; `headers` replace those of a page that asks its own server. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An event, and what it says. */
export interface PageEvent {
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- what a test expects it to be, it compares
  readonly data: any;
}

/** A page that is served. */
export class StartedPage implements AsyncDisposable {
  /** The address that was printed. */
  readonly url: URL;
  readonly #ended: Promise<Ended>;
  readonly #interruption: AbortController;

  constructor(url: URL, ended: Promise<Ended>, interruption: AbortController) {
    this.url = url;
    this.#ended = ended;
    this.#interruption = interruption;
  }

  /** Serves a page for servers; arguments as on a command line. However busy the machine is, servers have the time. */
  static async start(servers: readonly string[], ...args: string[]): Promise<StartedPage> {
    const interruption = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    const where = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const ended = moecache(
      ["web", "--json", "--every", "100ms", "--timeout", "60s", ...where, ...args],
      {
        env: { MEMCACHED_SERVERS: servers.join() },
        interrupted: interruption.signal,
        onOutput: (text) => resolve(JSON.parse(text).url),
      },
    );
    const failed = ended.then(({ messages }) => Promise.reject(new Error(messages)));
    failed.catch(() => {});
    const url = new URL(await Promise.race([promise, failed]));
    return new StartedPage(url, ended, interruption);
  }

  /** Asks for a path. */
  ask(path: string, { method = "GET", headers = {}, body }: Asking = {}): Promise<Reply> {
    const { hostname, port, host } = this.url;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const usual: Record<string, string> = {
      host,
      ...method === "POST" && { origin: `http://${host}`, "content-type": "application/json" },
    };
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { hostname, port, path, method, headers: { ...usual, ...headers }, agent: false },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => text += part);
          response.on("error", reject);
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
        },
      );
      request.on("error", reject);
      request.end(text);
    });
  }

  /** Asks for a path, as JSON. */
  // deno-lint-ignore no-explicit-any -- what a test expects it to be, it compares
  async json(path: string, asking?: Asking): Promise<any> {
    return JSON.parse((await this.ask(path, asking)).text);
  }

  /** The events, until no more are read. */
  async *events(query = "keys=0"): AsyncGenerator<PageEvent, void, undefined> {
    const { origin } = this.url;
    const response = await fetch(`${origin}/api/events?${query}`);
    let rest = "";
    // Leaving the loop closes the connection.
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + text).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const [, name = "", data = ""] = /^event: (.+)\ndata: (.+)$/.exec(event) ?? [];
        yield { name, data: JSON.parse(data) };
      }
    }
  }

  /** The first event of a name that is as wanted. */
  async event(
    name: string,
    // deno-lint-ignore no-explicit-any -- see above
    isWanted: (data: any) => boolean = () => true,
    query = "keys=0",
    // deno-lint-ignore no-explicit-any -- see above
  ): Promise<any> {
    for await (const event of this.events(query)) {
      if (event.name === name && isWanted(event.data)) return event.data;
    }
    throw new Error(`The events ended before ${name}`);
  }

  /** Ends it as Ctrl-C does. */
  async end(): Promise<Ended> {
    this.#interruption.abort();
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
