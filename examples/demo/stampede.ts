/** Second act: a thousand callers, and one load. @module */

import { Client } from "@moecache/moecache";
import { barLine, count, paint, print } from "./screen.ts";

const CALLERS = 1000;
/** Milliseconds that the database takes. */
const LOAD_TIME = 500;

/** Shows how often a value is loaded that many callers of two clients ask for at the same time. */
export async function showStampede(servers: readonly string[]): Promise<void> {
  await using one = new Client(servers);
  await using other = new Client(servers);
  let loads = 0;
  const load = async () => {
    loads++;
    await new Promise((resolve) => setTimeout(resolve, LOAD_TIME));
    return { price: 42 };
  };
  const getThenSet = async (client: Client) => {
    const found = await client.get("prices");
    if (found === undefined) await client.set("prices", await load(), 60);
  };
  const stampede = async (call: (client: Client) => Promise<unknown>) => {
    loads = 0;
    await Promise.all(Array.from({ length: CALLERS }, (_, i) => call(i % 2 === 0 ? one : other)));
    return loads;
  };

  const title = `${count(CALLERS)} callers of two clients ask for what the cache does not have`;
  print("", `${paint("bold", "2 Stampede")}  ${title}`);
  const plain = await stampede(getThenSet);
  print(barLine("get, then set", plain / CALLERS, `${count(plain)} loads`, "red"));
  await one.delete("prices");
  const leased = await stampede((client) => client.getOrSet("prices", load, { exptime: 60 }));
  const loaded = `${leased} load${leased === 1 ? "" : "s"}`;
  print(barLine("getOrSet", leased / CALLERS, loaded, "green"));
}
