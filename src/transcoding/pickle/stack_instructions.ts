import { unreadable } from "./faults.ts";
import { opcode } from "./opcodes.ts";
import { decodeLatin1 } from "./text.ts";
import type { Instructions, Unpickler } from "./unpickler.ts";

const HIGHEST_PROTOCOL = 5;
const INDEX = /^\d{1,15}$/;

/** Instructions that frame the pickle, move values about the stack and into the memo. */
export const stackInstructions: Instructions = [
  [opcode.PROTO, checkProtocol],
  [opcode.FRAME, checkFrame],

  [opcode.MARK, (machine) => machine.mark()],
  [opcode.POP, (machine) => machine.atMark ? machine.popMark() : machine.pop()],
  [opcode.POP_MARK, (machine) => machine.popMark()],
  [opcode.DUP, (machine) => machine.push(machine.dicts.share(machine.top()))],

  [opcode.GET, (machine) => machine.recall(readIndex(machine))],
  [opcode.BINGET, (machine) => machine.recall(machine.source.uint8())],
  [opcode.LONG_BINGET, (machine) => machine.recall(machine.source.uint32())],

  [opcode.PUT, (machine) => machine.memo.put(readIndex(machine), machine.top())],
  [opcode.BINPUT, (machine) => machine.memo.put(machine.source.uint8(), machine.top())],
  [opcode.LONG_BINPUT, (machine) => machine.memo.put(machine.source.uint32(), machine.top())],
  [opcode.MEMOIZE, (machine) => machine.memo.put(machine.memo.size, machine.top())],
];

function checkProtocol({ source }: Unpickler): void {
  const protocol = source.uint8();
  if (protocol > HIGHEST_PROTOCOL) throw unreadable(`protocol ${protocol} is unknown`);
}

// Frames tell how much to read from a file at once. All is here already.
function checkFrame({ source }: Unpickler): void {
  const length = source.uint64();
  if (length > source.bytes.length - source.offset) {
    throw unreadable("a frame goes on past its end");
  }
}

function readIndex({ source }: Unpickler): number {
  const text = decodeLatin1(source.line());
  if (!INDEX.test(text)) throw unreadable("a memo index is not a number");
  return Number(text);
}
