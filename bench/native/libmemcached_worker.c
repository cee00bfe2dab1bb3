/*
 * libmemcached at one workload: threads that block, each with a client and so a connection of its own.
 *
 * Its arguments are those of pylibmc_worker.py, and it answers as worker.mjs does.
 */

#include <libmemcached/memcached.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST_OPERATIONS = 2000000, MOST_THREADS = 100, KEY_LENGTH = 14, KEY_SPACE = 64 };

typedef struct {
  memcached_st *client;
  long operations;
  long first;
} share_t;

static const char *action;
static long count, length;
static char **keys;
static char **values;
static size_t *key_lengths;
static int threads;
static memcached_st *clients[MOST_THREADS];

static void check(int is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static char *make_value(const char *kind, long i) {
  char *value = malloc(length + 64);
  if (strcmp(kind, "text") == 0) {
    long at = sprintf(value, "The value of key %ld. ", i);
    for (; at < length; at++) value[at] = "moecache "[(at - strlen("The value of key . ") - 1) % 9];
    return value;
  }
  uint32_t state = i + 1;
  for (long at = 0; at < length; at++) {
    state = state * 1103515245u + 12345;
    value[at] = state >> 16;
  }
  return value;
}

static void get(memcached_st *client, long i) {
  size_t found_length;
  uint32_t flags;
  memcached_return_t rc;
  char *found = memcached_get(client, keys[i], KEY_LENGTH, &found_length, &flags, &rc);
  check(found != NULL && (long)found_length == length && memcmp(found, values[i], length) == 0,
        "a wrong value");
  free(found);
}

static void set(memcached_st *client, long i) {
  check(memcached_set(client, keys[i], KEY_LENGTH, values[i], length, 0, 0) == MEMCACHED_SUCCESS,
        "not stored");
}

static void get_many(memcached_st *client) {
  check(memcached_mget(client, (const char *const *)keys, key_lengths, count) == MEMCACHED_SUCCESS,
        "cannot ask");
  memcached_result_st result;
  memcached_return_t rc;
  memcached_result_create(client, &result);
  long found = 0;
  while (memcached_fetch_result(client, &result, &rc) != NULL) {
    long i = atol(memcached_result_key_value(&result) + KEY_LENGTH - 5);
    check((long)memcached_result_length(&result) == length &&
              memcmp(memcached_result_value(&result), values[i], length) == 0,
          "a wrong value");
    found++;
  }
  memcached_result_free(&result);
  check(found == count, "a value is missing");
}

static void *work(void *argument) {
  share_t *share = argument;
  for (long turn = share->first; turn < share->first + share->operations; turn++) {
    long i = turn % count;
    if (strcmp(action, "get") == 0) get(share->client, i);
    else if (strcmp(action, "set") == 0) set(share->client, i);
    else if (strcmp(action, "mixed") == 0) {
      if (turn % 10 == 0) set(share->client, i);
      else get(share->client, i);
    } else if (strcmp(action, "getMany") == 0) get_many(share->client);
    else for (long at = 0; at < count; at++) set(share->client, at);
  }
  return NULL;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

static void run(long operations, double *elapsed, double *used) {
  pthread_t running[MOST_THREADS];
  share_t shares[MOST_THREADS];
  double before = cpu(), start = now();
  for (int at = 0; at < threads; at++) {
    long share = operations / threads;
    shares[at] = (share_t){clients[at], share, at * share};
    if (threads == 1) work(&shares[at]);
    else pthread_create(&running[at], NULL, work, &shares[at]);
  }
  for (int at = 0; threads > 1 && at < threads; at++) pthread_join(running[at], NULL);
  *elapsed = now() - start;
  *used = cpu() - before;
}

int main(int argc, char **argv) {
  check(argc == 9, "eight arguments are needed");
  action = argv[1];
  long callers = atol(argv[3]);
  count = atol(argv[4]);
  length = atol(argv[5]);
  long slot = atol(argv[6]);
  double round_time = atof(argv[7]);
  threads = callers < MOST_THREADS ? callers : MOST_THREADS;

  memcached_server_st *servers = memcached_servers_parse(argv[8]);
  for (int at = 0; at < threads; at++) {
    clients[at] = memcached_create(NULL);
    memcached_behavior_set(clients[at], MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
    memcached_server_push(clients[at], servers);
  }
  keys = malloc(count * sizeof *keys);
  values = malloc(count * sizeof *values);
  key_lengths = malloc(count * sizeof *key_lengths);
  for (long i = 0; i < count; i++) {
    keys[i] = malloc(KEY_SPACE);
    snprintf(keys[i], KEY_SPACE, "bench:%02ld:%05ld", slot, i);
    key_lengths[i] = KEY_LENGTH;
    values[i] = make_value(argv[2], i);
    set(clients[0], i);
    get(clients[0], i);
  }

  if (threads > 1) printf("{\"note\":\"%d threads, a connection each\"}\n", threads);
  else printf("{}\n");
  fflush(stdout);
  long operations = threads;
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    double elapsed, used;
    run(operations, &elapsed, &used);
    while (line[0] == 'w' && elapsed < round_time / 2 && operations < MOST_OPERATIONS) {
      operations *= 2;
      run(operations, &elapsed, &used);
    }
    printf("{\"operations\":%ld,\"time\":%f,\"cpu\":%f}\n", operations / threads * threads, elapsed,
           used);
    fflush(stdout);
    operations = operations * round_time / elapsed;
    if (operations < threads) operations = threads;
    if (operations > MOST_OPERATIONS) operations = MOST_OPERATIONS;
  }
  return 0;
}
