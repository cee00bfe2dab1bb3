import moecacheDriver from "@moecache/moecache/unstorage";
import { defineNitroPlugin, useStorage } from "nitro/runtime";

/** Puts Nitro's cache where the environment says when the program starts. */
export default defineNitroPlugin(() => {
  const servers = process.env.MEMCACHED_SERVERS;
  useStorage().mount("cache", moecacheDriver({ servers, base: "cache:" }));
});
