/** The documentation in the source: what editors show when the pointer is on a name, and the pages of entries. */

import { assert, assertEquals } from "@std/assert";
import { ROOT } from "./pages.ts";

/** A hover shows the first sentence at a glance. */
const LONGEST_SENTENCE = 160;
/** The first paragraph: the sentence, and what is needed with it. */
const LONGEST_PARAGRAPH = 500;
/** All that comes before the parameters of a method; essays belong into `docs/`. */
const LONGEST_METHOD_TEXT = 1000;

interface Documented {
  readonly name: string;
  readonly text: string;
  readonly tags: readonly string[];
}

/** The entries of the package, and the names of their files. */
const { exports }: { exports: Record<string, string> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);

const { nodes }: { nodes: Record<string, unknown> } = await documentation();

async function documentation(): Promise<{ nodes: Record<string, unknown> }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values(exports)],
    cwd: ROOT,
  }).output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Walks through what `deno doc --json` prints, and yields all that has documentation. */
function* documented(node: unknown, owner = ""): Generator<Documented> {
  if (Array.isArray(node)) {
    for (const item of node) yield* documented(item, owner);
  } else if (typeof node === "object" && node !== null) {
    const { name, jsDoc, ...rest } = node as { name?: unknown; jsDoc?: unknown };
    const own = typeof name === "string" && name !== owner ? `${owner}.${name}` : owner;
    if (isDoc(jsDoc)) {
      yield { name: own, text: jsDoc.doc ?? "", tags: (jsDoc.tags ?? []).map(({ kind }) => kind) };
    }
    yield* documented(Object.values(rest), own);
  }
}

function isDoc(value: unknown): value is { doc?: string; tags?: { kind: string }[] } {
  return typeof value === "object" && value !== null && ("doc" in value || "tags" in value);
}

function firstParagraph(text: string): string {
  return text.split("\n\n")[0]!.replaceAll("\n", " ").trim();
}

function firstSentence(text: string): string {
  const paragraph = firstParagraph(text);
  return /^.*?[.:…](?=\s|$)/.exec(paragraph)?.[0] ?? paragraph;
}

const symbols = [...documented(nodes)];

/** Where something is true of documentation, each place once. */
function where(isSuch: (documented: Documented) => boolean): string[] {
  return [
    ...new Set(symbols.filter(isSuch).map(({ name, text }) => `${name}: ${firstSentence(text)}`)),
  ];
}

Deno.test("the documentation of every public name begins with one sentence", () => {
  assert(symbols.length > 500);
  const isLong = ({ text }: Documented) => firstSentence(text).length > LONGEST_SENTENCE;
  const isOpen = ({ text }: Documented) => text !== "" && !/[.:…]$/.test(firstSentence(text));
  assertEquals(where(isLong), []);
  assertEquals(where(isOpen), []);
});

Deno.test("the first paragraph in the documentation of a public name is short", () => {
  assertEquals(where(({ text }) => firstParagraph(text).length > LONGEST_PARAGRAPH), []);
});

Deno.test("the documentation of a method comes to its parameters soon", () => {
  const isEssay = ({ name, text, tags }: Documented) =>
    tags.includes("param") && /\.[a-z]\w*$/.test(name) && name.split(".").length > 2 &&
    text.length > LONGEST_METHOD_TEXT;
  assertEquals(where(isEssay), []);
});

Deno.test("the documentation of every entry says what it is for, and has an example", () => {
  const missing = Object.entries(exports).filter(([, path]) => {
    const { module_doc: doc } = nodes[new URL(path, ROOT).href] as { module_doc?: unknown };
    return !isDoc(doc) || !/^[A-Z]/.test(doc.doc ?? "") ||
      !(doc.tags ?? []).some(({ kind }) => kind === "example");
  }).map(([entry]) => entry);
  assertEquals(missing, []);
});
