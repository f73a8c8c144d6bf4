"""
What keeping data costs: snapshots, logs and starts, a server at a time, files on a real disk.

Each case is a function of (bench, kind) that returns its figures; ROWS says which of them are
compared and what is asked of them.
"""

import os
import signal
import statistics
import sys
import time
from dataclasses import dataclass

from . import servers
from .case import Asked
from .run import measured_run
from .servers import Server

VALUE_BYTES = 100
SETTLED_S = 0.5  # of a probe, before the save begins
NO_REWRITE = ("--auto-aof-rewrite-percentage", "0")


@dataclass
class Scale:
    """Sizes and times; quick() is what shows that everything runs."""

    snapshot_keys: int = 5_000_000
    start_keys: int = 3_000_000
    fields: int = 1_000_000
    writes: int = 45_000  # a second, beside a snapshot
    seconds: float = 10
    rounds: int = 5

    @classmethod
    def quick(cls):
        return cls(100_000, 50_000, 20_000, 20_000, 1, 1)


class Durable:
    def __init__(self, load, scale, say):
        self.load, self.scale, self.say = load, scale, say

    def fill(self, server, keys):
        """SET of every key, 100 bytes each."""
        self.load.run(server.port, "-k", keys, "--value-size", VALUE_BYTES, "--preload-only",
                      "--preload")  # fmt: skip

    def writer(self, server, keys):
        """
        Goes on until it is stopped: the load that a snapshot runs beside.  In bursts, or the client
        takes most of a CPU, and all who share the two with it wait for that.
        """
        return self.load.start(
            server.port,
            *("-k", keys, "--value-size", VALUE_BYTES, "--ratio", "1:0", "-c", 50, "-P", 64),
            *("--rate", self.scale.writes, "--burst", 16, "-d", 600),
        )

    def probe(self, server, command, keys, seconds, rate=2000):
        return self.load.start(
            server.port,
            *("-k", keys, "--value-size", VALUE_BYTES, "--command", command, "-c", 8, "-P", 64),
            *("--rate", rate, "-d", seconds, "--interval-ms", 20),
        )

    def stop(self, process):
        process.send_signal(signal.SIGINT)
        return self.load.finish(process)


STRANGER = """
import os, sys, time
os.nice(10)
path, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
block, began, done = os.urandom(1 << 18), time.monotonic(), 0
with open(path, "wb", 0) as f:
    while (now := time.monotonic() - began) < seconds:
        if done < now * rate:
            done += f.write(block)
"""


def stranger(server, seconds, size):
    """A program that has nothing to do with the server: one CPU at nice 10, and as large a file."""
    path = os.path.join(server.directory, "stranger")
    argv = [sys.executable, "-c", STRANGER, path, str(seconds), str(size / seconds)]
    return servers.spawn(argv)


def saving(r):
    """Asks for the one section: all of INFO takes a thread of any server for part of a millisecond."""
    return r.info("persistence")["rdb_bgsave_in_progress"] != "0"


def wait_for_save(r, began, look=lambda: None):
    """Until the snapshot is on the disk; seconds since it began."""
    while saving(r):
        look()
        time.sleep(0.05)
    if r.info("persistence")["rdb_last_bgsave_status"] != "ok":
        raise RuntimeError("the snapshot failed")
    return time.monotonic() - began


def bgsave(r):
    began = time.monotonic()
    r.ask("BGSAVE")
    return began


def memory_of(server):
    """Resident bytes of the server and its children, shared pages counted once."""
    total = 0
    for pid in [server.pid, *servers.children(server.pid)]:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            pass  # the child has just ended
    return total


def before_and_beside(bench, server, r, keys):
    """The probe before a save and beside it, and the save's seconds."""
    before = bench.load.finish(
        bench.probe(server, "SET __key__ __value__", keys, bench.scale.seconds)
    )
    probe = bench.probe(server, "SET __key__ __value__", keys, 600)
    time.sleep(SETTLED_S)
    seconds = wait_for_save(r, bgsave(r))
    return before, bench.stop(probe), seconds


def snapshot(bench, kind):
    """
    BGSAVE of keys under writes.

    First beside a probe, an open loop of SETs by 8 more connections whose delays are compared with
    those before, and with those beside a stranger that takes as much of the machine.  Of 4,000 to
    10,000 answers a save, a p99.9 is the worst ten, and anything else on the machine is among them:
    so the median of several saves, but the worst answer of all.  Then twice without the probe, once
    for the time and once for the memory, as looking at that stops the server for moments.
    """
    keys = bench.scale.snapshot_keys
    with Server(kind, 1) as server, server.resp() as r:
        bench.fill(server, keys)
        writer = bench.writer(server, keys)
        try:
            time.sleep(2)
            pairs = [before_and_beside(bench, server, r, keys) for _ in range(bench.scale.rounds)]
            alone_s = wait_for_save(r, bgsave(r))
            size = os.path.getsize(os.path.join(server.directory, "dump.rdb"))
            other = stranger(server, alone_s, size)
            beside_other = bench.load.finish(
                bench.probe(server, "SET __key__ __value__", keys, max(1, alone_s - 0.3))
            )
            servers.end(other)
            level, peak = memory_of(server), 0

            def look():
                nonlocal peak
                peak = max(peak, memory_of(server))

            wait_for_save(r, bgsave(r), look)
        finally:
            wrote = bench.stop(writer)
    before, beside, beside_s = pairs[-1]

    def of_rounds(which, field):
        return [pair[which]["latency"][field] / 1000 for pair in pairs]

    p999_before, p999 = (statistics.median(of_rounds(i, "p999_us")) for i in (0, 1))
    return {
        "p999_growth": p999 / p999_before,
        "p999_ms": p999,
        "p999_before_ms": p999_before,
        "worst_ms": max(of_rounds(1, "max_us")),
        "worst_before_ms": max(of_rounds(0, "max_us")),
        "p999_beside_stranger_ms": beside_other["latency"]["p999_us"] / 1000,
        "worst_beside_stranger_ms": beside_other["latency"]["max_us"] / 1000,
        "save_s": alone_s,
        "save_beside_probe_s": beside_s,
        "memory_growth": peak / level - 1,
        "rdb_bytes": size,
        "writes_per_second": wrote["per_second"],
        "before": [(at, us / 1000) for at, n, us, _e in before["series"] if n],
        "series": [(at, us / 1000) for at, n, us, _e in beside["series"] if n],
        "saved_from_to": (SETTLED_S, SETTLED_S + beside_s),
    }


def big_hash(bench, kind):
    """HSET on one big hash, 2,000 a second, while it is saved over and over."""
    fields = bench.scale.fields
    with Server(kind, 1) as server, server.resp() as r:
        bench.load.run(
            server.port,
            *("-k", fields, "--preload-only", "--preload-command", "HSET big __key__ __value__"),
        )
        quiet = bench.load.finish(
            bench.probe(server, "HSET big __key__ __value__", fields, bench.scale.seconds)
        )
        probe = bench.probe(server, "HSET big __key__ __value__", fields, bench.scale.seconds)
        saves = 0
        while probe.poll() is None:
            wait_for_save(r, bgsave(r))
            saves += 1
        beside = bench.load.finish(probe)
    return {
        "p999_ms": beside["latency"]["p999_us"] / 1000,
        "p999_before_ms": quiet["latency"]["p999_us"] / 1000,
        "worst_ms": beside["latency"]["max_us"] / 1000,
        "saves": saves,
    }


def set_rate(bench, server, pipeline):
    """SETs a second by 50 connections; median of the rounds."""
    runs = [
        measured_run(
            server,
            lambda: bench.load.run(
                server.port,
                *("-k", 100_000, "--value-size", VALUE_BYTES, "--ratio", "1:0"),
                *("-c", 50, "-P", pipeline, "-d", max(1, bench.scale.seconds / 3)),
            ),
            len(os.sched_getaffinity(0)),
        )
        for _ in range(bench.scale.rounds)
    ]
    return {
        "per_second": statistics.median(r["per_second"] for r in runs),
        "cpu_ns": statistics.median(r["cpu_ns"] for r in runs),
        "p99_ms": statistics.median(r["latency"]["p99_us"] for r in runs) / 1000,
    }


def always(bench, kind, pipeline):
    args = ("--appendonly", "yes", "--appendfsync", "always", *NO_REWRITE)
    with Server(kind, 1, args=args) as server:
        return set_rate(bench, server, pipeline)


def everysec(bench, kind):
    """The rate with a log to that without, taken in turns so that both see the same machine."""
    args = ("--appendonly", "yes", "--appendfsync", "everysec", *NO_REWRITE)
    with Server(kind, 1) as plain, Server(kind, 1, args=args) as logged:
        without = set_rate(bench, plain, 16)
        with_log = set_rate(bench, logged, 16)
        again = set_rate(bench, plain, 16)
    without = {k: (without[k] + again[k]) / 2 for k in without}
    return {
        "share": with_log["per_second"] / without["per_second"],
        "cpu_growth": with_log["cpu_ns"] / without["cpu_ns"],
        "per_second": with_log["per_second"],
        "per_second_without": without["per_second"],
    }


def start(bench, kind, args, prepare):
    """Seconds from the program's start to its first PONG; median of the rounds."""
    with Server(kind, 1, args=args) as server:
        bench.fill(server, bench.scale.start_keys)
        with server.resp() as r:
            prepare(r)
            keys = r.ask("DBSIZE")
        times = [server.start_again(300) for _ in range(bench.scale.rounds)]
        with server.resp() as r:
            if r.ask("DBSIZE") != keys:
                raise RuntimeError("keys were lost on the way")
    return {"seconds": statistics.median(times), "keys": keys}


def start_from_rdb(bench, kind):
    return start(bench, kind, (), lambda r: r.ask("SAVE"))


def start_from_aof(bench, kind):
    args = ("--appendonly", "yes", "--appendfsync", "everysec", *NO_REWRITE)
    return start(bench, kind, args, lambda _r: time.sleep(2))  # until everything is written


@dataclass(frozen=True)
class Row:
    case: str
    title: str
    unit: str
    asked: Asked  # of the ratio to the rival's, or of the figure itself
    note: str = ""  # a second figure that explains the first

    def figure(self, result):
        return result[self.asked.field]


CASES = {
    "bgsave": snapshot,
    "hset": big_hash,
    "always-p1": lambda b, k: always(b, k, 1),
    "always-p64": lambda b, k: always(b, k, 64),
    "everysec": everysec,
    "start-rdb": start_from_rdb,
    "start-aof": start_from_aof,
}

# fmt: off
ROWS = [
    Row("bgsave", "BGSAVE under writes: p99.9 of another writer to that before", "x",
        Asked("p999_growth", 1.3, 1.1, absolute=True), "p999_before_ms"),
    Row("bgsave", "worst answer during it, ms", "ms",
        Asked("worst_ms", 5, 2, absolute=True), "worst_before_ms"),
    Row("bgsave", "memory above the level before it", "%",
        Asked("memory_growth", 0.08, 0.04, absolute=True)),
    Row("bgsave", "its duration", "s", Asked("save_s", 1.0, 0.6)),
    Row("bgsave", "size of the file", "bytes", Asked("rdb_bytes", 1.0, 1.0)),
    Row("hset", "HSET on a big hash during BGSAVE: p99.9, ms", "ms",
        Asked("p999_ms", 1, 1, absolute=True), "p999_before_ms"),
    Row("always-p1", "appendfsync always, pipeline 1", "/s", Asked("per_second", 1.3, 2)),
    Row("always-p64", "appendfsync always, pipeline 64", "/s", Asked("per_second", 2, 3)),
    Row("everysec", "everysec, pipeline 16: throughput to that without a log", "x",
        Asked("share", 0.85, 0.95, absolute=True), "cpu_growth"),
    Row("start-rdb", "start from an RDB file", "s", Asked("seconds", 0.7, 0.4)),
    Row("start-aof", "start from an AOF", "s", Asked("seconds", 0.6, 0.4)),
]
# fmt: on


def shown(row, value):
    if row.unit == "%":
        return f"{value * 100:.1f} %"
    if row.unit in ("/s", "bytes"):
        return f"{value:,.0f}"
    return f"{value:.2f}"


def table(results, names, rows=None):
    """A row a figure: each server's, the ratio to the first rival's, and the verdict."""
    lines = [["figure", *names, "ratio", "must", "aim", ""]]
    for row in rows or ROWS:
        by_server = results.get(row.case, {})
        if names[0] not in by_server:
            continue
        own = row.figure(by_server[names[0]])
        others = [row.figure(by_server[n]) for n in names[1:] if n in by_server]
        ratio = own / others[0] if others and others[0] else None
        judged = own if row.asked.absolute else ratio
        cells = []
        for name in names:
            result = by_server.get(name)
            text = shown(row, row.figure(result)) if result else "-"
            if result and row.note:
                text += f" ({row.note} {result[row.note]:.2f})"
            cells.append(text)
        bound = [f"{b * 100:g} %" if row.unit == "%" else f"{b:g}" for b in
                 (row.asked.must, row.asked.aim)]  # fmt: skip
        verdict = row.asked.verdict(judged) if judged is not None else ""
        ratio_text = f"{ratio:.2f}" if ratio is not None else ""
        lines.append([row.title, *cells, ratio_text, *bound, verdict])
    return lines
