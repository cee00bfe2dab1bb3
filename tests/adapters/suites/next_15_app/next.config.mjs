import { fileURLToPath } from "node:url";

// The test puts the example there, beside the packages that it imports.
const handler = new URL("node_modules/.examples/next_pages_handler.mjs", import.meta.url);

export default {
  cacheHandler: fileURLToPath(handler),
  cacheMaxMemorySize: 0,
  // Where no test looks for the sources of this repository.
  distDir: "node_modules/.built",
};
