/** The page: listens to the program, and shows what it says. */

import { Charts, colorOf } from "./charts.js";
import { byId, make, setText, Table } from "./dom.js";
import { ask, confirmed, Inspector, order } from "./inspector.js";
import { brief, count, duration, exact, NOTHING, rate, share, size, time } from "./show.js";

/** How often, in milliseconds, the slab classes are asked for, and a lost connection is tried again. */
const SLABS_EVERY = 2000;
const RETRY = 3000;
/** How long, in milliseconds, nothing may come besides the time of three looks at the servers. */
const PATIENCE = 5000;
/** What stands for all servers in a flush. */
const ALL_SERVERS = "all servers";

const state = {
  servers: [],
  scope: "",
  sample: undefined,
  every: 0,
  stream: undefined,
  silence: undefined,
  retry: undefined,
  isListed: false,
  advice: "",
};
const charts = new Charts();
const inspector = new Inspector();

const figure = (title, of, text, more = {}) => ({
  title,
  value: ({ figures }) => figures && of(figures),
  text: ({ figures }) => figures ? text(of(figures)) : "",
  number: true,
  ...more,
});

const servers = new Table(byId("servers"), [
  {
    title: "Server",
    value: ({ server }) => server,
    text: ({ server }) => server,
    swatch: (server) => colorOf(state.servers, server),
    open: ({ server }) => setScope(state.scope === server ? "" : server),
    pressed: ({ server }) => state.scope === server,
  },
  {
    title: "Up",
    value: ({ figures }) => figures?.uptime,
    text: ({ state, figures }) => figures ? duration(figures.uptime) : state,
    mood: ({ state }) => state === "down" ? "bad" : "",
    number: true,
  },
  figure("Fill", ({ fill }) => fill, share, { meter: ({ figures }) => figures?.fill }),
  figure("Items", ({ items }) => items, count),
  figure("Get/s", ({ rates }) => rates?.gets, rate),
  figure("Hit %", ({ hitRate }) => hitRate, share, {
    text: ({ figures, hitsLess }) =>
      figures ? `${share(figures.hitRate)}${hitsLess ? " ▼" : ""}` : "",
    mood: ({ hitsLess }) => hitsLess ? "warn" : "",
  }),
  figure("Set/s", ({ rates }) => rates?.sets, rate),
  figure("Evict/s", ({ rates }) => rates?.evictions, rate, {
    text: ({ figures, evictsMore }) =>
      figures ? `${rate(figures.rates?.evictions)}${evictsMore ? " ▲" : ""}` : "",
    mood: ({ evictsMore }) => evictsMore ? "warn" : "",
  }),
  figure("Coldest", ({ coldestAge }) => coldestAge, duration),
  figure("Conns", ({ connections }) => connections, count),
  {
    title: "Misses",
    text: ({ figures, message, silent }) => {
      if (figures === undefined) return message;
      if (silent > 0) return `silent for ${duration(silent)}`;
      const { missReason } = figures;
      return missReason ? `${missReason.reason} ${share(missReason.share)}` : "";
    },
  },
], {
  keyOf: ({ server }) => server,
  classOf: ({ server, silent }) => server === state.scope ? "selected" : silent > 0 ? "late" : "",
});

const keyColumn = (serverOf) => ({
  title: "Key",
  className: "key",
  text: ({ label }) => label,
  hint: ({ label }) => label,
  open: (row) => {
    const server = serverOf(row);
    inspector.open(server === undefined ? { key: row.key } : { key: row.key, server });
  },
});

const hot = new Table(byId("hot"), [
  keyColumn(({ servers: [busiest] }) => busiest),
  { title: "Share", text: (hot) => share(hot.share), meter: (hot) => hot.share, number: true },
  { title: "Per second", text: ({ perSecond }) => rate(perSecond), number: true },
  { title: "Servers", text: ({ servers }) => servers.join(", ") },
], { keyOf: ({ key }) => key });

const big = new Table(byId("big"), [
  keyColumn(({ server }) => server),
  { title: "Size", text: (item) => size(item.size), number: true },
  {
    title: "Expires",
    text: ({ ttl }) => ttl === undefined ? "" : ttl === null ? "never" : `in ${duration(ttl)}`,
    number: true,
  },
  {
    title: "Read",
    text: ({ fetched, times }) =>
      times === undefined ? fetched ? "yes" : "never" : `or stored ${exact(times)}×`,
  },
  { title: "Server", text: ({ server = "" }) => server },
], { keyOf: ({ key, server = "" }) => `${server} ${key}` });

const sizes = new Table(byId("sizes"), [
  { title: "Size", text: ({ name }) => name },
  { title: "Items", text: ({ items }) => exact(items), number: true },
  { title: "Share", text: (row) => share(row.share), meter: (row) => row.share, number: true },
], { keyOf: ({ name }) => name });

const slab = (title, name, text, more = {}) => ({
  title,
  value: (row) => row[name],
  text: (row) => text(row[name]),
  number: true,
  ...more,
});

const slabs = new Table(byId("slabs"), [
  slab("Class", "slab", String, { number: false }),
  slab("Chunk", "chunkSize", size),
  slab("Pages", "pages", exact),
  slab("Items", "items", exact),
  slab("Chunks used", "fill", share, { meter: ({ fill }) => fill }),
  slab("Free chunks", "freeChunks", exact),
  slab("Coldest", "age", duration),
  slab("Evict/s", "evictionsPerSecond", rate, {
    mood: ({ evictionsPerSecond }) => evictionsPerSecond > 0 ? "warn" : "",
  }),
  slab("Evicted", "evicted", exact),
  slab("Never read", "evictedUnfetched", exact),
], { keyOf: ({ slab }) => slab, sortBy: 0 });

/** Shows one server, or all of them. */
function setScope(scope) {
  state.scope = scope;
  byId("scope").value = scope;
  if (scope !== "") byId("slabs-server").value = scope;
  setText(byId("flush-name"), scope || ALL_SERVERS);
  charts.show(scope);
  if (state.sample) showSample(state.sample);
  showSlabs();
}

function showSample(sample) {
  state.sample = sample;
  servers.update(sample.servers);
  const up = sample.servers.filter(({ state }) => state === "up").length;
  const chosen = sample.servers.find(({ server }) => server === state.scope);
  showTiles(chosen === undefined ? sample.fleet : chosen.figures, [
    chosen === undefined
      ? ["Servers up", `${up} of ${sample.servers.length}`]
      : ["Up", chosen.figures ? duration(chosen.figures.uptime) : chosen.state],
  ]);
  document.title = up === sample.servers.length ? "moecache" : `moecache: ${up} up`;
}

function showTiles(figures, before) {
  const { rates, hitRate, fill, items, connections, coldestAge, getSpread, itemSpread } = figures ??
    {};
  const tiles = [
    ...before,
    ["Reads/s", rate(rates?.gets)],
    ["Hits", share(hitRate)],
    ["Writes/s", rate(rates?.sets)],
    ["Evictions/s", rate(rates?.evictions)],
    ["Memory used", share(fill)],
    ["Items", count(items)],
    ["Connections", count(connections)],
    ...state.scope === "" && state.servers.length > 1
      ? [["Busiest / mean", times(getSpread)], ["Fullest / mean", times(itemSpread)]]
      : [],
    ...state.scope === "" ? [] : [["Coldest item", duration(coldestAge)]],
  ];
  const list = byId("tiles");
  while (list.children.length > tiles.length) list.lastChild.remove();
  tiles.forEach(([name, text], i) => {
    const tile = list.children[i] ?? list.appendChild(make("div", "", [make("dt"), make("dd")]));
    setText(tile.firstChild, name);
    setText(tile.lastChild, text);
  });
}

const times = (value) => value === undefined ? NOTHING : `${value.toFixed(2)}×`;

function showKeys({ hot: report, big: seen }) {
  if (report === undefined) {
    hot.update([]);
    setText(byId("hot-note"), "No server can be watched yet.");
  } else {
    const { keys, events, seen: part } = report;
    hot.update(keys);
    const missed = part < 0.999
      ? `; ${share(part)} of them were seen, as busy servers are watched part of the time`
      : "";
    const what = `Reads and writes of about the last ten seconds${missed}.`;
    setText(byId("hot-note"), events < 1 ? "Nothing is read or written." : what);
  }
  if (state.isListed) return;
  big.update(seen);
  setText(byId("big-note"), "The largest values that are read and stored now.");
}

function showBig({ state: how, listed, items, sizes: counts, at, faults }) {
  state.isListed = true;
  big.update(items);
  const all = counts.reduce((sum, [, items]) => sum + items, 0);
  byId("sizes-block").hidden = counts.length === 0;
  sizes.update(counts.map(([name, items]) => ({ name, items, share: items / all })));
  byId("big-start").disabled = how === "running";
  const seen = `${exact(listed)} ${listed === 1 ? "item" : "items"}`;
  const done = at === undefined ? "" : ` at ${time(at / 1000)}`;
  setText(
    byId("big-note"),
    [
      how === "running" ? `Listing: ${seen}…` : `Of ${seen}${done}.`,
      ...faults,
    ].join(" "),
  );
}

/** What is new is read aloud; figures that change are not. */
function showAdvice({ advice, notes }) {
  const list = byId("advice");
  while (list.children.length > advice.length) list.lastChild.remove();
  advice.forEach(({ severity, server, finding, action, figures }, i) => {
    const parts = () => [make("strong"), make("p"), make("p"), make("small")];
    const item = list.children[i] ?? list.appendChild(make("li", "", parts()));
    const [kind, what, todo, rest] = item.children;
    item.className = severity;
    setText(kind, `${severity} · ${server}`);
    setText(what, finding);
    setText(todo, action);
    setText(
      rest,
      Object.entries(figures).map(([name, value]) => `${name} ${brief(value)}`).join(" · "),
    );
  });
  const names = advice.map(({ rule, server }) => `${server} ${rule}`).join();
  if (names !== state.advice) {
    state.advice = names;
    const findings = advice.map(({ severity, finding }) => `${severity}: ${finding}`);
    setText(byId("advice-news"), findings.join(". "));
  }
  const servers = state.sample?.servers ?? [];
  const up = servers.filter(({ state }) => state === "up").length;
  const all = up === servers.length
    ? "Nothing looks wrong."
    : "Nothing looks wrong where servers answer.";
  const calm = advice.length > 0 ? [] : [up > 0 ? all : "No server answers."];
  setText(byId("advice-empty"), [...calm, ...notes.map((note) => `${note}.`)].join(" "));
}

async function showSlabs() {
  const server = byId("slabs-server").value;
  if (server === "" || document.hidden) return;
  try {
    const { isUp, rows } = await ask(`/api/slabs?server=${encodeURIComponent(server)}`);
    if (server !== byId("slabs-server").value) return;
    slabs.update(rows);
    const none = isUp ? "It says nothing of slab classes." : "It does not answer.";
    setText(byId("slabs-note"), rows.length === 0 ? none : "");
  } catch (error) {
    slabs.update([]);
    setText(byId("slabs-note"), error.message);
  }
}

function begin({ servers, canWrite, every, history, length }) {
  const isNew = servers.join() !== state.servers.join();
  state.servers = servers;
  state.every = every;
  inspector.canWrite = canWrite;
  byId("flush-section").hidden = !canWrite;
  if (isNew) {
    const options = () => servers.map((server) => make("option", "", server, { value: server }));
    byId("scope").replaceChildren(make("option", "", ALL_SERVERS, { value: "" }), ...options());
    byId("slabs-server").replaceChildren(...options());
    state.scope = "";
  }
  charts.start(servers, history, length);
  setScope(state.scope);
}

function showConnection(kind, text) {
  byId("connection").className = kind;
  setText(byId("connection"), text);
}

function disconnect() {
  clearTimeout(state.retry);
  clearTimeout(state.silence);
  state.stream?.close();
  state.stream = undefined;
}

function lose() {
  disconnect();
  showConnection("lost", "The program does not answer. Was it ended, or started with a new token?");
  state.retry = setTimeout(connect, RETRY);
}

/** A connection may break without a word, as through a tunnel: what is shown then is old. */
function expectMore() {
  clearTimeout(state.silence);
  state.silence = setTimeout(lose, PATIENCE + 3 * state.every);
}

/** A browser has few connections for a site: only a page that is seen keeps one. */
function connect() {
  disconnect();
  if (document.hidden) return;
  const wanted = byId("keys-wanted").checked;
  const stream = state.stream = new EventSource(`/api/events?keys=${wanted ? 1 : 0}`);
  const on = (name, show) =>
    stream.addEventListener(name, ({ data }) => {
      show(JSON.parse(data));
      expectMore();
    });
  on("hello", (hello) => {
    showConnection("live", "Live");
    begin(hello);
  });
  on("sample", (sample) => {
    charts.add(sample);
    showSample(sample);
  });
  on("keys", showKeys);
  on("big", showBig);
  on("advice", showAdvice);
  stream.addEventListener("error", lose);
  expectMore();
  if (!wanted) {
    hot.update([]);
    if (!state.isListed) big.update([]);
    setText(byId("hot-note"), "The servers are not watched.");
  }
}

async function flush() {
  const server = state.scope || ALL_SERVERS;
  const isSure = await confirmed({
    title: `Flush ${server}?`,
    text: "All items are gone then, and nothing brings them back.",
    yes: "Flush",
    word: server,
  });
  if (!isSure) return;
  try {
    await order("/api/flush", { server, confirm: server });
    setText(byId("flush-note"), `${server}: flushed at ${time(Date.now() / 1000)}.`);
  } catch (error) {
    setText(byId("flush-note"), error.message);
  }
}

byId("scope").addEventListener("change", ({ target }) => setScope(target.value));
byId("slabs-server").addEventListener("change", showSlabs);
byId("keys-wanted").addEventListener("change", connect);
byId("flush").addEventListener("click", flush);
byId("big-start").addEventListener(
  "click",
  () => order("/api/big").catch((error) => setText(byId("big-note"), error.message)),
);
document.addEventListener("visibilitychange", connect);
setInterval(showSlabs, SLABS_EVERY);
connect();
