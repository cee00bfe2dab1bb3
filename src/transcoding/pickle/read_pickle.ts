import { ByteSource } from "./byte_source.ts";
import { containerInstructions } from "./container_instructions.ts";
import { unreadable } from "./faults.ts";
import { globalInstructions } from "./global_instructions.ts";
import { opcode } from "./opcodes.ts";
import { scalarInstructions } from "./scalar_instructions.ts";
import { stackInstructions } from "./stack_instructions.ts";
import { type Instruction, Unpickler } from "./unpickler.ts";

const instructions: readonly (Instruction | undefined)[] = tabulate();

/**
 * Reads a pickle of protocol 0 to 5. It runs nothing, and takes time and memory in proportion to the
 * length of `bytes`, no view of which it keeps. What follows the pickle is ignored, as in Python.
 *
 * @throws {ClientException} If it is broken, or holds more than plain data.
 */
export function readPickle(bytes: Uint8Array): unknown {
  const source = new ByteSource(bytes);
  const machine = new Unpickler(source);
  for (let code = source.uint8(); code !== opcode.STOP; code = source.uint8()) {
    const run = instructions[code];
    if (run === undefined) throw unreadable(`it holds the unknown opcode ${code}`);
    run(machine);
  }
  return machine.finish();
}

function tabulate(): (Instruction | undefined)[] {
  const table = new Array<Instruction | undefined>(256).fill(undefined);
  const families = [
    scalarInstructions,
    containerInstructions,
    stackInstructions,
    globalInstructions,
  ];
  for (const [code, run] of families.flat()) table[code] = run;
  return table;
}
