/** The packages that moecache is compared with. @module */

const FOLDER = new URL("rivals/", import.meta.url);

/**
 * Installs what `package.json` pins, unless it is installed.
 *
 * @param say Told what is done, since it reaches out to the network.
 * @throws {Error} When npm fails.
 */
export async function installRivals(say: (line: string) => void): Promise<void> {
  if (await isInstalled()) return;
  say("Installing the rivals in bench/rivals/ with npm, this once");
  const { code } = await new Deno.Command("npm", {
    args: ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
    cwd: FOLDER,
  }).spawn().status;
  if (code !== 0) {
    throw new Error(`Cannot install the rivals: npm ended with status ${code}`);
  }
}

async function isInstalled(): Promise<boolean> {
  const { dependencies } = await readJson("package.json") as {
    dependencies: Record<string, string>;
  };
  try {
    const installed = await Promise.all(
      Object.keys(dependencies).map((name) => readJson(`node_modules/${name}/package.json`)),
    );
    return Object.values(dependencies).every((version, i) => installed[i]?.version === version);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, FOLDER)));
}
