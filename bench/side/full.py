"""
What a server at its maxmemory costs, and how well it chooses who goes, beside a rival.

Each case is a function of (bench, kind) that returns its figures; ROWS says which of them are
compared and what is asked of them.
"""

import itertools
import random
import statistics
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from .case import Asked
from .durable import Row
from .run import measured_run
from .servers import Server

VALUE_BYTES = 64
NAMES = 1_000_000_000  # so many that nearly each SET is of a new key
BATCH = 64  # requests in flight of the cache's one client
MIB = 1 << 20


@dataclass
class Scale:
    """Sizes and times; quick() is what shows that everything runs."""

    limit: int = 128 * MIB
    seconds: float = 4
    rounds: int = 3
    fewer: int = 1  # a cache's keys are divided by it
    seeds: tuple = (1, 2, 3)

    @classmethod
    def quick(cls):
        return cls(16 * MIB, 0.5, 1, 20, (1,))


class Full:
    def __init__(self, load, scale, cpus, say):
        self.load, self.scale, self.cpus, self.say = load, scale, cpus, say

    def sets(self, server, seconds, *args):
        return self.load.run(
            server.port,
            *("-k", NAMES, "--value-size", VALUE_BYTES, "--ratio", "1:0", "-c", 50, "-P", 16),
            *("-d", seconds, "--seed", random.randrange(1 << 30), *args),
        )

    def server(self, kind, workers, policy="allkeys-lru", samples=5):
        args = ("--maxmemory-policy", policy, "--maxmemory-samples", str(samples))
        return Server(kind, workers, args=args)


def fill_to_limit(bench, server, r):
    """maxmemory, and new keys until the first go."""
    r.ask("CONFIG", "SET", "maxmemory", bench.scale.limit)
    while r.info("stats")["evicted_keys"] == "0":
        bench.sets(server, bench.scale.seconds / 4)


class Probe:
    """Asks all the time how much is used, and keeps the worst."""

    def __init__(self, server, limit):
        self.server, self.limit = server, limit
        self.worst = self.samples = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        with self.server.resp() as r:
            while not self.ended.is_set():
                m = r.info("memory")
                counted = int(m["used_memory"]) - int(m["mem_not_counted_for_evict"])
                self.worst = max(self.worst, counted / self.limit - 1)
                self.samples += 1
                self.ended.wait(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def set_new(bench, kind, workers):
    """SETs of new keys at the limit; first alone, then beside a probe of what is used."""
    with bench.server(kind, workers) as server, server.resp() as r:
        fill_to_limit(bench, server, r)
        runs = [
            measured_run(server, lambda: bench.sets(server, bench.scale.seconds), bench.cpus)
            for _ in range(bench.scale.rounds)
        ]
        before = int(r.info("stats")["evicted_keys"])
        with Probe(server, bench.scale.limit) as probe:
            probed = bench.sets(server, bench.scale.seconds)
        gone = int(r.info("stats")["evicted_keys"]) - before
    return {
        "per_second": statistics.median(run["per_second"] for run in runs),
        "cpu_ns": statistics.median(run["cpu_ns"] for run in runs),
        "errors": sum(run["errors"] for run in runs),
        "over": probe.worst,
        "samples": probe.samples,
        "evictions_a_set": gone / max(1, probed["requests"]),
    }


def get_delay(bench, kind):
    """
    GETs by 8 connections, an open loop of 2,000 a second, beside 20,000 SETs of new keys a second:
    their p99 below the limit and at it, in turns on two servers; the median of the rounds.
    """
    seconds, rate = bench.scale.seconds, 20_000
    with bench.server(kind, 2) as full, bench.server(kind, 2) as roomy:
        with full.resp() as r:
            fill_to_limit(bench, full, r)
        bench.sets(roomy, bench.scale.seconds / 4)
        p99 = {full: [], roomy: []}
        for server in (roomy, full) * bench.scale.rounds:
            writer = bench.load.start(
                server.port,
                *("-k", NAMES, "--value-size", VALUE_BYTES, "--ratio", "1:0", "-c", 10),
                *("-P", 16, "--rate", rate, "-d", seconds + 1),
                *("--seed", random.randrange(1 << 30)),
            )
            probe = bench.load.run(
                server.port,
                *("-k", 100_000, "--ratio", "0:1", "-c", 8, "-P", 16, "--rate", 2000),
                *("-d", seconds),
            )
            bench.load.finish(writer)
            p99[server].append(probe["latency"]["p99_us"] / 1000)
    at_limit, below = (statistics.median(p99[s]) for s in (full, roomy))
    return {"growth": at_limit / below, "p99_ms": at_limit, "p99_below_ms": below}


# --- a cache beside its model ----------------------------------------------------------------------


class ExactLru:
    """What the server is to come near to: the key that was not used for longest goes."""

    def __init__(self, room):
        self.keys, self.room = OrderedDict(), room

    def batch(self, names):
        """All are asked for, then those that were missing are set, as the client does."""
        missing = {}
        hits = 0
        for name in names:
            if name in self.keys:
                self.keys.move_to_end(name)
                hits += 1
            else:
                missing[name] = None
        for name in missing:
            self.keys[name] = None
            if len(self.keys) > self.room:
                self.keys.popitem(last=False)
        return hits


def zipf_batches(keys, theta, seed):
    draw = random.Random(seed)
    names = list(range(keys))
    draw.shuffle(names)
    weights = list(itertools.accumulate(1 / (i + 1) ** theta for i in range(keys)))
    while True:
        yield draw.choices(names, cum_weights=weights, k=BATCH)


class CacheClient:
    """GETs, and SETs of what was not there."""

    def __init__(self, r):
        self.socket, self.reader = r.socket, r.reader
        self.value = b"v" * 200

    @staticmethod
    def name(key):
        return b"k%09d" % key

    def set_of(self, key):
        value = self.value
        return b"*3\r\n$3\r\nSET\r\n$10\r\n%s\r\n$%d\r\n%s\r\n" % (self.name(key), len(value), value)

    def batch(self, keys):
        self.socket.sendall(
            b"".join(b"*2\r\n$3\r\nGET\r\n$10\r\n%s\r\n" % self.name(key) for key in keys)
        )
        missing, hits = {}, 0
        for key in keys:
            if self.reader.readline() == b"$-1\r\n":
                missing[key] = None
            else:
                self.reader.read(len(self.value) + 2)
                hits += 1
        self.socket.sendall(b"".join(map(self.set_of, missing)))
        for _ in missing:
            if self.reader.readline() != b"+OK\r\n":
                raise RuntimeError("a SET was refused")
        return hits


class Room:
    """Moves maxmemory until the server holds so many keys: servers need unlike bytes for a key."""

    EACH = 300  # bytes of a key, about; half of what is missing is added at a time

    def __init__(self, r, keys):
        self.r, self.keys = r, keys
        self.limit = int(r.info("memory")["used_memory"])

    def adjust(self):
        held = self.r.ask("DBSIZE")
        if abs(held - self.keys) > self.keys / 500:
            self.limit += (self.keys - held) * self.EACH // 2
            self.r.ask("CONFIG", "SET", "maxmemory", self.limit)
        return held


def hit_ratio(bench, kind, policy, keys, theta, seed):
    """Of a cache with room for a tenth of the keys: the server's, and that of exact LRU."""
    room = keys // 10
    settle = 10 * keys if keys < 100_000 else 4 * keys
    counted = settle
    with bench.server(kind, 1, policy, 10) as server, server.resp() as r, server.resp() as asking:
        client, model = CacheClient(r), ExactLru(room)
        r.ask_many([("SET", CacheClient.name(i), client.value) for i in range(room)])
        measure = Room(asking, room)
        r.ask("FLUSHALL")
        asking.ask("CONFIG", "SET", "maxmemory", measure.limit)
        hits = model_hits = done = 0
        held = []
        for i, batch in enumerate(zipf_batches(keys, theta, seed)):
            of_model, of_server = model.batch(batch), client.batch(batch)
            if done >= settle:
                hits, model_hits = hits + of_server, model_hits + of_model
            done += BATCH
            if i % 50 == 0:
                count = measure.adjust()
                if done >= settle:
                    held.append(count / room)
            if done >= settle + counted:
                break
    asked = done - settle
    return hits / asked, model_hits / asked, statistics.mean(held)


def hit_ratios(bench, kind, policy, keys, theta):
    keys //= bench.scale.fewer
    found = [hit_ratio(bench, kind, policy, keys, theta, seed) for seed in bench.scale.seeds]
    return {
        "hits": statistics.mean(f[0] for f in found),
        "least": min(f[0] for f in found),
        "most": max(f[0] for f in found),
        "exact_lru": statistics.mean(f[1] for f in found),
        "held": statistics.mean(f[2] for f in found),
    }


CASES = {
    "set-w1": lambda b, k: set_new(b, k, 1),
    "set-w2": lambda b, k: set_new(b, k, 2),
    "get-p99": get_delay,
}
# fmt: off
ROWS = [
    Row("set-w1", "SET of new keys at the limit, pipeline 16, 1 worker: CPU ns", "/s",
        Asked("cpu_ns", 0.7, 0.5)),
    Row("set-w1", "used above maxmemory at worst, 1 worker", "%",
        Asked("over", 0.01, 0.003, absolute=True)),
    Row("set-w2", "the same SETs, 2 workers (io-threads 2)", "/s", Asked("per_second", 1.6, 2)),
    Row("set-w2", "CPU ns of that", "/s", Asked("cpu_ns", 0.7, 0.5)),
    Row("set-w2", "used above maxmemory at worst, 2 workers", "%",
        Asked("over", 0.01, 0.003, absolute=True)),
    Row("get-p99", "p99 of GET at the limit to that below it", "x",
        Asked("growth", 2, 1.2, absolute=True), "p99_below_ms"),
]
# fmt: on


def add_hits():
    """A case for each policy, number of keys and skew: 'lru-20k-0.9' and so on."""
    for policy, keys, theta in itertools.product(("lru", "lfu"), (20, 200), (0.9, 1.1)):
        name = f"{policy}-{keys}k-{theta}"
        CASES[name] = lambda b, k, p=f"allkeys-{policy}", n=keys * 1000, t=theta: hit_ratios(
            b, k, p, n, t
        )
        ROWS.append(
            Row(name, f"hit ratio, {policy}, {keys},000 keys, room for a tenth, zipf {theta}", "%",
                Asked("hits", 1.0, 1.02), "exact_lru")  # fmt: skip
        )


add_hits()
