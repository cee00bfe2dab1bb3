import { isPlainObject } from "./dicts.ts";

/**
 * Replaces every value within `root`, and `root` itself, by what `resolve` makes of it. Keys of Maps
 * and items of Sets are left alone: what could need it is refused where it becomes one.
 */
export function settle(root: unknown, resolve: (value: unknown) => unknown): unknown {
  const settled = resolve(root);
  const seen = new Set<unknown>([settled]);
  const pending = [settled];
  const replace = (value: unknown): unknown => {
    const resolved = resolve(value);
    if (typeof resolved === "object" && resolved !== null && !seen.has(resolved)) {
      seen.add(resolved);
      pending.push(resolved);
    }
    return resolved;
  };
  while (pending.length > 0) replaceWithin(pending.pop(), replace);
  return settled;
}

function replaceWithin(container: unknown, replace: (value: unknown) => unknown): void {
  if (Array.isArray(container)) {
    for (let i = 0; i < container.length; i++) container[i] = replace(container[i]);
  } else if (container instanceof Map) {
    for (const [key, value] of container) container.set(key, replace(value));
  } else if (isPlainObject(container)) {
    // Every key is an own property already, so that even `__proto__` is simply assigned.
    for (const key of Object.keys(container)) container[key] = replace(container[key]);
  }
}
