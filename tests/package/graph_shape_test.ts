import { assertEquals } from "@std/assert";
import { shapeOf } from "./graph_shape.ts";
import type { Import, ModuleGraph } from "./module_graph.ts";

const ROOT = new URL("../../", import.meta.url).href;

/** A graph of modules in `src/`; `a: "b? c! d"` imports `b` when it comes to it, the types of `c`, and `d`. */
function graphOf(modules: Record<string, string>): ModuleGraph {
  const kinds: Record<string, Import["kind"]> = { "?": "dynamic", "!": "type" };
  return new Map(
    Object.entries(modules).map(([name, list]) => {
      const imports = list.split(" ").filter(Boolean).map((word): Import => ({
        specifier: word,
        target: word.startsWith("jsr") ? `https://${word}` : urlOf(word.replace(/[?!]$/, "")),
        kind: kinds[word.at(-1)!] ?? "static",
      }));
      return [urlOf(name), { url: urlOf(name), local: "", imports }];
    }),
  );
}

const urlOf = (name: string) => `${ROOT}src/${name}.ts`;

Deno.test("shapeOf counts modules, imports and levels", () => {
  const graph = graphOf({ a: "b c", b: "c", c: "jsr.io/@std/bytes" });
  assertEquals(shapeOf(graph, ["./src/a.ts"]), {
    ...{ modules: 3, loaded: 3, edges: 3, levels: 3 },
    circles: [],
  });
});

Deno.test("shapeOf distinguishes what is loaded at once, later, or not at all", () => {
  const graph = graphOf({ a: "b? c! d", b: "", c: "e", d: "", e: "" });
  assertEquals(shapeOf(graph, ["./src/a.ts"]), {
    ...{ modules: 5, loaded: 2, edges: 4, levels: 3 },
    circles: [],
  });
});

Deno.test("shapeOf finds cycles, of types as well, and counts each as one level", () => {
  const graph = graphOf({ a: "b", b: "c d", c: "b!", d: "e", e: "f", f: "d?" });
  const { circles, levels } = shapeOf(graph, ["./src/a.ts"]);
  assertEquals(circles, [
    ["src/d.ts", "src/e.ts", "src/f.ts"],
    ["src/b.ts", "src/c.ts"],
  ]);
  assertEquals(levels, 3);
});
