/** Operations on keys that move from one server to another. @module */

import type { Command, Move } from "../protocol/command.ts";
import { MetaCommand } from "../protocol/commands/meta.ts";

/** Gives a command to one of the two servers. */
export type SubmitTo = (command: Command) => void;

/** The server that a key moves to, and the one that it moves from. */
export interface Places {
  readonly next: SubmitTo;
  readonly former: SubmitTo;
}

/** Carries out an operation on a key that moves; one that does not concern the former server goes to the next. */
export function submitMoving(key: string, command: Command, places: Places): void {
  const { move } = command;
  if (move === undefined) return places.next(command);
  operateOnMovingKey(key, move, places).then(
    (result) => command.succeed(result),
    (error) => command.fail(error),
  );
}

/**
 * Carries out an operation where the key moves to, and does there and where it moves from what keeps both
 * as they should be: what asks for an item, or depends on one, has it brought over where it is missing; what
 * changes one is told to the former server too, after the other has done it.
 *
 * @param key The key.
 * @param move What the operation is.
 * @returns The operation's result where the key moves to.
 */
async function operateOnMovingKey<Result>(
  key: string,
  move: Move<Result>,
  { next, former }: Places,
): Promise<Result> {
  const ask = (where = next) => run<Result>(where, move.again());
  if (move.kind === "remove") {
    // First where a reader would bring it over from.
    const removed = await ask(former);
    const result = await ask();
    return move.combine?.(result, removed) ?? result;
  }
  if (move.kind === "change") await bringOver(key, { next, former });
  let result = await ask();
  if (move.kind === "read" && move.isMiss(result)) {
    await bringOver(key, { next, former });
    // Another client may have been faster, and may have removed the former copy: only the answer tells.
    result = await ask();
  }
  const mirror = move.mirror(result);
  const mirrored = mirror === undefined ? undefined : await run(former, mirror);
  return move.combine?.(result, mirrored) ?? result;
}

/** Copies an item as it is, with the time that it has left, unless there is one at the new place by now. */
async function bringOver(key: string, { next, former }: Places): Promise<void> {
  const asked = { verb: "mg", key, flags: ["f", "t", "v"] } as const;
  const { status, flags, value } = await run(former, new MetaCommand(asked));
  // An item that was marked as stale there is not worth a copy.
  if (status !== "VA" || flags.X !== undefined) return;
  const lifetime = flags.t === "-1" ? [] : [`T${Math.max(1, Number(flags.t))}`];
  const copy = { verb: "ms", key, flags: ["ME", `F${flags.f}`, ...lifetime], data: value } as const;
  await run(next, new MetaCommand(copy));
}

function run<Result>(submit: SubmitTo, command: Command<Result>): Promise<Result> {
  return new Promise((resolve, reject) => submit(command.settleBy(resolve, reject)));
}
