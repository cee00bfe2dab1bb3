import { nextCacheHandler } from "@moecache/moecache/next";

export default nextCacheHandler();
