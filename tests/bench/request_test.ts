import { assertEquals, assertThrows } from "@std/assert";
import { readRequest } from "../../bench/request.ts";

Deno.test("readRequest measures everything at length by default", () => {
  assertEquals(readRequest([]), {
    isShort: false,
    isStrict: false,
    isUpdate: false,
    names: [],
  });
});

Deno.test("readRequest takes options and workloads in any order", () => {
  assertEquals(readRequest(["cold"]).names, ["cold"]);
  assertEquals(readRequest(["--minutes=2.5", "--short"]).minutes, 2.5);
  assertEquals(readRequest(["get", "--on", "bun,node,bun", "--strict", "set-100", "--short"]), {
    isShort: true,
    isStrict: true,
    isUpdate: false,
    on: ["bun", "node"],
    names: ["get", "set-100"],
  });
});

Deno.test("readRequest names what it does not understand", () => {
  assertThrows(() => readRequest(["--shrot"]), Error, '"--shrot"');
  assertThrows(() => readRequest(["get", "got"]), Error, '"got"');
  assertThrows(() => readRequest(["--on", "deno,nodejs"]), Error, '"deno,nodejs"');
  assertThrows(() => readRequest(["--minutes", "soon"]), Error, '"soon" minutes');
  assertThrows(() => readRequest(["--minutes=0"]), Error, '"0" minutes');
  assertThrows(() => readRequest(["--on"]), Error, "deno, bun, node");
});
