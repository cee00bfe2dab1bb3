/** A Python that loads and dumps pickles for the tests: one process for many of them. */

import { exec } from "../../package/exec.ts";

/** Answers each line, a JSON array of a command and its arguments, with one of its own. */
const PROGRAM = `
import collections, datetime, json, pickle, sys

def equal(a, b, seen):
    if type(a) is not type(b) and not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
        return False
    if isinstance(a, (list, tuple)):
        if (id(a), id(b)) in seen:
            return True
        seen.add((id(a), id(b)))
        return len(a) == len(b) and all(equal(x, y, seen) for x, y in zip(a, b))
    if isinstance(a, dict):
        if (id(a), id(b)) in seen:
            return True
        seen.add((id(a), id(b)))
        return a.keys() == b.keys() and all(equal(a[key], b[key], seen) for key in a)
    return a == b or (a != a and b != b)

def answer(command, *arguments):
    if command == "repr":
        return repr(pickle.loads(bytes.fromhex(arguments[0])))
    if command == "equal":
        return equal(*(pickle.loads(bytes.fromhex(argument)) for argument in arguments), set())
    if command == "dumps":
        return [pickle.dumps(eval(arguments[0]), protocol).hex() for protocol in range(6)]

for line in sys.stdin:
    try:
        print(json.dumps({"returns": answer(*json.loads(line))}))
    except Exception as error:
        print(json.dumps({"throws": repr(error)}))
`;

/** What Python made of a command. */
export interface Answer {
  returns?: unknown;
  throws?: string;
}

/** Whether there is a `python3` to ask. */
export function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Gives Python commands, each with its arguments, and returns as many answers. */
export async function askPython(commands: readonly string[][]): Promise<Answer[]> {
  const input = commands.map((command) => JSON.stringify(command) + "\n").join("");
  const printed = await exec("python3", ["-c", PROGRAM], { input });
  return printed.trim().split("\n").map((line) => JSON.parse(line));
}
