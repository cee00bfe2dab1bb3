import { opcode } from "./opcodes.ts";

/** The instruction that pushes what Python knows by a name, which tells it apart in a memo, too. */
export function globalOf(module: string, name: string): Uint8Array {
  const line = new TextEncoder().encode(`${module}\n${name}\n`);
  return Uint8Array.of(opcode.GLOBAL, ...line);
}
