/** Chromium, for the tests that look at the page, and what it is driven by. @module */

import { createRequire } from "node:module";
import { installLocked } from "../../package/npm_folder.ts";
import { programPath } from "../../support/memcached.ts";
import { faultOf } from "../../tasks/lane.ts";
import { installProgram } from "../../tasks/program_install.ts";
import { BROWSER } from "./page_modules.ts";

/** An element of a page, or several of them. */
export interface Locator {
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  focus(): Promise<void>;
  isVisible(): Promise<boolean>;
  isDisabled(): Promise<boolean>;
  count(): Promise<number>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  waitFor(): Promise<void>;
  filter(options: { readonly hasText: string | RegExp }): Locator;
  first(): Locator;
}

/** A tab. */
export interface Tab {
  readonly keyboard: { press(key: string): Promise<void> };
  goto(url: string): Promise<unknown>;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { readonly name?: string; readonly exact?: boolean }): Locator;
  getByLabel(text: string, options?: { readonly exact?: boolean }): Locator;
  evaluate<Result>(script: string): Promise<Result>;
  screenshot(options: Readonly<Record<string, unknown>>): Promise<Uint8Array>;
  // deno-lint-ignore no-explicit-any -- what is given differs from event to event
  on(event: string, listener: (given: any) => void): void;
  waitForEvent(event: string, isWanted: (given: { url(): string }) => boolean): Promise<unknown>;
  setDefaultTimeout(milliseconds: number): void;
  close(): Promise<void>;
}

/** How a tab looks at the page. */
export interface TabOptions {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
  readonly deviceScaleFactor?: number;
}

/** A browser. */
export interface Browser {
  newPage(options: TabOptions): Promise<Tab>;
  close(): Promise<void>;
}

/** What Chromium is called: on Debian, elsewhere, and with its owner's name. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Where Chromium is; `undefined` if it is not there. */
export function chromiumPath(): string | undefined {
  return NAMES.map(programPath).find((path) => path !== undefined);
}

/**
 * Makes sure that there is Chromium, and what it is driven by.
 *
 * @returns Why there is not.
 */
export async function prepareBrowser(): Promise<string | undefined> {
  return await installProgram("chromium", chromiumPath) ?? await faultOf(installLocked(BROWSER));
}

/** Whether the tests can look at the page; {@linkcode prepareBrowser} makes it so. */
export function hasBrowser(): boolean {
  try {
    return chromiumPath() !== undefined &&
      Deno.statSync(new URL("node_modules/playwright-core/", BROWSER)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Starts Chromium. */
export async function startBrowser(): Promise<Browser> {
  const { chromium } = createRequire(BROWSER)("playwright-core");
  // A container has no sandbox to give.
  return await chromium.launch({ executablePath: chromiumPath(), chromiumSandbox: false });
}
