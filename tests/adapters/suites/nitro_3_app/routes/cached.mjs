import { defineCachedEventHandler } from "nitro/runtime";

/** What is computed once. */
export default defineCachedEventHandler(() => crypto.randomUUID(), { maxAge: 3600, swr: false });
