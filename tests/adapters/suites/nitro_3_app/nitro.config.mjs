export default {
  compatibilityDate: "2026-01-01",
  buildDir: "node_modules/.nitro",
  output: { dir: "node_modules/.output" },
  storage: {
    // As a program names the driver in its configuration: what stands here is known when it is built.
    data: { driver: "@moecache/moecache/unstorage", servers: process.env.BUILT_FOR, base: "data:" },
  },
};
