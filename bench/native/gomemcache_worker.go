// gomemcache at one workload: goroutines that block, each with a client and so a connection of its own.
//
// Its arguments are those of pylibmc_worker.py, and it answers as worker.mjs does.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

const (
	mostOperations = 2000000
	mostRoutines   = 100
)

var (
	action   = os.Args[1]
	keys     []string
	values   [][]byte
	indexes  = map[string]int{}
	routines int
	clients  []*memcache.Client
)

func number(at int) int {
	n, err := strconv.Atoi(os.Args[at])
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func makeValue(kind string, length, i int) []byte {
	if kind == "text" {
		text := fmt.Sprintf("The value of key %d. ", i)
		text += strings.Repeat("moecache ", length/9+1)
		return []byte(text[:length])
	}
	state := uint32(i + 1)
	data := make([]byte, length)
	for at := range data {
		state = state*1103515245 + 12345
		data[at] = byte(state >> 16)
	}
	return data
}

func get(client *memcache.Client, i int) {
	item, err := client.Get(keys[i])
	check(err)
	if !bytes.Equal(item.Value, values[i]) {
		check(fmt.Errorf("a wrong value for %s", keys[i]))
	}
}

func set(client *memcache.Client, i int) {
	check(client.Set(&memcache.Item{Key: keys[i], Value: values[i]}))
}

func work(client *memcache.Client, operations, first int) {
	for turn := first; turn < first+operations; turn++ {
		i := turn % len(keys)
		switch {
		case action == "get" || action == "mixed" && turn%10 != 0:
			get(client, i)
		case action == "set" || action == "mixed":
			set(client, i)
		case action == "getMany":
			found, err := client.GetMulti(keys)
			check(err)
			for key, item := range found {
				if !bytes.Equal(item.Value, values[indexes[key]]) {
					check(fmt.Errorf("a wrong value for %s", key))
				}
			}
			if len(found) != len(keys) {
				check(fmt.Errorf("%d values of %d", len(found), len(keys)))
			}
		}
	}
}

func cpu() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	sum := usage.Utime.Nano() + usage.Stime.Nano()
	return float64(sum) / 1000
}

// run carries out operations; it says how many, in how many milliseconds and microseconds of processor time.
func run(operations int) (int, float64, float64) {
	before, start := cpu(), time.Now()
	share := operations / routines
	var group sync.WaitGroup
	for at, client := range clients {
		group.Add(1)
		go func(client *memcache.Client, first int) {
			defer group.Done()
			work(client, share, first)
		}(client, at*share)
	}
	group.Wait()
	return share * routines, float64(time.Since(start).Nanoseconds()) / 1e6, cpu() - before
}

func main() {
	kind := os.Args[2]
	callers, count, length, slot, roundTime := number(3), number(4), number(5), number(6), number(7)
	servers := strings.Split(os.Args[8], ",")
	routines = callers
	if routines > mostRoutines {
		routines = mostRoutines
	}
	for i := 0; i < routines; i++ {
		client := memcache.New(servers...)
		client.Timeout = 10 * time.Second
		clients = append(clients, client)
	}
	for i := 0; i < count; i++ {
		key := fmt.Sprintf("bench:%02d:%05d", slot, i)
		keys = append(keys, key)
		values = append(values, makeValue(kind, length, i))
		indexes[key] = i
		set(clients[0], i)
		get(clients[0], i)
	}
	if routines > 1 {
		fmt.Printf("{\"note\":\"%d goroutines, a connection each\"}\n", routines)
	} else {
		fmt.Println("{}")
	}
	planned := routines
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		operations, elapsed, used := run(planned)
		for lines.Text() == "warm" && elapsed < float64(roundTime)/2 && planned < mostOperations {
			planned *= 2
			operations, elapsed, used = run(planned)
		}
		planned = int(float64(planned) * float64(roundTime) / elapsed)
		if planned < routines {
			planned = routines
		}
		if planned > mostOperations {
			planned = mostOperations
		}
		fmt.Printf("{\"operations\":%d,\"time\":%f,\"cpu\":%f}\n", operations, elapsed, used)
	}
}
