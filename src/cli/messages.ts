/** What a command says on standard error: lines that stay, and one line that tells how far it has come. @module */

import { printable } from "./shown_text.ts";
import type { Terminal } from "./terminal.ts";

const REMOVE_LINE = "\r\x1b[K";

/** The terminals whose last line is one of progress. */
const showing = new WeakSet<Terminal>();

/** Writes a message in one line. Line breaks and control characters in it are escaped. */
export function say(terminal: Terminal, message: string): void {
  const shown = withoutCredentials(printable(message));
  terminal.warn(`${lineRemoval(terminal)}moecache: ${shown}\n`);
}

/** A text without the user names and passwords of the URLs in it: messages are kept in logs. */
export function withoutCredentials(text: string): string {
  return text.replace(/(memcacheds?:\/\/)\S*@|(\w:\/\/)[^\s/"'?#]*@/gi, "$1$2");
}

/** The message of a lost server without the commands that waited for it, which differ each time it is asked. */
export function withoutCommands(message: string): string {
  return message.replace(/, (not sent|under way): .*$|, also under way: [^;]*/s, "");
}

/**
 * What a message is about, to compare with others: the same fault may have been waited for by other commands, for another
 * time, and after more failures.
 */
export function faultIn(message: string): string {
  return withoutCommands(message)
    .replace(/^Cannot use .*?: it is down after .*?, the last: /s, "")
    .replace(/ within \d+ ms/, "");
}

/** Shows how far the work has come, in place of what was shown before. */
export function showProgress(terminal: Terminal, line: string): void {
  showing.add(terminal);
  // What is broken into two lines could not be removed.
  terminal.warn(`\r${line.slice(0, terminal.columns - 1)}\x1b[K`);
}

/** Removes the line of progress, if there is one. */
export function removeProgress(terminal: Terminal): void {
  const removal = lineRemoval(terminal);
  if (removal !== "") terminal.warn(removal);
}

/** What has to be written first where results go to the same terminal as progress. */
export function lineRemoval(terminal: Terminal): string {
  return showing.delete(terminal) ? REMOVE_LINE : "";
}
