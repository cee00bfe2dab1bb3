import { nextIncrementalCacheHandler } from "@moecache/moecache/next";

export default nextIncrementalCacheHandler();
