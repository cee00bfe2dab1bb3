/** The configuration by which workerd runs a bundled worker's tests. @module */

/** What a worker is compatible with. */
export interface Compatibility {
  readonly date?: string;
  /** What else there is, such as `nodejs_compat`. */
  readonly flags?: readonly string[];
}

/**
 * Makes the configuration for `workerd test` of a worker that exports `test` and may reach the loopback
 * network, which it may not by default.
 *
 * @param script The bundled worker, relative to where the configuration will be.
 * @param bindings Texts for the worker's environment, under their names.
 * @param compatibility What it is compatible with; April 2026 and nothing of Node's by default.
 */
export function workerdConfig(
  script: string,
  bindings: Record<string, string>,
  { date = "2026-04-01", flags = [] }: Compatibility = {},
): string {
  const texts = Object.entries(bindings).map(([name, text]) =>
    `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)}),`
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [(name = "worker", esModule = embed ${JSON.stringify(script)})],
      compatibilityDate = ${JSON.stringify(date)},
      compatibilityFlags = ${JSON.stringify(flags)},
      bindings = [
        ${texts.join("\n        ")}
        (name = "SELF", service = "worker"),
      ],
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
);
`;
}
