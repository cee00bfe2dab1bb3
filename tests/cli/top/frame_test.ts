/** What `top` draws. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Overview } from "../../../src/cli/overview.ts";
import { COLUMN_NAMES, sortServers } from "../../../src/cli/top/columns.ts";
import { frameOf } from "../../../src/cli/top/frame.ts";
import { textOf, widthOfLine } from "../../../src/cli/top/lines.ts";
import { FIRST_VIEW, type View } from "../../../src/cli/top/view.ts";
import { advice, hotKey, overviewOf, SERVERS, serverUp } from "./overviews.ts";

const OPTIONS = { every: "1s", keys: true };

function draw(overview: Overview, view: Partial<View> = {}, columns = 80, rows = 24): string[] {
  const frame = frameOf(overview, { ...FIRST_VIEW, ...view }, { columns, rows }, OPTIONS);
  return frame.lines.map(textOf);
}

Deno.test("top draws servers, fleet, keys and advice on 80 columns", () => {
  assertEquals(draw(overviewOf()), [
    "moecache top · 3 servers, 2 up · 1.6.45 · every 1s      q quit  s sort  f filter",
    " SERVER           UP FILL        ITEMS  GET/s   HIT%  SET/s EVICT/s    AGE  CONN",
    " 10.0.0.1:11211  12d  97% ████▉   8.1M  41.2k   96.4   2.1k     118  3h12m   812",
    " 10.0.0.2:11211 down: Connection refused",
    " 10.0.0.3:11211  12d   3% ▏     200.0k  12.0k   31.0   9.4k       0  3h12m   812",
    " FLEET                50% ██▌     8.3M  53.2k   81.6  11.5k     118         1.6k",
    " spread: get 1.55x keys 1.95x",
    "HOT (10 s, 91% seen)  user:0 17.8%  feed:top 3.3%",
    "BIG  feed:all 912.0 KiB x3",
    "ADVICE  user:0 alone is used 7400 times a second on 10.0.0.1:11211: 17.8% of all",
    "          Near cache it, or spread it",
  ]);
});

Deno.test("top has longer heads, more columns and all hints on 200 columns", () => {
  const [head = "", heads = "", first = "", , , fleet = ""] = draw(overviewOf(), {}, 200, 50);
  assertEquals(head.length, 200);
  assertStringIncludes(head, "q quit  s sort  f filter  h hot  k keys");
  for (const name of ["AGE(cold)", "MISS-RSN", "VERSION"]) assertStringIncludes(heads, name);
  for (const part of ["█████████▊", "absent 100%", "1.6.45"]) assertStringIncludes(first, part);
  assertStringIncludes(fleet, "spread: get 1.55x keys 1.95x");
  const column = heads.indexOf("MISS-RSN");
  assertEquals([first.indexOf("absent"), fleet.indexOf("spread")], [column, column]);
});

/** Keys that move the cursor, are wide, join, hide, or are long. */
const STRANGE = [
  ...["\x1b[2J\x1b[H", "日本語のキー", "👩\u200d👩\u200d👧", "\u{1f1e9}\u{1f1ea}", "e\u0301\u0301"],
  ...[
    "\u202etxt",
    "a\r\nb",
    "k".repeat(250),
    "字".repeat(83),
    "\x9b31m",
    "\ufe0f",
    "ﾊﾝｶｸ",
    "✔\ufe0f",
  ],
];

Deno.test("a line is never wider than the screen, and columns are aligned", () => {
  const overview = overviewOf({
    hot: { keys: STRANGE.map((key) => hotKey(key)), seen: 1, events: 1 },
    big: STRANGE.map((key) => ({ key, size: 1 << 20, times: 1 })),
    advice: STRANGE.map((key) => advice(`${key} alone is used`)),
    notes: ["10.0.0.1:11211 does not offer stats items"],
  });
  for (const page of ["servers", "hot", "server", "keys"] as const) {
    for (const columns of [1, 20, 40, 79, 80, 81, 100, 110, 200, 300]) {
      for (const rows of [2, 5, 10, 24, 50]) {
        const view = { ...FIRST_VIEW, page, chosen: "10.0.0.1:11211" };
        const { lines } = frameOf(overview, view, { columns, rows }, OPTIONS);
        assert(lines.length <= rows, `${page} ${columns}x${rows}`);
        // What is too long is cut off by the painter; the table fits by itself.
        for (const line of lines) {
          // deno-lint-ignore no-control-regex -- that is what must not be there
          assertEquals(/[\x00-\x1f\x7f-\x9f\u202e\u200d\ufe0f]/.test(textOf(line)), false);
        }
        if (page !== "servers" || columns < 80) continue;
        for (const line of lines.slice(0, 3)) assert(widthOfLine(line) <= columns, textOf(line));
      }
    }
  }
  const { lines } = frameOf(
    overview,
    { ...FIRST_VIEW, page: "hot" },
    { columns: 100, rows: 60 },
    OPTIONS,
  );
  const widths = new Set(
    lines.filter((line) => /17\.8%/.test(textOf(line)))
      .map((line) => widthOfLine(line.slice(0, 1))),
  );
  assertEquals(widths.size, 1);
});

Deno.test("the page of a server has commands, slab classes and advice", () => {
  const lines = draw(overviewOf(), { page: "server", chosen: "10.0.0.1:11211" });
  const text = lines.join("\n");
  for (
    const part of [
      "moecache top · 3 servers, 2 up · 1.6.45 · every 1s · 10.0.0.1:11211",
      "10.0.0.1:11211  memcached 1.6.45, up 12d, pid 1, 4 threads",
      "memory       97.0% ███████████████████▍ 970 B of 1000 B",
      "connections  812 of 1024",
      "get        39.7k      1.5k",
      "   5      240 B     8.1M      2  70.0%        0        7   3h12m",
      "  warning: user:0 alone is used",
      "  share 0.178",
    ]
  ) assertStringIncludes(text, part);
  // memcached lists a class without items in `stats slabs` only.
  const [up] = SERVERS;
  assert(up?.state === "up");
  const now = { ...up.look.now, items: {} };
  const emptied = { ...up, look: { ...up.look, now } };
  const without = draw(overviewOf({ servers: [emptied] }), { page: "server", chosen: up.server });
  assertStringIncludes(
    without.join("\n"),
    "   5      240 B        0      2  70.0%        0        0       -",
  );
  // Nowhere else is there room for all of the reason.
  const down = draw(overviewOf(), { page: "server", chosen: "10.0.0.2:11211" }, 14);
  assertEquals(down.slice(1), ["10.0.0.2:11211", "Connection", "refused"]);
  // What does not fit is reached by keys.
  const short = draw(overviewOf(), { page: "server", chosen: "10.0.0.1:11211", above: 3 }, 80, 6);
  assertEquals(short.slice(1), lines.slice(4, 9));
  const most = draw(overviewOf(), { page: "server", chosen: "10.0.0.1:11211", above: 999 }, 80, 6);
  assertEquals(most.length, 6);
});

Deno.test("the page of keys has them with their servers", () => {
  const text = draw(overviewOf(), { page: "hot" }).join("\n");
  assertStringIncludes(text, "HOT KEYS of the last 10 seconds, 91% seen");
  assert(/user:0 +17\.8% +7\.4k +████████ +10\.0\.0\.1:11211/.test(text), text);
  assert(/feed:all +912\.0 KiB +x3/.test(text), text);
});

Deno.test("many servers are scrolled, and some of the screen is for advice", () => {
  const servers = Array.from({ length: 100 }, (_, i) => serverUp({ server: `cache-${i}:11211` }));
  const overview = overviewOf({ servers, advice: Array.from("abcdef", (text) => advice(text)) });
  const first = draw(overview);
  assertEquals(first.length, 24);
  assertStringIncludes(first[2] ?? "", "cache-0:11211");
  assertStringIncludes(first.at(-1) ?? "", "and 4 more: moecache doctor");
  const later = draw(overview, { chosen: "cache-70:11211" }).join("\n");
  assertStringIncludes(later, ">cache-70:11211");
  const end = draw(overview, { chosen: "cache-99:11211" });
  assertStringIncludes(end.join("\n"), ">cache-99:11211");
});

Deno.test("a filter shows some servers, and what is typed stands below", () => {
  const typing = draw(overviewOf(), { filter: "0.3", isTyping: true });
  assertEquals([typing.length, typing.at(-1)], [24, "filter: 0.3_"]);
  assertEquals(typing.some((line) => line.includes("10.0.0.1:11211  12d")), false);
  const [head = "", , only = ""] = draw(overviewOf(), { filter: "0.3" });
  assertStringIncludes(head, "filter 0.3");
  assertStringIncludes(only, "10.0.0.3:11211");
  assertStringIncludes(
    draw(overviewOf(), { filter: "none" }).join("\n"),
    "no server has such a name",
  );
});

Deno.test("servers are sorted by a column, those that are down last", () => {
  const orderBy = (name: typeof COLUMN_NAMES[number] | undefined) =>
    sortServers(SERVERS, name).map(({ server }) => server.charAt(7));
  assertEquals(orderBy(undefined).join(""), "123");
  assertEquals(orderBy("server").join(""), "123");
  assertEquals([orderBy("gets"), orderBy("sets")].map((order) => order.join("")), ["132", "312"]);
  for (const name of COLUMN_NAMES.slice(1)) assertEquals(orderBy(name).at(-1), "2", name);
  const [up, down] = SERVERS;
  assert(up?.state === "up" && down !== undefined);
  const versions = ["1.6.22", "1.6.9", "1.4.25"].map((version) => ({
    ...up,
    ...{ server: version, figures: { ...up.figures, version } },
  }));
  assertEquals(sortServers([...versions, down], "version").map(({ server }) => server), [
    ...["1.4.25", "1.6.9", "1.6.22", down.server],
  ]);
  assertStringIncludes(draw(overviewOf(), { sorted: "sets" })[1] ?? "", "SET/s▾");
});

Deno.test("what is unusual is marked, and what is not known is a dash", () => {
  const [up] = SERVERS;
  assert(up?.state === "up");
  const { rates: _, hitRate: __, ...figures } = up.figures;
  const servers = [
    { ...up, evictsMore: true, hitsLess: true },
    { ...up, figures: { ...figures, rates: undefined, hitRate: undefined, coldestAge: undefined } },
    { ...up, silent: 4 },
  ];
  const [, , unusual = "", unknown = "", silent = ""] = draw(overviewOf({ servers }));
  assertStringIncludes(unusual, "96.4▼");
  assertStringIncludes(unusual, "118▲");
  assert(/8\.1M +- +- +- +- +- +812/.test(unknown), unknown);
  assert(/10\.0\.0\.1:11211 +\? +97%/.test(silent), silent);
  const idle = [serverUp({ server: "10.0.0.1:1" }), serverUp({ server: "10.0.0.2:1", items: 2 })];
  assertStringIncludes(draw(overviewOf({ servers: idle })).join("\n"), "spread: get - keys 2.00x");
});

Deno.test("top without keys has no lines for them, and says when nothing is wrong", () => {
  const { lines } = frameOf(
    overviewOf({ advice: [] }),
    FIRST_VIEW,
    { columns: 80, rows: 24 },
    { every: "1s", keys: false },
  );
  const texts = lines.map(textOf);
  assertEquals(texts.at(-1), "ADVICE  nothing is wrong with the servers that answer");
  const [, down] = SERVERS;
  assert(down !== undefined);
  assertEquals(draw(overviewOf({ advice: [], servers: [down] })).at(-1)?.startsWith("BIG"), true);
  assertEquals(texts.filter((line) => /^(HOT|BIG)/.test(line)), []);
});
