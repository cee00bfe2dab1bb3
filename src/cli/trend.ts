/** Whether a figure has just changed much. @module */

/** With fewer figures before it, nothing is known of a figure. */
const FEW = 5;

/** Compares each figure with the average of those before it. */
export class Trend {
  readonly #most: number;
  readonly #figures: number[] = [];

  /** @param most How many figures the average is of. */
  constructor(most = 60) {
    this.#most = most;
  }

  /** Takes a figure, and gives the average of those before it, or `undefined` where there are too few. */
  add(figure: number): number | undefined {
    const count = this.#figures.length;
    const average = count < FEW
      ? undefined
      : this.#figures.reduce((sum, each) => sum + each, 0) / count;
    this.#figures.push(figure);
    if (count >= this.#most) this.#figures.shift();
    return average;
  }
}
