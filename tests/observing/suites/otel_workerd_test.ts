/** OpenTelemetry's own SDK on `./otel`, on Cloudflare Workers. */

import { fileURLToPath } from "node:url";
import { exec } from "../../package/exec.ts";
import { install, installEsbuild, WORKERD } from "../../package/tool.ts";
import { workerdConfig } from "../../runtimes/workerd.ts";
import { memcachedPath, MemcachedProcess } from "../../support/memcached.ts";
import { buildPackage } from "./built_package.ts";

const cwd = fileURLToPath(new URL("./", import.meta.url));

/** The modules of Node's that the SDK requires. */
const REQUIRED = ["async_hooks", "events"];

/** What wrangler takes of a package's fields and conditions. */
const AS_WRANGLER = [
  ...["--bundle", "--format=esm", "--target=es2024", "--external:node:*", "--log-level=error"],
  ...["--main-fields=browser,module,main", "--conditions=workerd,worker,browser"],
];

Deno.test("OpenTelemetry's SDK gets spans and metrics on workerd", {
  ignore: memcachedPath() === undefined,
}, async () => {
  await buildPackage();
  await using memcached = await MemcachedProcess.start();
  const folder = await Deno.makeTempDir();
  try {
    const options = [`--outfile=${folder}/worker.mjs`, ...AS_WRANGLER];
    for (const name of REQUIRED) {
      // A worker has no `require` for Node's modules: they have to be imported.
      await Deno.writeTextFile(`${folder}/${name}.mjs`, `export * from "node:${name}";\n`);
      options.push(`--alias:${name}=${folder}/${name}.mjs`);
    }
    await exec(await installEsbuild(), ["otel_worker.mjs", ...options], { cwd });
    const config = workerdConfig("worker.mjs", { ADDRESS: memcached.address }, {
      flags: ["nodejs_compat"],
    });
    await Deno.writeTextFile(`${folder}/worker.capnp`, config);
    await exec(await install(WORKERD), ["test", "worker.capnp"], { cwd: folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
