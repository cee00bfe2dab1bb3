import { assertEquals } from "@std/assert";
import { formatTime, Progress } from "./progress.ts";

/** What a progress writes, and its clock. */
function screen(
  isTerminal: boolean,
): { written: string[]; clock: { time: number }; progress: Progress } {
  const written: string[] = [];
  const clock = { time: 0 };
  const progress = new Progress("tests", {
    isTerminal,
    columns: 60,
    write: (text) => written.push(text),
    now: () => clock.time,
  });
  return { written, clock, progress };
}

Deno.test("Progress draws over its line, and reckons the time left from what is done", () => {
  const { written, clock, progress } = screen(true);
  progress.update({ part: 0, text: "0 of 8" });
  clock.time = 10_000;
  progress.update({ part: 0.25, text: "2 of 8" });
  progress.print("a fault");
  assertEquals(written, [
    "\r\x1b[2Ktests  ░░░░░░░░░░░░░░░░░░░░  0 of 8  0 s so far",
    "\r\x1b[2Ktests  █████░░░░░░░░░░░░░░░  2 of 8  about 30 s left",
    "\r\x1b[2K",
    "a fault\n",
    "\r\x1b[2Ktests  █████░░░░░░░░░░░░░░░  2 of 8  about 30 s left",
  ]);
});

Deno.test("Progress writes a line in ten seconds where lines cannot be drawn over", () => {
  const { written, clock, progress } = screen(false);
  for (; clock.time <= 20_000; clock.time += 500) {
    progress.update({ part: clock.time / 40_000, text: "", left: 65_000 });
  }
  progress[Symbol.dispose]();
  assertEquals(written, [
    "tests  █████░░░░░░░░░░░░░░░  about 1 min 5 s left\n",
    "tests  ██████████░░░░░░░░░░  about 1 min 5 s left\n",
  ]);
});

Deno.test("Progress never writes a line that wraps", () => {
  const { written, clock, progress } = screen(true);
  clock.time = 10_000;
  progress.update({ part: 0.5, text: "1 of 2 transcoders with a long name" });
  assertEquals(written, ["\r\x1b[2Ktests  ██████████░░░░░░░░░░  1 of 2 trans…  about 10 s left"]);
  assertEquals(written[0]!.slice("\r\x1b[2K".length).length, 59);
  clock.time = 20_000;
  progress.update({ part: 0.5, text: "", left: 1e15 });
  assertEquals(written[1]!.length <= "\r\x1b[2K".length + 59, true);
});

Deno.test("Progress breaks lines that it prints between words, where the terminal is narrower", () => {
  const line = "a fault: " + "word ".repeat(12).trim();
  const { written, progress } = screen(true);
  progress.print(`${line}\nnext`);
  assertEquals(written[0], `${line.slice(0, 58)}\n  word word\nnext\n`);
  const quiet = screen(false);
  quiet.progress.print(line);
  assertEquals(quiet.written, [`${line}\n`]);
  progress.print("https://" + "x".repeat(80));
  assertEquals(written.at(-2), `https://${"x".repeat(80)}\n`);
});

Deno.test("formatTime says seconds, and minutes", () => {
  assertEquals([0, 59_499, 60_000, 185_000].map(formatTime), ["0 s", "59 s", "1 min", "3 min 5 s"]);
});
