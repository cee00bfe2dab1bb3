/** The page of `web` in Chromium. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Browser, hasBrowser, startBrowser, type Tab, type TabOptions } from "./browser.ts";
import { StartedPage } from "./started_page.ts";

/** Where the pictures are kept. */
const ARTEFACTS = new URL("../../../artefacts/", import.meta.url);
/** How many milliseconds an element may take to come, on a machine that does much else. */
const PATIENCE = 60_000;

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 400, height: 800 };

/** Markup that would show if the page read it as such: in a key, and in a value. */
const KEY = "<img/src=x/onerror=window.taken=1>";
const KEY_WITH_SPACES = '<img src=x onerror="window.taken=2">';
const VALUE = "<script>window.taken=3</script><b>bold</b>";

/** A page, the servers behind it, and a tab that shows it. */
interface Scene {
  readonly servers: readonly MemcachedServer[];
  readonly client: Client;
  readonly page: StartedPage;
  readonly tab: Tab;
  /** What went wrong in the tab. */
  readonly faults: string[];
  /** What it has loaded. */
  readonly loaded: Set<string>;
}

async function withScene(
  browser: Browser,
  options: TabOptions,
  args: readonly string[],
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const servers = await Promise.all([MemcachedServer.listen(), MemcachedServer.listen()]);
  const client = new Client(servers.map(({ address }) => address));
  await client.set(KEY, VALUE);
  await client.setMany({ "user:1": "Ada", "user:2": "x".repeat(3000) });
  // So many that each server has some.
  await client.setMany(Array.from({ length: 200 }, (_, i) => [`filler:${i}`, i] as const));
  const bytes = new TextEncoder().encode("y".repeat(5000));
  await client.meta("ms", btoa(KEY_WITH_SPACES), ["b", "T0"], bytes);
  const addresses = servers.map(({ address }) => address);
  const page = await StartedPage.start(addresses, "--every", "500ms", ...args);
  const reading = setInterval(() => {
    for (const key of [KEY, KEY, "user:1", "none"]) client.get(key).catch(() => {});
  }, 10);
  const tab = await browser.newPage(options);
  tab.setDefaultTimeout(PATIENCE);
  const faults: string[] = [];
  const loaded = new Set<string>();
  tab.on("pageerror", ({ message }) => faults.push(message));
  tab.on("dialog", (dialog) => {
    faults.push(dialog.message());
    dialog.dismiss();
  });
  tab.on("console", (entry) => {
    // Reading the pixels of charts earns a warning.
    if (entry.type() === "error") faults.push(entry.text());
  });
  tab.on("request", (request) => loaded.add(request.url()));
  try {
    await tab.goto(page.url.href);
    await tab.locator("#connection.live").waitFor();
    await tab.locator("#servers tbody tr").filter({ hasText: /%/ }).first().waitFor();
    await body({ servers, client, page, tab, faults, loaded });
  } finally {
    clearInterval(reading);
    await tab.close();
    await page.end();
    await client.close();
    for (const server of servers) await server.close();
  }
}

async function keepPicture(tab: Tab, name: string): Promise<void> {
  await Deno.mkdir(ARTEFACTS, { recursive: true });
  const picture = await tab.screenshot({ fullPage: true });
  await Deno.writeFile(new URL(`${name}.png`, ARTEFACTS), picture);
}

const light = { viewport: WIDE, colorScheme: "light" } as const;

Deno.test({
  name: "the page of web in Chromium",
  ignore: !hasBrowser(),
  // The driver keeps what it needs for the next browser.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    const browser = await startBrowser();
    const step = (
      name: string,
      body: (scene: Scene) => Promise<void>,
      options: TabOptions = light,
      args: readonly string[] = [],
    ) => test.step(name, () => withScene(browser, options, args, body));
    try {
      await step("shows servers, figures, charts, slabs and keys", showsEverything);
      await step("takes no key and no value for markup", takesNoMarkup);
      await step("inspects a key on the server of its row", inspectsWhereItStands);
      await step("is used with the keyboard alone", isUsedByKeyboard);
      await step("names its parts and its controls", namesItsParts);
      await step("shows a server that is gone as down, and goes on", showsGoneServer);
      await step("says that the program has fallen silent", noticesSilence);
      await step("ends and begins with what is seen of it", followsVisibility);
      await step("changes what it may change, after a question", changes, light, ["--write"]);
      await step("is dark on a dark system", isDark, { ...light, colorScheme: "dark" });
      await step("fits a narrow screen", fitsNarrow, { ...light, viewport: NARROW });
    } finally {
      await browser.close();
    }
  },
});

async function showsEverything({ tab, servers, faults, loaded, page }: Scene): Promise<void> {
  const rows = await tab.locator("#servers tbody th button").allInnerTexts();
  assertEquals(rows.toSorted(), servers.map(({ address }) => address).toSorted());
  await tab.locator("#tiles").filter({ hasText: /2 of 2[^]*%/ }).waitFor();
  assertEquals(await tab.locator("#charts canvas").count(), 6);
  // A chart that has a line has pixels of its color.
  await tab.evaluate(`new Promise((resolve) => {
    const hasLine = (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] > 200 && data[i + 2] > data[i] + 60) return true;
      }
      return false;
    };
    const look = () =>
      [...document.querySelectorAll("#charts canvas")].every(hasLine) ? resolve() : setTimeout(look, 100);
    look();
  })`);
  await tab.locator("#hot tbody tr").filter({ hasText: "user:1" }).waitFor();
  await tab.locator("#slabs tbody tr").first().waitFor();
  await tab.locator("#servers tbody th button").first().click();
  await tab.locator("#tiles").filter({ hasText: "Coldest item" }).waitFor();
  assertEquals(await tab.locator("#flush-section").isVisible(), false);
  assertEquals(await tab.locator("#changes").isVisible(), false);
  // Nothing has been listed yet.
  assertEquals(await tab.locator("#sizes").isVisible(), false);
  await keepPicture(tab, "web-light");
  const elsewhere = [...loaded].filter((url) => !url.startsWith(page.url.origin));
  assertEquals([faults, elsewhere], [[], []]);
}

async function takesNoMarkup({ tab, faults }: Scene): Promise<void> {
  await tab.getByRole("button", { name: "List all keys" }).click();
  for (const key of [KEY, KEY_WITH_SPACES]) {
    await tab.locator("#big tbody th button").filter({ hasText: key }).waitFor();
  }
  await tab.locator("#hot tbody th button").filter({ hasText: KEY }).click();
  await tab.locator("#inspect-fields dd.value").filter({ hasText: VALUE }).waitFor();
  await tab.locator("#big tbody th button").filter({ hasText: KEY_WITH_SPACES }).click();
  await tab.locator("#inspect-fields dd.value").filter({ hasText: "yyyyy" }).waitFor();
  const counts = await tab.evaluate(
    "[window.taken, document.querySelectorAll('img, b, main script').length]",
  );
  assertEquals([counts, faults], [[undefined, 0], []]);
}

async function inspectsWhereItStands({ tab, servers }: Scene): Promise<void> {
  // On one of them, the ring looks for it elsewhere.
  for (const { address } of servers) {
    await using client = new Client(address);
    await client.set("both", "z".repeat(20_000));
  }
  await tab.getByRole("button", { name: "List all keys" }).click();
  for (const { address } of servers) {
    const keys = tab.locator(`#big tbody tr:has-text("${address}") th button`);
    await keys.filter({ hasText: "both" }).click();
    await tab.locator("#inspect-fields dd").filter({ hasText: address }).first().waitFor();
    await tab.locator("#inspect-fields dd.value").filter({ hasText: "zzzzz" }).waitFor();
  }
}

async function isUsedByKeyboard({ tab }: Scene): Promise<void> {
  const focused = (of = "textContent") => tab.evaluate<string>(`document.activeElement.${of}`);
  await tab.keyboard.press("Tab");
  assertEquals(await focused(), "Skip to the figures");
  // What has the focus shows it.
  const outline = "getComputedStyle(document.activeElement).outlineStyle";
  assertEquals(await tab.evaluate(outline), "solid");
  const sort = tab.getByRole("button", { name: "Get/s" });
  await sort.focus();
  await tab.keyboard.press("Enter");
  await tab.locator('#servers th[aria-sort="descending"]').filter({ hasText: "Get/s" }).waitFor();
  await tab.keyboard.press("Space");
  await tab.locator('#servers th[aria-sort="ascending"]').filter({ hasText: "Get/s" }).waitFor();
  // Figures that come do not take the focus away.
  const key = tab.locator("#hot tbody th button").filter({ hasText: KEY });
  await key.focus();
  await tab.evaluate(`new Promise((resolve) => {
    const seen = new MutationObserver(() => ++seen.count > 3 && resolve());
    seen.count = 0;
    seen.observe(document.querySelector("#hot"), { subtree: true, childList: true, characterData: true });
  })`);
  assertEquals(await focused(), KEY);
  await tab.keyboard.press("Enter");
  await tab.locator("#inspect-fields dd.value").waitFor();
  assertEquals([await focused("id"), await focused("value")], ["inspect-key", KEY]);
  await tab.getByLabel("Key", { exact: true }).fill("none");
  await tab.keyboard.press("Enter");
  await tab.locator("#inspect-note").filter({ hasText: "no such key" }).waitFor();
}

async function namesItsParts({ tab }: Scene): Promise<void> {
  await tab.getByRole("button", { name: "List all keys" }).click();
  for (const table of ["servers", "hot", "big", "sizes", "slabs"]) {
    await tab.locator(`#${table} tbody tr`).first().waitFor();
  }
  for (const name of ["Now", "Servers", "Advice", "Hot keys", "Big keys", "Slab classes"]) {
    assertEquals(await tab.getByRole("region", { name, exact: true }).count(), 1, name);
  }
  assertEquals(await tab.getByRole("main").count(), 1);
  assertEquals(await tab.getByRole("banner").count(), 1);
  assertEquals(await tab.getByRole("heading", { name: "moecache" }).count(), 1);
  const unnamed = await tab.evaluate<string[]>(`
    [...document.querySelectorAll("button, input, select, [tabindex]")].filter((element) =>
      !(element.textContent.trim() || element.labels?.length > 0 || element.ariaLabel)
    ).map(({ outerHTML }) => outerHTML)`);
  assertEquals(unnamed, []);
  const headless = await tab.evaluate<string[]>(`
    [...document.querySelectorAll("table")].filter((table) =>
      !table.querySelector("thead th[scope=col]") || !table.querySelector("tbody th[scope=row]")
    ).map(({ id }) => id)`);
  assertEquals(headless, []);
  const charts = await tab.evaluate<string[]>(`
    [...document.querySelectorAll("#charts [role=img]")].map(({ ariaLabel }) => ariaLabel)`);
  assertMatch(charts[0] ?? "", /^Reads per second: /);
  assertEquals(charts.length, 6);
}

async function showsGoneServer({ tab, servers, page }: Scene): Promise<void> {
  const [stays, goes] = servers;
  assert(stays !== undefined && goes !== undefined);
  await goes.close();
  await tab.locator("#servers tbody tr").filter({ hasText: goes.address })
    .filter({ hasText: /down.*Cannot connect/ }).waitFor();
  await tab.locator("#tiles").filter({ hasText: "1 of 2" }).waitFor();
  await tab.locator("#servers tbody tr").filter({ hasText: stays.address })
    .filter({ hasText: /%/ }).waitFor();
  await page.end();
  await tab.locator("#connection.lost").filter({ hasText: "does not answer" }).waitFor();
  // Where nothing else is to be said, what is down is not said to be well.
  await using quiet = await MemcachedServer.listen();
  await using other = await StartedPage.start([quiet.address, "127.0.0.1:1"]);
  await tab.goto(other.url.href);
  await tab.locator("#advice-empty").filter({ hasText: "wrong where servers answer" }).waitFor();
}

async function noticesSilence({ tab, page }: Scene): Promise<void> {
  await using tunnel = new Tunnel(Number(page.url.port));
  await tab.goto(`http://127.0.0.1:${tunnel.port}/`);
  await tab.locator("#connection.live").waitFor();
  tunnel.isBlocked = true;
  await tab.locator("#connection.lost").filter({ hasText: "does not answer" }).waitFor();
  tunnel.isBlocked = false;
  await tab.locator("#connection.live").waitFor();
}

/** Leads to a port of this machine. While it is blocked, what is sent is lost, and no connection ends. */
class Tunnel implements AsyncDisposable {
  isBlocked = false;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets: Deno.Conn[] = [];
  readonly #accepting: Promise<void>;

  constructor(port: number) {
    this.#accepting = this.#accept(port);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(port: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#sockets.push(near, far);
      for (const [from, to] of [[near, far], [far, near]] as const) {
        const open = new TransformStream<Uint8Array, Uint8Array>({
          transform: (part, controller) => this.isBlocked ? undefined : controller.enqueue(part),
        });
        // It ends with either of them.
        from.readable.pipeThrough(open).pipeTo(to.writable).catch(() => {});
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    for (const socket of this.#sockets) {
      try {
        socket.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
  }
}

async function followsVisibility({ tab }: Scene): Promise<void> {
  const isEvents = (request: { url(): string }) => request.url().includes("/api/events");
  const setHidden = (isHidden: boolean) =>
    tab.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));`,
    );
  const closed = tab.waitForEvent("requestfailed", isEvents);
  await setHidden(true);
  await closed;
  const opened = tab.waitForEvent("request", isEvents);
  await setHidden(false);
  await opened;
  await tab.locator("#connection.live").waitFor();
  assertEquals(await tab.locator("#charts canvas").count(), 6);
}

async function changes({ tab, client }: Scene): Promise<void> {
  await tab.getByLabel("Key", { exact: true }).fill("user:2");
  await tab.keyboard.press("Enter");
  await tab.locator("#changes").waitFor();
  await tab.getByLabel("Expires in").fill("5m");
  await tab.getByRole("button", { name: "Touch" }).click();
  await tab.locator("#inspect-note").filter({ hasText: "touched" }).waitFor();
  await tab.getByRole("button", { name: "Delete" }).click();
  await tab.getByRole("button", { name: "Cancel" }).click();
  assertEquals(await client.touch("user:2", 300), true);
  await tab.getByRole("button", { name: "Delete" }).click();
  await tab.locator("#confirm-yes").click();
  await tab.locator("#inspect-note").filter({ hasText: "deleted" }).waitFor();
  assertEquals(await client.get("user:2"), undefined);
  await tab.getByRole("button", { name: "Flush all servers…" }).click();
  await tab.locator("#confirm-input").fill("all server");
  assertEquals(await tab.locator("#confirm-yes").isDisabled(), true);
  await tab.locator("#confirm-input").fill("all servers");
  await tab.locator("#confirm-yes").click();
  await tab.locator("#flush-note").filter({ hasText: "flushed" }).waitFor();
  assertEquals(await client.getMany([KEY, "user:1"]), new Map());
}

async function isDark({ tab }: Scene): Promise<void> {
  const color = await tab.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const [red = 255] = Array.from(color.matchAll(/\d+/g), Number);
  assert(red < 60, color);
  await keepPicture(tab, "web-dark");
}

async function fitsNarrow({ tab }: Scene): Promise<void> {
  await tab.getByRole("button", { name: "List all keys" }).click();
  await tab.locator("#sizes tbody tr").first().waitFor();
  assertEquals(await tab.evaluate("document.documentElement.scrollWidth"), NARROW.width);
  await keepPicture(tab, "web-narrow");
}
