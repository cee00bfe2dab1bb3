/** Server-sent events for many readers. */

import { assertEquals } from "@std/assert";
import { type EventSink, EventStreams } from "../../../src/cli/web/event_streams.ts";

/** A connection that takes what a test lets it take. */
class Sink implements EventSink {
  readonly written: string[] = [];
  isOpen = true;
  takes = true;
  readonly #listeners = new Map<string, () => void>();

  write(text: string): boolean {
    this.written.push(text);
    return this.takes;
  }

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }

  emit(event: "drain" | "close"): void {
    this.#listeners.get(event)?.();
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    this.isOpen = false;
    this.emit("close");
  }
}

Deno.test("an event has a name and one line of JSON, for any data", () => {
  const streams = new EventStreams<undefined>(() => {});
  const sink = new Sink();
  streams.add(sink, undefined).send("one", { text: "a\n\nevent: two\r\n<b>\u2028" });
  assertEquals(sink.written, [
    'event: one\ndata: {"text":"a\\n\\nevent: two\\r\\n<b>\u2028"}\n\n',
  ]);
});

Deno.test("a reader that reads nothing costs only the newest event of each name", () => {
  const streams = new EventStreams<undefined>(() => {});
  const [slow, quick] = [new Sink(), new Sink()];
  slow.takes = false;
  streams.add(slow, undefined);
  streams.add(quick, undefined);
  for (let i = 0; i < 1000; i++) {
    streams.send("sample", i);
    streams.send("keys", -i);
  }
  assertEquals([slow.written.length, quick.written.length], [1, 2000]);
  slow.takes = true;
  slow.emit("drain");
  assertEquals(slow.written.slice(1).toSorted(), [
    ...["event: keys\ndata: -999\n\n", "event: sample\ndata: 999\n\n"],
  ]);
  streams.send("sample", 1000);
  assertEquals(slow.written.length, 4);
});

Deno.test("a reader that reads nothing for half a minute is disconnected", () => {
  let now = 0;
  const streams = new EventStreams<undefined>(() => {}, () => now);
  const sink = new Sink();
  sink.takes = false;
  streams.add(sink, undefined);
  for (; now <= 30_000; now += 1000) streams.send("sample", now);
  assertEquals([sink.isOpen, streams.size], [true, 1]);
  now = 31_000;
  streams.send("sample", now);
  assertEquals([sink.isOpen, streams.size, sink.written.length], [false, 0, 1]);
});

Deno.test("events go to those that want them, and the readers are counted", () => {
  let changes = 0;
  const streams = new EventStreams<boolean>(() => changes++);
  const [yes, no] = [new Sink(), new Sink()];
  streams.add(yes, true);
  streams.add(no, false);
  streams.send("keys", 1, (wish) => wish);
  assertEquals([yes.written.length, no.written.length], [1, 0]);
  yes.emit("close");
  assertEquals([streams.size, [...streams.wishes], changes], [1, [false], 3]);
  streams.close();
  assertEquals([streams.size, no.isOpen], [0, false]);
});
