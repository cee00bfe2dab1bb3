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

/** A comment. */
interface Doc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string }[];
}

/** What an entry exports. */
interface Exported {
  readonly name: string;
  readonly declarations: readonly {
    readonly jsDoc?: Doc;
    readonly def?: { readonly methods?: readonly { readonly name: string; jsDoc?: Doc }[] };
  }[];
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

function isDoc(value: unknown): value is Doc {
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

/** A function, a method or a constructor; a parameter that is taken apart has no name. */
interface Callable {
  readonly jsDoc?: { readonly tags?: readonly { readonly kind: string; readonly name?: string }[] };
  readonly params: readonly {
    readonly name?: string;
    readonly left?: { readonly name?: string };
  }[];
}

/** Walks through what `deno doc --json` prints, and yields what can be called, with its comment. */
function* callables(node: unknown): Generator<Callable> {
  if (typeof node !== "object" || node === null) return;
  const { jsDoc, functionDef, def, params } = node as Partial<Callable> & {
    readonly functionDef?: Partial<Callable>;
    readonly def?: Partial<Callable>;
  };
  const own = params ?? functionDef?.params ?? def?.params;
  if (jsDoc !== undefined && Array.isArray(own)) yield { jsDoc, params: own };
  for (const part of Object.values(node)) yield* callables(part);
}

Deno.test("the documentation of what can be called has the names of its parameters", () => {
  const all = [...callables(nodes)];
  assert(all.length > 500, `${all.length}`);
  const wrong = all.flatMap(({ jsDoc, params }) => {
    const names = params.map(({ name, left }) => name ?? left?.name);
    const isKnown = (name?: string) => names.includes(name) || names.includes(undefined);
    return (jsDoc?.tags ?? []).filter(({ kind, name }) => kind === "param" && !isKnown(name))
      .map(({ name }) => `${name} is none of ${names}`);
  });
  assertEquals([...new Set(wrong)], []);
});

/** What the main entry exports. */
const main = (nodes[new URL("mod.ts", ROOT).href] as { symbols: Exported[] }).symbols;

/** So many names a reader still looks through. */
const MOST_NAMES = 75;

Deno.test(`the main entry exports at most ${MOST_NAMES} names, types included`, () => {
  assert(main.length > 50);
  assert(main.length <= MOST_NAMES, `${main.length} names`);
});

Deno.test("the page of Client has every method, with its summary and an example", () => {
  const methods = methodsOf("Client");
  const names = new Set(methods.keys());
  for (const part of ["BareClient", "BareKeyCommands", "KeyCommands", "ServerControl"]) {
    const named = [...methodsOf(part).keys()].filter((name) => !name.startsWith("["));
    assertEquals(named.filter((name) => !names.has(name)), []);
  }
  const incomplete = [...methods].filter(([, docs]) =>
    !docs.some(({ doc = "", tags = [] }) =>
      doc !== "" && tags.some(({ kind }) => kind === "example")
    )
  ).map(([name]) => name);
  assertEquals(incomplete, []);
});

Deno.test("the page of Client begins with all its methods, in groups", () => {
  const [declaration] = main.find(({ name }) => name === "Client")!.declarations;
  const listed = Array.from(
    declaration!.jsDoc!.doc!.matchAll(/\{@linkcode Client\.prototype\.(\w+) \| \1\}/g),
    ([, name]) => name!,
  );
  const methods = [...methodsOf("Client").keys()].filter((name) => !name.startsWith("["));
  assertEquals(listed.toSorted(), methods.toSorted());
});

/** All texts in the documentation, those of parameters and results as well. */
function* textsOf(node: unknown): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name === "doc" && typeof value === "string") yield value;
    else yield* textsOf(value);
  }
}

const texts = [...new Set(textsOf(nodes))];

Deno.test("no text in the documentation is raised or struck out, because of two signs in a paragraph", () => {
  // The API reference reads `^` and `~` as marks, as in a^b^ and ~a~.
  const paragraphs = texts.flatMap((text) =>
    text.replace(/```[^]*?```|`[^`\n]*`/g, "").split(/\n\s*\n/)
  );
  assert(paragraphs.some((paragraph) => paragraph.includes("^")));
  const isMarked = (text: string) => ["^", "~"].some((sign) => text.split(sign).length > 2);
  assertEquals(paragraphs.filter(isMarked), []);
});

Deno.test("no link in the documentation leads to something of the runtime with the same name", () => {
  const own = new Set(
    Object.values(nodes).flatMap((node) =>
      (node as { symbols?: Exported[] }).symbols?.map(({ name }) => name) ?? []
    ),
  );
  const links = texts.flatMap((text) =>
    Array.from(text.matchAll(/\{@link(?:code)? (\w+)/g), ([, name]) => name!)
  );
  assert(links.length > 20);
  assertEquals(links.filter((name) => name in globalThis && !own.has(name)), []);
});

/** The methods that the page of a class or an interface shows, and what it says of each. */
function methodsOf(name: string): Map<string, Doc[]> {
  const [declaration] = main.find((exported) => exported.name === name)?.declarations ?? [];
  const methods = new Map<string, Doc[]>();
  for (const { name, jsDoc } of declaration?.def?.methods ?? []) {
    methods.set(name, [...methods.get(name) ?? [], ...jsDoc === undefined ? [] : [jsDoc]]);
  }
  return methods;
}

Deno.test("the documentation of every entry says what it is for, and has an example", () => {
  const missing = Object.entries(exports).filter(([, path]) => {
    const { module_doc: doc } = nodes[new URL(path, ROOT).href] as { module_doc?: unknown };
    return !isDoc(doc) || !/^[A-Z]/.test(doc.doc ?? "") ||
      !(doc.tags ?? []).some(({ kind }) => kind === "example");
  }).map(([entry]) => entry);
  assertEquals(missing, []);
});
