/** Stubs where the connection is lost, or the server does not answer in time. */

import { assertEquals, assertRejects } from "@std/assert";
import { ClientException, SocketError, TimeoutError } from "../../src/errors.ts";
import {
  addStub,
  dropStub,
  type FoundItem,
  type ItemCommands,
  makeStub,
  replaceStub,
} from "../../src/features/stub.ts";
import { Command } from "../../src/protocol/command.ts";
import { type Clock, systemClock } from "../../src/waiting.ts";
import { LEASE_FLAGS, type RawItem } from "../../src/transcoding/item_codec.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { turn } from "../support/turns.ts";

/** A memcached of one item, with faults. */
class ItemBox implements ItemCommands {
  readonly clock: Clock;
  item: RawItem | undefined;
  readonly asked: string[] = [];
  /** What the next commands answer instead, by their names; what they do is done. */
  readonly faults: Record<string, unknown[]> = {};
  readonly #emptied = Promise.withResolvers<void>();

  /** @param clock As the runtime's by default, but it keeps the process alive. */
  constructor(clock: Clock = { ...systemClock }) {
    this.clock = clock;
  }

  /** Resolves when the item has been removed. */
  get emptied(): Promise<void> {
    return this.#emptied.promise;
  }

  add(_key: string, item: RawItem): Promise<boolean> {
    this.item ??= item;
    return this.#answer("add", this.item === item);
  }

  gets(): Promise<FoundItem | undefined> {
    const { item } = this;
    return this.#answer("gets", item && { value: item, cas: 1n });
  }

  cas(
    ...[_key, item, , exptime]: Parameters<ItemCommands["cas"]>
  ): ReturnType<ItemCommands["cas"]> {
    // What says so has stored nothing.
    if (this.faults.cas?.[0] !== "exists") this.item = exptime instanceof Date ? undefined : item;
    if (this.item === undefined) this.#emptied.resolve();
    return this.#answer("cas", "stored");
  }

  async #answer<Result>(name: string, result: Result): Promise<Result> {
    this.asked.push(name);
    const faults = this.faults[name] ?? [];
    const answer = faults.length > 0 ? faults.shift() : result;
    if (answer instanceof Error) throw await Promise.resolve(answer);
    return answer as Result;
  }
}

const TIMEOUT = new TimeoutError("No reply");
const VALUE = { flags: 0, data: new Uint8Array([1]) };

/** A box in which a stub was added, and that stub. */
async function boxWithStub() {
  const box = new ItemBox();
  const stub = await addStub(box, "key", 30);
  box.asked.length = 0;
  return { box, stub: stub! };
}

Deno.test("replaceStub looks for the stub again if its cas unique is not valid any more", async () => {
  const { box, stub } = await boxWithStub();
  box.faults.cas = ["exists", "exists"];
  assertEquals(await replaceStub(box, stub, { ...VALUE, exptime: 0 }), "stored");
  assertEquals(box.asked, ["gets", "cas", "gets", "cas", "gets", "cas"]);
  assertEquals(box.item?.data, VALUE.data);
});

Deno.test("replaceStub keeps an item that has replaced the stub, and gives up in the end", async () => {
  const { box, stub } = await boxWithStub();
  box.faults.cas = ["exists"];
  box.faults.gets = [{ value: box.item, cas: 1n }, { value: VALUE, cas: 1n }];
  assertEquals(await replaceStub(box, stub, { ...VALUE, exptime: 0 }), "not_found");
  box.faults.cas = Array(9).fill("exists");
  assertEquals(await replaceStub(box, stub, { ...VALUE, exptime: 0 }), "exists");
});

Deno.test("a stub that was added without an answer is removed", async () => {
  const ofProxy = new ClientException("Cannot add", "SERVER_ERROR backend failure");
  for (const error of [TIMEOUT, new SocketError("Connection ended"), ofProxy]) {
    const box = new ItemBox();
    box.faults.add = [error];
    assertEquals(await addStub(box, "key", 30).catch((error) => error), error);
    await box.emptied;
    assertEquals(box.item, undefined);
  }
});

Deno.test("a stub is looked for until the server answers, and until the stub arrives", async () => {
  const box = new ItemBox();
  box.faults.add = [TIMEOUT];
  box.faults.gets = [TIMEOUT, TIMEOUT, undefined, undefined];
  await assertRejects(() => addStub(box, "key", 30), TimeoutError);
  await box.emptied;
  assertEquals(box.asked, ["add", "gets", "gets", "gets", "gets", "gets", "cas"]);
});

Deno.test("a stub is not looked for any more when it has been removed", async () => {
  const clock = new FakeClock();
  const box = new ItemBox(clock);
  box.faults.add = [TIMEOUT];
  await assertRejects(() => addStub(box, "key", 30), TimeoutError);
  await box.emptied;
  await turn();
  assertEquals([box.asked, clock.pending], [["add", "gets", "cas"], 0]);
});

Deno.test("nothing is removed that cannot have been added", async () => {
  const command = new (class extends Command {
    write(): void {}
    line(): number {
      return 0;
    }
  })();
  const unsent = await new Promise<unknown>((resolve) => {
    command.settleBy(() => {}, resolve);
    command.failUnsent(new SocketError("Cannot connect"));
  });
  const full = new ClientException("Cannot add", "SERVER_ERROR out of memory storing object");
  for (const error of [unsent, full, new ClientException("refused")]) {
    const box = new ItemBox();
    box.faults.add = [error];
    await assertRejects(() => addStub(box, "key", 30));
    await turn();
    assertEquals(box.asked, ["add"]);
  }
});

Deno.test("dropStub never fails, and tries again later", async () => {
  const { box, stub } = await boxWithStub();
  box.faults.cas = [TIMEOUT];
  box.item = { flags: LEASE_FLAGS, data: new TextEncoder().encode(stub.nonce) };
  box.faults.gets = [TIMEOUT];
  await dropStub(box, stub);
  await box.emptied;
  assertEquals(box.asked, ["gets", "gets", "cas"]);
  await dropStub(box, makeStub("key", 30));
  assertEquals(box.item, undefined);
});
