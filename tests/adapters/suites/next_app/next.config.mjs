import { fileURLToPath } from "node:url";

// The test puts the examples there, beside the packages that they import.
const exampleOf = (name) =>
  fileURLToPath(new URL(`node_modules/.examples/${name}`, import.meta.url));

export default {
  cacheComponents: true,
  partialPrefetching: true,
  cacheHandlers: { remote: exampleOf("next_cache_handler.mjs") },
  cacheHandler: exampleOf("next_pages_handler.mjs"),
  cacheMaxMemorySize: 0,
  // Where no test looks for the sources of this repository.
  distDir: "node_modules/.built",
};
