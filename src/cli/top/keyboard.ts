/** Which keys were pressed, from what a terminal sends. @module */

/** A key that is no letter. */
export type NamedKey =
  | "up"
  | "down"
  | "page-up"
  | "page-down"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "backspace"
  | "interrupt"
  | "redraw";

/** A key: one of those with a name, or a letter. */
export type Key = { readonly name: NamedKey } | { readonly letter: string };

const SEQUENCES: Readonly<Record<string, NamedKey>> = {
  ...{ A: "up", B: "down", H: "home", F: "end" },
  ...{ "1~": "home", "4~": "end", "5~": "page-up", "6~": "page-down", "7~": "home", "8~": "end" },
};

const CONTROLS: Readonly<Record<string, NamedKey>> = {
  ...{ "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace" },
  ...{ "\x03": "interrupt", "\x0c": "redraw" },
};

/** Reads keys, also such as come in pieces. */
export class Keyboard {
  #rest = "";

  /** Whether an escape has come that may be the key itself, or the beginning of another one. */
  get isUndecided(): boolean {
    return this.#rest !== "";
  }

  /** The keys in what has come. */
  take(text: string): Key[] {
    const keys: Key[] = [];
    let rest = this.#rest + text;
    this.#rest = "";
    while (rest !== "") {
      // A sequence that has not ended yet.
      // deno-lint-ignore no-control-regex -- they begin with the control character for escape
      if (/^\x1b(?:\[[0-9;]*|O)?$/.test(rest)) {
        this.#rest = rest;
        break;
      }
      // deno-lint-ignore no-control-regex -- as above
      const [all = "", ending] = /^\x1b(?:\[[0-9;]*|O)([@-~])/.exec(rest) ?? [];
      if (ending !== undefined) {
        const digits = /\d+/.exec(all)?.[0] ?? "";
        const name = SEQUENCES[ending === "~" ? `${digits}~` : ending];
        if (name !== undefined) keys.push({ name });
        rest = rest.slice(all.length);
        continue;
      }
      const letter = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      rest = rest.slice(letter.length);
      const name = letter === "\x1b" ? "escape" : CONTROLS[letter];
      if (name !== undefined) keys.push({ name });
      else if (letter >= " ") keys.push({ letter });
    }
    return keys;
  }

  /** The key that was waited for in vain: the escape itself. */
  decide(): Key[] {
    const wasUndecided = this.isUndecided;
    this.#rest = "";
    return wasUndecided ? [{ name: "escape" }] : [];
  }
}
