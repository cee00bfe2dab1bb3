/** What examples print: the comments beside `console.log` say it. */

import { assert } from "@std/assert";
import { type Block, readPages } from "./pages.ts";

/** A line that prints, with a comment that begins with a value, and not with a word. */
const PRINTING = /^(\s*)console\.log\((.*)\); \/\/ ((?:["[{\d-]|undefined|true|false|Map ).*)$/;

/** What a line printed, and what its comment says. */
interface Printed {
  readonly comment: string;
  readonly values: readonly unknown[];
}

/** Runs a block of code at one moment, so that nothing gets older; returns what its lines with comments printed. */
async function run({ code }: Block): Promise<Printed[]> {
  const printed: Printed[] = [];
  const marked = code.split("\n").map((line) => {
    const [, indent, values, comment] = PRINTING.exec(line) ?? [];
    if (comment === undefined) return line;
    return `${indent}printed(${JSON.stringify(comment)}, ${values});`;
  }).join("\n");
  Reflect.set(globalThis, "printed", (comment: string, ...values: unknown[]) => {
    printed.push({ comment, values });
  });
  const { now } = Date;
  const moment = now();
  Date.now = () => moment;
  try {
    await import(`data:application/typescript,${encodeURIComponent(marked)}`);
  } finally {
    Date.now = now;
    Reflect.deleteProperty(globalThis, "printed");
  }
  return printed;
}

/** A value as comments write it: of an instance of another class than `Map` only the name. */
function written(value: unknown): string {
  const text = Deno.inspect(value, { breakLength: Infinity, compact: true });
  const named = text.replaceAll(/\b(?!Map\b)([A-Z]\w+) \{[^}]*\}/g, "$1");
  return withoutBlanks(named.replace(/^Map\(\d+\)/, "Map"));
}

/** Without the blanks inside of brackets, where `Deno.inspect` and `deno fmt` differ. */
function withoutBlanks(text: string): string {
  return text.replaceAll(/([[{]) | ([\]}])/g, "$1$2");
}

const blocks = readPages().flatMap(({ path, blocks }) =>
  blocks.filter(({ info, code }) =>
    info === "ts" && code.split("\n").some((line) => PRINTING.test(line))
  ).map((block) => ({ path, block }))
);

for (const { path, block } of blocks) {
  Deno.test(`the example at ${path}:${block.line} prints what its comments say`, async () => {
    const printed = await run(block);
    assert(printed.length > 0);
    for (const { comment, values } of printed) {
      const expected = values.map(written).join(" ");
      assert(withoutBlanks(comment).startsWith(expected), `${expected} instead of ${comment}`);
    }
  });
}
