// @ts-check
/** One client at one workload, on whichever runtime this is. @module */

import process from "node:process";
import { isSame, looksSame, makeItems } from "./data.mjs";

/**
 * @import { AdaptedClient, Adapter, Connect, Items } from "./adapter.ts"
 * @import { Job, Run, Sample, Trial, Workload } from "./workloads.ts"
 */

/** No workload carries out more operations in a round. */
const MOST_OPERATIONS = 2_000_000;
/** A client is warm when a batch is hardly faster than the one before, or after so many. */
const FEWEST_BATCHES = 5;
const MOST_BATCHES = 12;
/** How many rounds' time is enough to warm up, also for a contender that needs it for a few batches. */
const LONGEST_WARMING = 60;

/**
 * Connects a client, stores what the workload reads, and makes sure that the client reads it back.
 *
 * @param {Job} job
 * @returns {Promise<Trial>}
 */
export async function openTrial(job) {
  if (job.workload.action === "start") return openStartTrial(job);
  /** @type {Adapter} */
  const { connect, notes } = await import(job.module);
  const { action, value } = job.workload;
  if (action === "construct") {
    return loopTrial(job, {
      run: (operations) => construct(connect, job, operations),
    });
  }
  const client = connect(job.servers, value);
  const items = makeItems(job.workload, job.slot);
  await store(client, items);
  /** @type {number[] | undefined} */
  const latencies = action === "latency" ? [] : undefined;
  let rounds = 0;
  return loopTrial(job, {
    run: makeRun(job.workload, client, items, latencies),
    latencies,
    note: action === "getMany" ? notes.getMany : notes[value],
    // One item after each round, another one each time: some rivals take most of a second for all of them.
    check: () => readBack(client, items, [rounds++ % items.keys.length]),
    ...(action === "memory" ? { startBytes: process.memoryUsage().rss } : {}),
  });
}

/**
 * Makes a trial of what can be repeated.
 *
 * @param {Job} job
 * @param {object} subject
 * @param {Run} subject.run
 * @param {string} [subject.note]
 * @param {() => Promise<void>} [subject.check] Called after each round.
 * @param {number[]} [subject.latencies] What operations took, in milliseconds.
 * @param {number} [subject.startBytes] The resident memory that its growth is counted from, if it is.
 * @returns {Trial}
 */
export function loopTrial(job, { run, note, check, latencies, startBytes }) {
  const { callers, operations: prescribed } = job.workload;
  let operations = prescribed ?? callers;
  /** @type {(sample: Sample) => void} */
  const plan = ({ operations: carriedOut, time }) => {
    const wanted = Math.round(carriedOut * job.roundTime / time);
    operations = prescribed ?? Math.min(Math.max(wanted, callers), MOST_OPERATIONS);
  };
  return {
    note,
    async warm() {
      let sample = await repeatFor(run, callers, job.roundTime);
      plan(sample);
      const end = performance.now() + LONGEST_WARMING * job.roundTime;
      for (let batch = 1; prescribed === undefined && batch < MOST_BATCHES; batch++) {
        const next = await timed(run, operations);
        const gain = rate(next) / rate(sample);
        plan(sample = next);
        if (batch >= FEWEST_BATCHES && gain < 1.1 || performance.now() > end) break;
      }
      return sample;
    },
    async measure() {
      if (latencies !== undefined) latencies.length = 0;
      const timing = await timed(run, operations);
      const sample = latencies === undefined
        ? timing
        : { ...timing, latencies: percentiles(latencies) };
      // A client that has become faster is given more to do, so that its rounds stay as long.
      plan(sample);
      if (startBytes === undefined) {
        await check?.();
        return sample;
      }
      const grown = process.memoryUsage().rss - startBytes;
      await check?.();
      return { ...sample, grown };
    },
  };
}

/**
 * Makes a trial of the first thing that a process does. It can be measured once; what it reads has to
 * be there from an earlier process's warming up.
 *
 * @param {Job} job
 * @returns {Promise<Trial>}
 */
async function openStartTrial(job) {
  const { keys: [key = ""], values: [expected] } = makeItems(job.workload, job.slot);
  /** @type {AdaptedClient | undefined} */
  let client;
  /** @type {unknown} */
  let value;
  const sample = await timed(async () => {
    /** @type {Adapter} */
    const { connect } = await import(job.module);
    client = connect(job.servers, job.workload.value);
    value = await client.get(key);
  }, 1);
  return {
    note: undefined,
    async warm() {
      await client?.set(key, expected);
      return sample;
    },
    measure() {
      if (!isSame(value, expected)) return Promise.reject(wrong(key, value));
      return Promise.resolve(sample);
    },
  };
}

/**
 * Stores everything, one item first: npm `memcached` opens a connection for each operation that comes
 * before it has any, more than memcached takes.
 *
 * @type {(client: AdaptedClient, items: Items) => Promise<void>}
 */
async function store(client, { keys, values }) {
  const [first = "", ...others] = keys;
  await client.set(first, values[0]);
  await Promise.all(others.map((key, i) => client.set(key, values[i + 1])));
  await readBack(client, { keys, values }, [...keys.keys()]);
}

/**
 * Compares items to the last byte.
 *
 * @type {(client: AdaptedClient, items: Items, indexes: readonly number[]) => Promise<void>}
 */
async function readBack(client, { keys, values }, indexes) {
  await Promise.all(
    indexes.map(async (i) => {
      const key = keys[i] ?? "";
      const value = await client.get(key);
      if (!isSame(value, values[i])) throw wrong(key, value);
    }),
  );
}

/**
 * Makes the loop that is measured: a fixed pool of callers, where each awaits its operation before
 * it begins the next.
 *
 * @param {Workload} workload
 * @param {AdaptedClient} client
 * @param {Items} items
 * @param {number[]} [latencies] Where to put what each operation took.
 * @returns {Run}
 */
function makeRun({ action, callers }, client, { keys, values }, latencies = []) {
  let left = 0;

  async function get() {
    while (left > 0) {
      const i = left-- % keys.length;
      check(await client.get(keyAt(i)), i);
    }
  }

  async function latency() {
    while (left > 0) {
      const i = left-- % keys.length;
      const start = performance.now();
      const value = await client.get(keyAt(i));
      latencies.push(performance.now() - start);
      check(value, i);
    }
  }

  async function set() {
    while (left > 0) {
      const i = left-- % keys.length;
      await client.set(keyAt(i), values[i]);
    }
  }

  async function mixed() {
    while (left > 0) {
      const turn = left--;
      const i = turn % keys.length;
      if (turn % 10 === 0) await client.set(keyAt(i), values[i]);
      else check(await client.get(keyAt(i)), i);
    }
  }

  const getAll = client.getMany ??
    ((keys) => Promise.all(keys.map(client.get)));

  async function getMany() {
    while (left-- > 0) (await getAll(keys)).forEach(check);
  }

  const setAll = client.setMany ??
    ((keys, values) => Promise.all(keys.map((key, i) => client.set(key, values[i]))));

  async function setMany() {
    while (left-- > 0) await setAll(keys, values);
  }

  /** @type {(i: number) => string} */
  const keyAt = (i) => /** @type {string} */ (keys[i]);

  /** @type {(actual: unknown, i: number) => void} */
  function check(actual, i) {
    if (!looksSame(actual, values[i])) throw wrong(keys[i], actual);
  }

  const call =
    { get, set, mixed, latency, getMany, setMany, memory: mixed }[/** @type {"get"} */ (action)];
  return async (operations) => {
    left = operations;
    await Promise.all(Array.from({ length: callers }, call));
  };
}

/** @type {(connect: Connect, job: Job, operations: number) => void} */
function construct(connect, { workload }, operations) {
  const servers = Array.from({ length: workload.servers }, (_, i) => `10.0.0.${i + 1}:11211`);
  for (let i = 0; i < operations; i++) connect(servers, workload.value);
}

/**
 * Runs ever more operations until a batch takes its time.
 *
 * @param {Run} run
 * @param {number} callers
 * @param {number} milliseconds
 */
async function repeatFor(run, callers, milliseconds) {
  let operations = callers;
  while (true) {
    const sample = await timed(run, operations);
    if (sample.time > milliseconds / 2 || operations >= MOST_OPERATIONS) {
      return sample;
    }
    operations *= 2;
  }
}

/**
 * Takes the time and the processor time of a number of operations.
 *
 * @param {Run} run
 * @param {number} operations
 * @returns {Promise<Sample>}
 */
async function timed(run, operations) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run(operations);
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { operations, time, cpu: user + system };
}

/**
 * Sorts latencies in milliseconds, and gives percentiles in microseconds.
 *
 * @param {number[]} latencies
 */
function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  /** @type {(part: number) => number} */
  const at = (part) =>
    (sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? NaN) * 1000;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999) };
}

/** @type {(sample: Sample) => number} */
function rate({ operations, time }) {
  return operations / time;
}

/** @type {(key: string | undefined, value: unknown) => Error} */
function wrong(key, value) {
  const shown = value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
  return new Error(`The client returned a wrong value for key ${key}: ${shown}`);
}
