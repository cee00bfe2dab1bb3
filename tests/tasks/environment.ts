/** The environment variables that Deno needs where JSR cannot be reached. @module */

import { type Environment, say } from "./run.ts";

const QUESTION = "https://jsr.io/@std/assert/meta.json";
const TIMEOUT = 5_000;
const STAND_INS = new URL("../jsr/", import.meta.url).href;

/**
 * Asks JSR whether it is there. Where it is not, every Deno command takes the packages of
 * `deno.json` from the stand-ins in `tests/jsr/`, through the environment variable `JSR_URL`; one
 * that is set already is respected.
 *
 * @returns The environment that the commands need.
 */
export async function jsrEnvironment(): Promise<Environment> {
  if (Deno.env.get("JSR_URL")) return {};
  const fault = await ask();
  if (fault === undefined) return {};
  say(`jsr.io cannot be reached, so tests/jsr/ stands in for jsr:@std (${fault})`);
  return { JSR_URL: STAND_INS };
}

/**
 * Publishing takes stand-ins inside the repository for a part of the package that was left out, so it
 * has to see them somewhere else.
 *
 * @param env The environment that other commands need.
 * @param action What to do with the environment that publishing needs.
 * @returns What the action resolves to.
 */
export async function withStandInsElsewhere<Result>(
  env: Environment,
  action: (env: Environment) => Promise<Result>,
): Promise<Result> {
  const url = env.JSR_URL ?? Deno.env.get("JSR_URL");
  if (!url?.startsWith("file:")) return await action(env);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(new URL(url), `${folder}/jsr`);
    return await action({ ...env, JSR_URL: `file://${folder}/jsr/` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Resolves to what is wrong with JSR's answer, if anything is. */
async function ask(): Promise<string | undefined> {
  try {
    const response = await fetch(QUESTION, { signal: AbortSignal.timeout(TIMEOUT) });
    const text = await response.text();
    if (!response.ok) return `status ${response.status}`;
    // A captive portal answers as well, but not with the versions of a package.
    return hasVersions(text) ? undefined : "not an answer of JSR's";
  } catch (error) {
    return error instanceof Error ? firstLine(error.message) : String(error);
  }
}

function hasVersions(text: string): boolean {
  try {
    return Object.keys(JSON.parse(text).versions).length > 0;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
