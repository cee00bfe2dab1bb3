/** The timers of a program's tests, which replace the runtime's. @module */

const TIMERS = ["Timeout", "Interval", "Immediate"]
  .flatMap((kind) => [`set${kind}`, `clear${kind}`]);

/** What a test has replaced, and by what. */
type Replaced = readonly (readonly [owner: object, name: string, value: unknown])[];

/** Replaces the timers and the clock. The new ones stand still, like fake timers that a test has not advanced. */
export function withFakeTimers(): Disposable {
  const time = performance.now();
  const fake: Replaced = [
    ...TIMERS.map((name) => [globalThis, name, () => 1] as const),
    [AbortSignal, "timeout", () => new AbortController().signal],
    [performance, "now", () => time],
  ];
  const own = fake.map(([owner, name]) => [owner, name, Reflect.get(owner, name)] as const);
  replace(fake);
  return { [Symbol.dispose]: () => replace(own) };
}

function replace(values: Replaced): void {
  for (const [owner, name, value] of values) Reflect.set(owner, name, value);
}
