/** What is installed from npm for tests, benchmarks, examples and tools is the same in a year. */

import { assert, assertEquals } from "@std/assert";
import { filesOf, lockedFolders } from "./locked_folders.ts";

const EXACT = /^(?:npm:.+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/;
/** A name from npm, in quotes, and its version. */
const SPECIFIER = /(["'`])npm:(@?[\w.-]+(?:\/[\w.-]+)?)(?:@([^"'`/\s]+))?[^"'`]*\1/g;

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  /** Whether it comes in the file of the package that it is for, and has no checksum of its own. */
  readonly inBundle?: boolean;
}

async function readJson(folder: URL, name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(name, folder)));
}

for (const folder of await lockedFolders()) {
  const path = folder.pathname.split("/").slice(-4, -1).join("/");

  Deno.test(`${path}/package.json names versions and no ranges`, async () => {
    const { dependencies = {}, optionalDependencies = {}, overrides = {} } = await readJson(
      folder,
      "package.json",
    );
    const versions = Object.values({ ...dependencies, ...optionalDependencies, ...overrides });
    assert(versions.length > 0);
    assertEquals(versions.filter((version) => !EXACT.test(version as string)), []);
  });

  Deno.test(`${path}/package-lock.json pins every package from any source`, async () => {
    const { packages } = await readJson(folder, "package-lock.json");
    const { "": _root, ...locked } = packages as Record<string, LockedPackage>;
    for (const [name, { version, integrity, resolved, inBundle }] of Object.entries(locked)) {
      assert(
        version !== undefined && (inBundle || integrity !== undefined),
        `${name} is not pinned`,
      );
      assertEquals(resolved, undefined, `${name} has an address`);
    }
  });
}

Deno.test("what is imported from npm outside of those folders has a version and no range", async () => {
  const floating = [];
  for await (const file of filesOf()) {
    if (!/\.(ts|js|mjs|json)$/.test(file.pathname)) continue;
    // It pins the packages whose ranges it repeats.
    if (file.pathname.endsWith("/package-lock.json")) continue;
    for (const [, , name, version] of (await Deno.readTextFile(file)).matchAll(SPECIFIER)) {
      if (!EXACT.test(version ?? "")) floating.push(`${file.pathname}: ${name}`);
    }
  }
  assertEquals(floating, []);
});
