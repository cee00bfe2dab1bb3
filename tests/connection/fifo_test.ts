import { assertEquals } from "@std/assert";
import { Fifo } from "../../src/connection/fifo.ts";

/** A queue whose ring begins somewhere in its middle. */
function filled(items: readonly number[]): Fifo<number> {
  const fifo = new Fifo<number>();
  for (let i = 0; i < 11; i++) fifo.push(-1);
  for (let i = 0; i < 11; i++) fifo.shift();
  for (const item of items) fifo.push(item);
  return fifo;
}

const numbers = (length: number) => Array.from({ length }, (_, i) => i);

Deno.test("Fifo returns any number of items in order", () => {
  for (const length of [0, 1, 15, 16, 17, 1000, 200_000]) {
    const fifo = filled(numbers(length));
    for (let round = 0; round < 2; round++) {
      assertEquals(fifo.length, length);
      for (let i = 0; i < length; i++) {
        assertEquals(fifo.peek() === i && fifo.shift() === i, true, `item ${i} of ${length}`);
      }
      assertEquals([fifo.length, fifo.peek(), fifo.shift()], [0, undefined, undefined]);
      for (const i of numbers(length)) fifo.push(i);
    }
  }
});

Deno.test("Fifo keeps the wanted items in order", () => {
  for (const length of [0, 1, 16, 17, 1000]) {
    const fifo = filled(numbers(length));
    fifo.keep((i) => i % 3 === 0);
    fifo.push(length);
    assertEquals([...fifo], [...numbers(length).filter((i) => i % 3 === 0), length]);
    fifo.keep(() => false);
    // An item that was left in its place would be sent.
    assertEquals([fifo.length, fifo.peek(), fifo.shift(), fifo.length], [
      0,
      undefined,
      undefined,
      0,
    ]);
  }
});

Deno.test("Fifo is used again after it has been emptied", () => {
  const fifo = filled(numbers(20));
  assertEquals(fifo.drain(), numbers(20));
  assertEquals([fifo.length, fifo.peek(), fifo.shift(), fifo.length], [0, undefined, undefined, 0]);
  fifo.push(1);
  assertEquals([...fifo], [1]);
});
