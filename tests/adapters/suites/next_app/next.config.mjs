import { fileURLToPath } from "node:url";

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

export default {
  cacheComponents: true,
  partialPrefetching: true,
  cacheHandlers: { remote: pathOf("cache-handler.mjs") },
  cacheHandler: pathOf("pages-handler.mjs"),
  cacheMaxMemorySize: 0,
  // Where no test looks for the sources of this repository.
  distDir: "node_modules/.built",
};
