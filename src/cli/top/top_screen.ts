/** `top` on a full screen: draws what the servers say, and does what keys say. @module */

import type { Overview } from "../overview.ts";
import type { FullScreen, Terminal } from "../terminal.ts";
import { frameOf, type FrameOptions } from "./frame.ts";
import { Keyboard } from "./keyboard.ts";
import { Painter } from "./painter.ts";
import { FIRST_VIEW, pressed, type Shown, type View } from "./view.ts";

/** Milliseconds after which an escape is the key, and not the beginning of another one. */
const ESCAPE_TIME = 50;

/** What a screen is made of. */
export interface TopScreenOptions {
  readonly terminal: Terminal;
  readonly screen: FullScreen;
  readonly frame: FrameOptions;
  readonly colors: boolean;
  /** Ends the program. */
  quit(): void;
}

/** The screen, from when it is opened until it is closed. */
export class TopScreen {
  readonly #options: TopScreenOptions;
  readonly #painter: Painter;
  readonly #keyboard = new Keyboard();
  #view: View = FIRST_VIEW;
  #shown: Shown = { servers: [], lines: 0, rows: 0 };
  #overview: Overview | undefined;
  #leave: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  #isStale = false;

  constructor(options: TopScreenOptions) {
    this.#options = options;
    this.#painter = new Painter(options.colors);
  }

  /** Takes the screen. */
  open(): void {
    const { screen } = this.#options;
    this.#leave = screen.enter((text) => this.#typed(text), () => {
      this.#painter.forget();
      this.#redraw();
    });
    this.#draw();
  }

  /** Shows what the servers say. */
  show(overview: Overview): Promise<void> {
    this.#overview = overview;
    return this.#draw();
  }

  /** Gives the screen back. */
  close(): void {
    clearTimeout(this.#timer);
    this.#leave?.();
    this.#leave = undefined;
  }

  #typed(text: string): void {
    clearTimeout(this.#timer);
    this.#press(this.#keyboard.take(text));
    if (!this.#keyboard.isUndecided) return;
    this.#timer = setTimeout(() => this.#press(this.#keyboard.decide()), ESCAPE_TIME);
  }

  #press(keys: ReturnType<Keyboard["take"]>): void {
    for (const key of keys) {
      if ("name" in key && key.name === "redraw") {
        this.#painter.forget();
        continue;
      }
      const view = pressed(this.#view, key, this.#shown);
      if (view === undefined) return this.#options.quit();
      this.#view = view;
      this.#arrange();
    }
    this.#redraw();
  }

  /** What the next key has to know. */
  #arrange(): readonly (readonly { readonly text: string }[])[] {
    const { screen, frame } = this.#options;
    if (this.#overview === undefined) return [[{ text: "moecache top: asking the servers …" }]];
    const { lines, shown } = frameOf(this.#overview, this.#view, screen.size(), frame);
    this.#shown = shown;
    return lines;
  }

  #redraw(): void {
    // What cannot be written ends the program where it waits for that.
    this.#draw().catch(() => {});
  }

  /** Draws what has changed. While the terminal is busy, nothing is drawn; then what there is by that time. */
  async #draw(): Promise<void> {
    if (this.#leave === undefined) return;
    if (this.#writing !== undefined) {
      this.#isStale = true;
      return await this.#writing;
    }
    const { terminal, screen } = this.#options;
    do {
      this.#isStale = false;
      const text = this.#painter.paint(this.#arrange(), screen.size());
      if (text === "") return;
      this.#writing = terminal.write(text).finally(() => this.#writing = undefined);
      await this.#writing;
    } while (this.#isStale && this.#leave !== undefined);
  }
}
