/** A value in full, for an assertion's message. */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
    sorted: true,
    trailingComma: true,
  });
}

/** `: msg`, or nothing where the caller gave no message of its own. */
export function suffix(msg?: string): string {
  return msg ? `: ${msg}` : "";
}

/** The two sides of a comparison that failed, one below the other. */
export function sides(actual: unknown, expected: unknown): string {
  return `\n\n  actual:   ${indent(format(actual))}\n  expected: ${indent(format(expected))}\n`;
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n    ");
}
