/** Values whose types are checked. @module */

import {
  type CasOutcome,
  ClientException,
  type Exptime,
  type GetOrSetOptions,
  type KeyCommands,
  type OperationOptions,
  type Transcoder,
  type UpdateOptions,
  ValidationException,
} from "../../mod.ts";
import { checkChoice, checkClient, checkNames, show } from "../option_checks.ts";
import { itemTranscoder } from "../transcoding/item_codec.ts";
import { ValueView } from "./value_view.ts";

/**
 * A schema of any library that implements Standard Schema, version 1: zod, valibot, arktype and others. This is the
 * part of it that is used here; see https://standardschema.dev.
 */
export interface Schema<Input = unknown, Output = Input> {
  /** What Standard Schema specifies. */
  readonly "~standard": {
    /** Always 1. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Checks a value: `issues` is there when the value does not fit. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Only for the compiler. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where in the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The options of {@linkcode typed}. */
export interface TypedOptions {
  /** How a stored value that does not fit is treated: as a `"miss"` by default, or as a `ClientException`: `"error"`. */
  readonly mismatch?: "miss" | "error" | undefined;
}

/** Commands on keys whose values have one type. */
export interface TypedCommands<Input, Output> extends KeyCommands {
  /** Reads a value, as the schema makes it. */
  get<Value = Output>(key: string, options?: OperationOptions): Promise<Value | undefined>;
  /** Reads the values of many keys, as the schema makes them. */
  getMany<Value = Output>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>>;
  /** Reads a value and its cas unique. */
  gets<Value = Output>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined>;
  /** Reads a value and changes when it expires. */
  getAndTouch<Value = Output>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined>;
  /** Stores a value that fits the schema. */
  set(key: string, value: Input, exptime?: Exptime, options?: OperationOptions): Promise<void>;
  /** Stores the values of many keys, which all must fit the schema. */
  setMany(
    entries: Iterable<readonly [key: string, value: Input]> | Readonly<Record<string, Input>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void>;
  /** Stores a value unless the key exists. */
  add(key: string, value: Input, exptime?: Exptime, options?: OperationOptions): Promise<boolean>;
  /** Stores a value if the key exists. */
  replace(
    key: string,
    value: Input,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean>;
  /** Stores a value unless the item has changed since `gets`. */
  cas(
    key: string,
    value: Input,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome>;
  /** Reads a value, or loads and stores one that fits the schema. */
  getOrSet<Value = Output>(
    key: string,
    load: () => NoInfer<Value> | Input | Promise<NoInfer<Value> | Input>,
    options?: GetOrSetOptions,
  ): Promise<Value>;
  /** Changes a value, and stores what fits the schema. */
  update<Value = Output>(
    key: string,
    change: (
      value: Value | undefined,
    ) => NoInfer<Value> | Input | undefined | Promise<NoInfer<Value> | Input | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined>;
  /** The same view, with another transcoder for the values. */
  withTranscoder(transcoder: Transcoder): TypedCommands<Input, Output>;
}

/**
 * Makes a view whose values are checked against a schema, when they are read and before they are stored. A read returns
 * the schema's output, so that defaults and conversions of the schema apply. A write stores the value that the caller
 * passed.
 *
 * A stored value that does not fit is a miss by default, so that a program with a new schema loads it again
 * (`getOrSet` and `add` replace it). It is absent for every other command, too; for that, they read the value. With
 * `mismatch: "error"` it is a `ClientException` for what reads values, and there for everything else.
 *
 * `incr`, `decr`, `append` and `prepend` change the item on memcached, and do not check what it becomes. They change an
 * item that does not fit as well, and their result says that there is none.
 *
 * @param client Where the values are stored: a client, a namespace, or another view.
 * @param schema Any schema that implements Standard Schema, version 1.
 * @param options `mismatch`.
 * @returns The commands, with the schema's types.
 * @throws {ValidationException} When the schema is not a schema, or an option is invalid. Later, before a byte is sent,
 * when a value to be stored does not fit, or the schema throws or returns no result for it. For a value that has been
 * read, that is a `ClientException`.
 *
 * @example A record with a default
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { type Schema, typed } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * // With zod: const user = z.object({ name: z.string() });
 * const user: Schema<{ name: string }> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate: (value) =>
 *       typeof (value as { name?: unknown })?.name === "string"
 *         ? { value: value as { name: string } }
 *         : { issues: [{ message: "name must be a string" }] },
 *   },
 * };
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const users = typed(client, user);
 * await users.set("user:1", { name: "Ada" });
 * const found = await users.get("user:1"); // { name: string } | undefined
 * assertEquals(found?.name, "Ada");
 * await client.set("user:2", { nom: "Ada" });
 * assertEquals(await users.get("user:2"), undefined);
 * ```
 */
export function typed<Input, Output>(
  client: KeyCommands,
  schema: Schema<Input, Output>,
  options: TypedOptions = {},
): TypedCommands<Input, Output> {
  checkClient(client);
  checkNames(options, ["mismatch"]);
  const { mismatch = "miss" } = options;
  checkChoice("mismatch", mismatch, ["miss", "error"]);
  const standard = schema?.["~standard"];
  if (typeof standard?.validate !== "function") {
    const why = "it must implement Standard Schema";
    throw new ValidationException(`Cannot use schema ${show(schema)}: ${why}`, schema);
  }
  const rules = {
    isPlain: () => true,
    // The schema may make something else of it.
    checkValue() {},
    mayHide: mismatch === "miss",
    keyOf: (key: string) => key,
    async toStored(value: unknown, key: string) {
      const action = `store value of key ${JSON.stringify(key)}`;
      const { issues } = await judge(standard, value, action, ValidationException);
      if (issues === undefined) return value;
      throw new ValidationException(`Cannot ${action}: ${describe(issues)}`, value);
    },
    async fromStored(stored: unknown, key: string) {
      const action = `read value of key ${JSON.stringify(key)}`;
      const result = await judge(standard, stored, action, ClientException);
      if (result.issues === undefined) return result.value;
      if (mismatch === "miss") return undefined;
      throw new ClientException(`Cannot ${action}: ${describe(result.issues)}`, stored);
    },
  };
  const view = new ValueView(client, rules, (transcoder) => {
    const inner = client.withTranscoder(transcoder);
    // The marks of `lock` and `once` are no values.
    return transcoder === itemTranscoder ? inner : typed(inner, schema, options);
  });
  return view as TypedCommands<Input, Output>;
}

/**
 * Asks a schema about a value. An answer without a value or issues, such as a boolean, is an error: it would make the
 * value a miss.
 *
 * @param Fault The error when the schema throws, or answers like this.
 */
async function judge<Output>(
  schema: Schema<unknown, Output>["~standard"],
  value: unknown,
  action: string,
  Fault: typeof ClientException,
): Promise<SchemaResult<Output>> {
  let result: SchemaResult<Output>;
  try {
    result = await schema.validate(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "the schema threw something";
    throw new Fault(`Cannot ${action}: ${why}`, value, { cause });
  }
  if (typeof result === "object" && result !== null) {
    if (Array.isArray(result.issues)) return result;
    if (result.issues === undefined && "value" in result) return result;
  }
  const why = "the schema returned neither a value nor issues";
  throw new Fault(`Cannot ${action}: ${why}`, result);
}

function describe(issues: readonly SchemaIssue[]): string {
  return issues.map(({ message, path = [] }) => {
    // A path of arktype's is of another class, whose `map` makes a step of an empty one.
    const steps = Array.from(path, (step) => String(typeof step === "object" ? step.key : step));
    return steps.length === 0 ? message : `${steps.join(".")}: ${message}`;
  }).join("; ");
}
