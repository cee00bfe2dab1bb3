import { assertEquals } from "@std/assert";
import { TimeoutError } from "../../src/errors.ts";
import { WaitingRoom } from "../../src/fleet/waiting_room.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("WaitingRoom keeps no operation, byte or timer of what it has let go", () => {
  const clock = new FakeClock();
  const room = new WaitingRoom(clock, () => new TimeoutError("late"));
  const ends = [() => room.admit(), () => room.dismiss("enough"), () => clock.tick(1000)];
  for (const end of ends) {
    const told: string[] = [];
    for (const isOver of [false, true]) {
      room.enter({
        deadline: clock.now() + 1000,
        isOver,
        byteLength: 400,
        proceed: () => void told.push("proceeds"),
        fail: () => void told.push("fails"),
      });
    }
    end();
    // A check for deadlines takes a turn of its own.
    clock.tick(0);
    assertEquals(told.length, 1, `${end}`);
    assertEquals([room.pending, room.pendingBytes, clock.pending], [0, 0, 0], `${end}`);
  }
});
