/** The page of one server. @module */

import { changeOf } from "../figures.ts";
import { bar } from "../histogram.ts";
import type { Overview, ServerUp } from "../overview.ts";
import { countOf, showDuration, showNumber, showShare, showSize } from "../quantities.ts";
import { itemClasses, numberIn, slabClasses, slabNumbers } from "../snapshot.ts";
import { fitted, plainText } from "../shown_text.ts";
import { advicePage } from "./advice_lines.ts";
import { ageText, hitText, rateText, reasonText } from "./columns.ts";
import { foreign, type Line, span, wrapped } from "./lines.ts";

/** Commands, and what counts those that found something and those that did not. */
const COMMANDS: readonly (readonly [name: string, hits: string, misses: string])[] = [
  ["get", "get_hits", "get_misses"],
  ["touch", "touch_hits", "touch_misses"],
  ["delete", "delete_hits", "delete_misses"],
  ["incr", "incr_hits", "incr_misses"],
  ["decr", "decr_hits", "decr_misses"],
  ["cas", "cas_hits", "cas_misses"],
];
const WIDEST_BAR = 20;
const MOST_KEYS = 10;

/** The lines of a server. */
export function serverPage(overview: Overview, name: string, width: number): Line[] {
  const view = overview.servers.find(({ server }) => server === name);
  if (view === undefined) return [[foreign(`${name} is not among the servers`, "bad")]];
  if (view.state !== "up") {
    const reason = wrapped(plainText(view.message), width);
    return [[foreign(name, "strong")], ...reason.map((row): Line => [span(row, "bad")])];
  }
  const advice = overview.advice.filter(({ server }) => server === name);
  return [
    ...summary(view),
    [],
    ...commandLines(view),
    [],
    ...slabLines(view),
    [],
    [span("ADVICE", "strong")],
    ...advice.length === 0 ? [[span("  nothing is wrong", "good")]] : advicePage(advice, width),
    ...keyLines(overview, name),
  ];
}

function summary({ figures, look: { now } }: ServerUp): Line[] {
  const { stats, settings } = now;
  const { uptime, bytes, limit, fill, items, connections, coldestAge } = figures;
  const threads = numberIn(stats, "threads");
  const most = numberIn(stats, "max_connections") ?? numberIn(settings, "maxconns");
  return [
    [
      foreign(figures.server, "strong"),
      foreign(`  memcached ${figures.version ?? "?"}, up ${showDuration(uptime)}`),
      foreign(
        `, pid ${stats.pid ?? "?"}, ${
          threads === undefined ? "? threads" : countOf(threads, "thread")
        }`,
      ),
    ],
    [span(
      `memory       ${showShare(fill, 1)} ${fitted(bar(fill, WIDEST_BAR), WIDEST_BAR)} ` +
        `${showSize(bytes)} of ${showSize(limit)}`,
    )],
    [span(`items        ${items}, the coldest unused for ${ageText(coldestAge)}`)],
    [span(`connections  ${connections}${most === undefined ? "" : ` of ${most}`}`)],
  ];
}

function commandLines({ figures: { rates, hitRate, missReason }, look }: ServerUp): Line[] {
  const { before, now } = look;
  if (before === undefined || rates === undefined) return [[span("no rates yet", "dim")]];
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const perSecond = (statistic: string) => changeOf(before, now, statistic) / seconds;
  const rows = COMMANDS.map(([name, hits, misses]): Line => {
    const [found, missed] = [perSecond(hits), perSecond(misses)];
    return [span(
      `${name.padEnd(8)}${showNumber(found).padStart(8)}${showNumber(missed).padStart(10)}`,
    )];
  });
  return [
    [span("PER SECOND  HITS    MISSES", "strong")],
    ...rows,
    [span(`set     ${rateText(rates.sets).padStart(8)}`)],
    [span(
      `hit rate ${hitText(hitRate)}${hitRate === undefined ? "" : "%"}, evictions ${
        rateText(rates.evictions)
      }/s, ` +
        `misses: ${reasonText(missReason) || "none"}`,
    )],
  ];
}

function slabLines({ look: { before, now } }: ServerUp): Line[] {
  if (now.items === undefined) {
    return [[span("the server does not offer its slab classes", "dim")]];
  }
  const former = itemClasses(before?.items ?? {});
  const items = itemClasses(now.items);
  const slabs = slabClasses(now.slabs ?? {});
  const seconds = before === undefined ? 0 : Math.max(0.001, (now.at - before.at) / 1000);
  const rows = slabNumbers(items, slabs).map((id): Line => {
    const fields = items.get(id);
    const memory = slabs.get(id);
    const [chunk = 0, pages = 0, free = 0, all = 0] = [
      "chunk_size",
      "total_pages",
      "free_chunks",
      "total_chunks",
    ]
      .map((name) => numberIn(memory, name));
    const evicted = numberIn(fields, "evicted") ?? 0;
    const change = Math.max(0, evicted - (numberIn(former.get(id), "evicted") ?? evicted));
    const age = numberIn(fields, "age");
    return [span([
      id.padStart(4),
      showSize(chunk).padStart(10),
      showNumber(numberIn(fields, "number") ?? 0).padStart(8),
      showNumber(pages).padStart(6),
      showShare(free, all).padStart(6),
      (seconds === 0 ? "-" : showNumber(change / seconds)).padStart(8),
      showNumber(evicted).padStart(8),
      ageText(age).padStart(7),
    ].join(" "))];
  });
  const head = "SLAB      CHUNK    ITEMS  PAGES   FREE  EVICT/s  EVICTED     AGE";
  return [[span(head, "strong")], ...rows.length === 0 ? [[span("no items", "dim")]] : rows];
}

function keyLines({ hot }: Overview, name: string): Line[] {
  const keys = (hot?.keys ?? []).filter(({ servers: [first] }) => first === name)
    .slice(0, MOST_KEYS);
  if (keys.length === 0) return [];
  return [
    [],
    [span("HOT KEYS, and their share of all servers", "strong")],
    ...keys.map(({ key, share, perSecond }): Line => [
      span(`${showShare(share, 1).padStart(6)} ${showNumber(perSecond).padStart(7)}/s  `),
      foreign(key),
    ]),
  ];
}
