/** What exists while a pickle is read and is no plain data by itself: a global, a timezone. */
export abstract class Intermediate {
  /** The name of the global that it comes from. */
  abstract readonly name: string;
}
