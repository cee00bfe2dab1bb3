/** Prepares the clients beyond JavaScript, where the machine has what they need. @module */

import { fileURLToPath } from "node:url";
import { exec } from "../../tests/package/exec.ts";
import type { NativeClient } from "../contenders.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));
/** Debian's Python, whose packages another Python on the PATH does not see, and then that one. */
const PYTHONS = ["/usr/bin/python3", "python3"];
/** Where Debian puts the modules of Go. */
const GO_PATH = "/usr/share/gocode";

const SINGLE = ["get", "set", "mixed", "getMany"] as const;

/**
 * Compiles and finds them; none is required.
 *
 * @param folder Where to put programs.
 */
export async function prepareNatives(folder: string): Promise<NativeClient[]> {
  return [
    await attempt(
      { name: "pylibmc", runtime: "python", actions: [...SINGLE, "setMany"] },
      findPylibmc,
    ),
    await attempt(
      { name: "libmemcached", runtime: "c", actions: [...SINGLE, "setMany"] },
      () => compileC(`${folder}/libmemcached_worker`),
    ),
    await attempt(
      { name: "gomemcache", runtime: "go", actions: SINGLE },
      () => compileGo(`${folder}/gomemcache_worker`, folder),
    ),
  ];
}

type Preparation = Required<Pick<NativeClient, "command" | "version">>;

async function attempt(
  client: Pick<NativeClient, "name" | "runtime" | "actions">,
  prepare: () => Promise<Preparation>,
): Promise<NativeClient> {
  try {
    return { ...client, ...await prepare() };
  } catch (error) {
    const [fault = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { ...client, fault };
  }
}

async function findPylibmc(): Promise<Preparation> {
  let fault: unknown;
  for (const python of PYTHONS) {
    try {
      const asking = "import pylibmc; print(pylibmc.__version__)";
      const version = (await exec(python, ["-c", asking])).trim();
      return { command: [python, `${HERE}pylibmc_worker.py`], version };
    } catch (error) {
      fault = error;
    }
  }
  throw new Error("not installed (Debian: python3-pylibmc)", { cause: fault });
}

async function compileC(program: string): Promise<Preparation> {
  const source = `${HERE}libmemcached_worker.c`;
  try {
    await exec("gcc", ["-O2", "-o", program, source, "-lmemcached", "-lpthread"]);
  } catch (cause) {
    throw new Error("cannot be compiled (Debian: gcc, libmemcached-dev)", { cause });
  }
  return { command: [program], version: await debianVersion("libmemcached-dev") };
}

async function compileGo(program: string, folder: string): Promise<Preparation> {
  const env = { GO111MODULE: "off", GOPATH: GO_PATH, GOCACHE: `${folder}/go`, GOFLAGS: "" };
  try {
    await exec("go", ["build", "-o", program, `${HERE}gomemcache_worker.go`], { env });
  } catch (cause) {
    const packages = "golang-go, golang-github-bradfitz-gomemcache-dev";
    throw new Error(`cannot be compiled (Debian: ${packages})`, { cause });
  }
  const version = await debianVersion("golang-github-bradfitz-gomemcache-dev");
  return { command: [program], version };
}

/** What Debian calls the version; elsewhere it is not known. */
async function debianVersion(name: string): Promise<string> {
  try {
    return (await exec("dpkg-query", ["-W", "-f", "${Version}", name])).trim();
  } catch {
    return "unknown";
  }
}
