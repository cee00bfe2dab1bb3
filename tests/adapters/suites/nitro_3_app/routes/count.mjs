import { defineEventHandler } from "nitro/deps/h3";
import { useStorage } from "nitro/runtime";

/** Counts the calls of all processes that come one after the other. */
export default defineEventHandler(async () => {
  const storage = useStorage("data");
  const count = (await storage.getItem("count") ?? 0) + 1;
  await storage.setItem("count", count, { ttl: 3600 });
  return { count, keys: await storage.getKeys() };
});
