/** A real terminal for tests: tmux, whose keys are sent and whose screen is read. @module */

import { programPath } from "../support/memcached.ts";

const TIMEOUT = 30_000;
const POLL_INTERVAL = 50;

/** How large a terminal is. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Whether there is no tmux here: tests that need it are ignored then. */
export const LACKS_TMUX: boolean = programPath("tmux") === undefined;

/** A terminal with a shell in it. */
export class TmuxTerminal implements AsyncDisposable {
  readonly #socket: string;

  /** Takes over a tmux that runs; {@linkcode TmuxTerminal.start} starts one. */
  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Starts a terminal, and a shell whose prompt is a dollar. */
  static async start({ columns, rows }: TerminalSize): Promise<TmuxTerminal> {
    const folder = await Deno.makeTempDir({ prefix: "moecache-tmux-" });
    const terminal = new TmuxTerminal(`${folder}/socket`);
    const size = ["-x", String(columns), "-y", String(rows)];
    // Not the user's configuration; letters are UTF-8.
    const shell = "env LC_ALL=C.UTF-8 PS1='$ ' bash --norc --noprofile";
    await terminal.#run("-u", "-f", "/dev/null", "new-session", "-d", ...size, shell);
    await terminal.until((screen) => screen.startsWith("$"));
    return terminal;
  }

  /** Types a command line, and ends it. */
  async enter(line: string): Promise<void> {
    await this.#run("send-keys", "-l", line);
    await this.press("Enter");
  }

  /** Presses keys, by tmux' names: `q`, `Enter`, `Escape`, `Down`, `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#run("send-keys", ...keys);
  }

  /** Changes the size while programs run. */
  async resize({ columns, rows }: TerminalSize): Promise<void> {
    await this.#run("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What the screen shows, without spaces at the ends of lines. */
  async screen(): Promise<string> {
    const text = await this.#run("capture-pane", "-p");
    return text.split("\n").map((line) => line.trimEnd()).join("\n");
  }

  /** What a format of tmux says of the terminal, such as `#{alternate_on}`. */
  async ask(format: string): Promise<string> {
    return (await this.#run("display-message", "-p", format)).trim();
  }

  /** Reads the screen until it is as it should be, and gives it. */
  async until(isSo: (screen: string) => boolean): Promise<string> {
    const deadline = Date.now() + TIMEOUT;
    while (true) {
      const screen = await this.screen();
      if (isSo(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`The screen did not become so:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    }
  }

  /** Reads the screen until it shows a text. */
  async untilShows(text: string): Promise<string> {
    return await this.until((screen) => screen.includes(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run("kill-server").catch(() => {});
    await Deno.remove(this.#socket.replace(/\/socket$/, ""), { recursive: true });
  }

  async #run(...args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", this.#socket, ...args],
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`tmux ${args.join(" ")}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }
}

/** The line of a screen in which a text is. */
export function lineWith(screen: string, text: string): string {
  return screen.split("\n").find((line) => line.includes(text)) ?? "";
}
