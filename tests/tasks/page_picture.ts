/**
 * `deno run -A tests/tasks/page_picture.ts`: makes docs/web.png, the page of `moecache web` over three memcached
 * servers that are read and written for half a minute. It needs memcached and Chromium.
 */

import { Client, ClientException, SocketError } from "../../mod.ts";
import { startBrowser } from "../cli/web/browser.ts";
import { StartedPage } from "../cli/web/started_page.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { ROOT, say } from "./run.ts";

const PLACE = new URL("docs/web.png", ROOT);
const SECONDS = 40;
const VIEWPORT = { width: 1200, height: 840 };

await using first = await MemcachedProcess.start(["-m", "16"]);
await using second = await MemcachedProcess.start(["-m", "16"]);
await using third = await MemcachedProcess.start(["-m", "12"]);
const servers = [first, second, third].map(({ address }) => address);
await using client = new Client(servers);
await client.set("feed:all", "x".repeat(920_000), 86_400);

/** Reads many keys, some of them often, and stores what is not there. */
async function load(): Promise<void> {
  const keys = Array.from({ length: 120 }, () => `user:${Math.floor(Math.random() ** 5 * 60_000)}`);
  const found = await client.getMany(keys);
  const missing = keys.filter((key) => !found.has(key));
  const size = () => Math.floor(200 + Math.random() ** 3 * 6000);
  await client.setMany(missing.map((key) => [key, "v".repeat(size())] as const), 3600);
  const hot = ["user:0", "user:0", "feed:top", "cfg:flags"];
  await Promise.all(hot.map((key) => client.getOrSet(key, () => "v".repeat(500), { exptime: 60 })));
}

const timer = setInterval(() => {
  load().catch((error) => {
    if (!(error instanceof ClientException || error instanceof SocketError)) throw error;
  });
}, 40);
await using page = await StartedPage.start(servers, "--every", "1s");
const browser = await startBrowser();
try {
  const tab = await browser.newPage({ viewport: VIEWPORT, colorScheme: "light" });
  await tab.goto(page.url.href);
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const picture = await tab.screenshot({ path: PLACE.pathname });
  say(`${PLACE.pathname}: ${picture.byteLength} bytes`);
} finally {
  clearInterval(timer);
  await browser.close();
}
