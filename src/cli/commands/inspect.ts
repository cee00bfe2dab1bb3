/** What can be known of one item. @module */

import {
  type Client,
  ClientException,
  type EncodedValue,
  rawTranscoder,
  SocketError,
} from "../../../mod.ts";
import { type DetectedFormat, detectFormat } from "../../transcoding/formats/detect.ts";
import type { Command } from "commander";
import { define, type Runner } from "../definition.ts";
import { allTranscoders } from "../known_formats.ts";
import type { Row } from "../printer.ts";
import { showDuration, showSize } from "../quantities.ts";
import { EXIT, messageOf } from "../usage.ts";
import { textOf } from "./data.ts";

/** How many characters of a value are shown to people. */
const LONGEST_VALUE = 2000;

/** Adds `inspect`. */
export function addInspect(program: Command, runner: Runner): void {
  define(program, runner, {
    usage: "inspect <key>",
    summary:
      "Show all about an item: size, lifetime, cas, flags, format, value, server, ring point.",
    examples: ["inspect user:1", "inspect user:1 --json"],
    run: async ({ args: [key = ""], printer, fleet }) => {
      const { client } = await fleet();
      const info = await client.inspect(key);
      const { key: _, server, index: __, ...ring } = client.explain(key);
      if (info === undefined) {
        if (printer.shape === "text") await printer.details({ key, server, found: false });
        return EXIT.nothing;
      }
      const item = await readItem(client, key);
      const formats = item === undefined ? [] : await formatsOf(item);
      const best = formats.find(({ error }) => error === undefined);
      const { point, ...where } = ring;
      const row: Row = {
        ...{ key, server, size: info.size, ttl: info.ttl, lastAccess: info.lastAccess },
        ...{ fetched: info.fetched, cas: info.cas, flags: info.flags },
        formats: formats.map(({ client, holds, confidence }) => ({ client, holds, confidence })),
        ...(best === undefined ? {} : { value: best.value as Row[string] }),
        ring: { ...where, ...(point === undefined ? {} : { point }) },
      };
      await printer.details(row, {
        ...row,
        size: showSize(info.size),
        ttl: info.ttl === undefined ? undefined : info.ttl < 0 ? "never" : showDuration(info.ttl),
        lastAccess: info.lastAccess === undefined
          ? undefined
          : `${showDuration(info.lastAccess)} ago`,
        formats: formats.map(({ client, holds, confidence, error }) =>
          `${client} (${confidence}): ${error === undefined ? holds : messageOf(error)}`
        ).join("; "),
        ...(best === undefined ? {} : { value: shortened(textOf(best.value)) }),
        ring: `${ring.algorithm}: ${ring.why}`,
        ...(point === undefined
          ? {}
          : { point: `${point.label}, ${point.hash}, ${point.position} of ${point.of}` }),
      });
      return EXIT.done;
    },
  });
}

/** Reads an item without marking it as read, where the server can do that. */
async function readItem(client: Client, key: string): Promise<EncodedValue | undefined> {
  try {
    const { value, flags } = await client.meta("mg", key, ["v", "f", "u"]);
    return value === undefined ? undefined : { flags: Number(flags.f), data: value };
  } catch (error) {
    // An older server knows no meta commands; what cannot be reached is a fault all the same.
    if (!(error instanceof ClientException) || error instanceof SocketError) throw error;
    const view = client.withTranscoder(rawTranscoder({ withFlags: true }));
    return await view.get<EncodedValue>(key);
  }
}

async function formatsOf({ flags, data }: EncodedValue): Promise<DetectedFormat[]> {
  // No known client writes flags of 64 bits.
  if (!(flags >= 0 && flags <= 0xffff_ffff)) return [];
  return await detectFormat(flags, data, await allTranscoders());
}

function shortened(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}
