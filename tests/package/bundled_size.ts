/** How large a bundle is that somebody makes of the package. @module */

import { exec } from "./exec.ts";
import { installEsbuild } from "./tool.ts";

/** What is in a minified bundle. */
export interface BundledSize {
  /** Its length in bytes. */
  readonly bytes: number;
  /** Its length in bytes after gzip. */
  readonly gzipped: number;
  /** The modules that a part of is in it. */
  readonly modules: readonly string[];
}

/**
 * Bundles and minifies a program with esbuild.
 *
 * @param folder Where its packages are installed.
 * @param program The program's text.
 */
export async function bundledSize(folder: string, program: string): Promise<BundledSize> {
  await Deno.writeTextFile(`${folder}/program.mjs`, program);
  const options = ["--bundle", "--minify", "--format=esm", "--platform=neutral"];
  const output = ["--outfile=program.min.js", "--metafile=program.json", "--log-level=error"];
  await exec(await installEsbuild(), ["program.mjs", ...options, ...output], { cwd: folder });
  const bundle = await Deno.readFile(`${folder}/program.min.js`);
  const { outputs } = JSON.parse(await Deno.readTextFile(`${folder}/program.json`));
  const inputs: Record<string, { bytesInOutput: number }> = outputs["program.min.js"].inputs;
  return {
    bytes: bundle.byteLength,
    gzipped: await gzippedLength(bundle),
    modules: Object.keys(inputs).filter((path) => inputs[path]!.bytesInOutput > 0),
  };
}

async function gzippedLength(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
