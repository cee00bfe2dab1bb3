/** How much is read at a time. @module */

/** Larger ones gain little, and chunks of the runtimes' streams are smaller. */
export const READ_SIZE: number = 1 << 17;

/** From here on it pays to read into a vacancy, though it may take a read more. */
export const LARGE_VACANCY: number = 1 << 17;
