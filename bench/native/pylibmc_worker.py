"""pylibmc at one workload: libmemcached under Python, a blocking client.

Its arguments are the action, the number of callers, of keys and of bytes, the servers, the contender's
number and a round's milliseconds. It answers as worker.mjs does.
"""

import json
import resource
import sys
import threading
import time

import pylibmc

MOST_OPERATIONS = 2_000_000
MOST_THREADS = 100

action, value_kind = sys.argv[1:3]
callers, count, length, slot, round_time = (int(word) for word in sys.argv[3:8])
servers = sys.argv[8].split(",")
threads = min(callers, MOST_THREADS)

keys = [f"bench:{slot:02}:{i:05}" for i in range(count)]


def make_value(i):
    """Text like everybody's, or bytes without a pattern."""
    if value_kind == "text":
        text = f"The value of key {i}. "
        while len(text) < length:
            text += "moecache "
        return text[:length]
    state = i + 1
    data = bytearray(length)
    for at in range(length):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        data[at] = state >> 16 & 255
    return bytes(data)


values = [make_value(i) for i in range(count)]
items = dict(zip(keys, values))
client = pylibmc.Client(servers, behaviors={"tcp_nodelay": True})
clients = [client] + [client.clone() for _ in range(threads - 1)]
for key, value in items.items():
    client.set(key, value)
for key, value in items.items():
    if client.get(key) != value:
        sys.exit(f"a wrong value for {key}")


def work(client, operations, first):
    """Carries out operations one after the other."""
    if action == "get":
        for i in range(first, first + operations):
            if client.get(keys[i % count]) != values[i % count]:
                raise ValueError(f"a wrong value for {keys[i % count]}")
    elif action == "set":
        for i in range(first, first + operations):
            client.set(keys[i % count], values[i % count])
    elif action == "mixed":
        for i in range(first, first + operations):
            key, value = keys[i % count], values[i % count]
            if i % 10 == 0:
                client.set(key, value)
            elif client.get(key) != value:
                raise ValueError(f"a wrong value for {key}")
    elif action == "getMany":
        for _ in range(operations):
            if client.get_multi(keys) != items:
                raise ValueError("wrong values")
    elif action == "setMany":
        for _ in range(operations):
            if client.set_multi(items):
                raise ValueError("not everything was stored")


def run(operations):
    """Carries out so many operations, and says how long it took."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    if threads == 1:
        work(client, operations, 0)
    else:
        share = operations // threads
        running = [
            threading.Thread(target=work, args=(one, share, at * share))
            for at, one in enumerate(clients)
        ]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        operations = share * threads
    elapsed = (time.perf_counter() - start) * 1000
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6
    return {"operations": operations, "time": elapsed, "cpu": cpu}


def answer(message):
    """Writes a line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


operations = threads
answer({"note": f"{threads} threads, a connection each"} if threads > 1 else {})
for line in sys.stdin:
    if line.strip() == "warm":
        sample = run(operations)
        while sample["time"] < round_time / 2 and operations < MOST_OPERATIONS:
            operations *= 2
            sample = run(operations)
    else:
        sample = run(operations)
    planned = round(operations * round_time / sample["time"])
    operations = min(max(planned, threads), MOST_OPERATIONS)
    answer(sample)
