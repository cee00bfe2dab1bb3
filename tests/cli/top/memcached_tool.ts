/** memcached's own tools, as Debian installs them beside the server. @module */

import { programPath } from "../../support/memcached.ts";

const DEBIAN = "/usr/share/memcached/scripts";

/** Where the tool is; `undefined` where it is not, and tests that need it are ignored. */
export const TOOL: string | undefined = toolAt("memcached-tool");

/** The same for `damemtop`, which needs packages of Perl as well. */
export const DAMEMTOP: string | undefined = hasPackages() ? toolAt("damemtop") : undefined;

function toolAt(name: string): string | undefined {
  return programPath(name) ?? programAt(`${DEBIAN}/${name}`);
}

function hasPackages(): boolean {
  const perl = programPath("perl");
  if (perl === undefined) return false;
  const args = ["-MAnyEvent", "-MYAML", "-MTerm::ReadKey", "-e", "1"];
  return new Deno.Command(perl, { args, stderr: "null" }).outputSync().success;
}

function programAt(path: string): string | undefined {
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What `memcached-tool ADDRESS stats` prints, by name. */
export async function memcachedTool(address: string): Promise<Readonly<Record<string, string>>> {
  const { success, stdout, stderr } = await new Deno.Command("perl", {
    args: [TOOL ?? "memcached-tool", address, "stats"],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`memcached-tool: ${decoder.decode(stderr)}`);
  const lines = decoder.decode(stdout).split("\n").filter((line) => !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => line.trim().split(/\s+/)).filter(({ length }) => length === 2),
  );
}
