"""How each family of cases is run and measured."""

import os
import statistics
import sys
import time

from . import servers
from .load import LoadError, memtier
from .servers import Group


class Bench:
    """What all cases share: programs, sizes, where things run."""

    def __init__(self, kinds, load, options):
        self.kinds, self.load, self.options = kinds, load, options
        cpus = sorted(os.sched_getaffinity(0))
        self.cpus = cpus if options.pin and len(cpus) > 1 else None

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def server_cpus(self, workers):
        """Servers keep to the first CPUs if the load can have others."""
        if self.cpus is None or len(self.cpus) <= workers:
            return None
        return set(self.cpus[:workers])

    def client_cpus(self, workers):
        if self.server_cpus(workers) is None:
            return None
        return set(self.cpus[workers:])

    def takers(self, case):
        """The servers that take part in a case."""
        return [k for k in self.kinds if case.with_limit or k.role != "limit"]


def spread(values):
    """Median, and the whole range as a share of it."""
    median = statistics.median(values)
    return median, (max(values) - min(values)) / median if median else 0


def interleaved(names, rounds):
    """A B C, B C A, C A B, ...: nobody is always first."""
    for i in range(rounds):
        yield i, names[i % len(names) :] + names[: i % len(names)]


def measured_run(server, run, busy_cpus):
    """Runs a load and adds what it cost the server, and what else the machine did meanwhile."""
    user, system = server.cpu_ticks()
    cpu, busy, start = server.cpu_ns(), servers.machine_busy_ns(), time.monotonic()
    result = run()
    wall_ns = (time.monotonic() - start) * 1e9
    cpu = server.cpu_ns() - cpu
    user_after, system_after = server.cpu_ticks()
    busy = servers.machine_busy_ns() - busy
    requests = max(1, result["requests"])
    client = result.get("client_cpu_ns", 0) * requests
    ticks = max(1, user_after - user + system_after - system)
    result["cpu_ns"] = cpu / requests
    result["cpu_share"] = cpu / wall_ns
    result["user_share"] = (user_after - user) / ticks
    # With memtier the client's own time is not known and counts among the others.
    result["others_share"] = max(0, busy - cpu - client) / wall_ns / busy_cpus
    return result


def summary(runs):
    """Medians over the rounds; the latency curve is that of the median round."""
    rate, rate_spread = spread([r["per_second"] for r in runs])
    cpu, cpu_spread = spread([r["cpu_ns"] for r in runs])
    typical = min(runs, key=lambda r: abs(r["per_second"] - rate))
    out = {
        "per_second": rate,
        "per_second_spread": rate_spread,
        "cpu_ns": cpu,
        "cpu_ns_spread": cpu_spread,
        "cpu_share": statistics.median(r["cpu_share"] for r in runs),
        "user_share": statistics.median(r["user_share"] for r in runs),
        "others_share": statistics.median(r["others_share"] for r in runs),
        "client_cpu_ns": statistics.median(r.get("client_cpu_ns", 0) for r in runs),
        "errors": sum(r["errors"] for r in runs),
        "curve": typical["latency"]["curve"],
    }
    for field in ("p50_us", "p99_us", "p999_us", "p9999_us", "max_us"):
        out[field] = statistics.median(r["latency"][field] for r in runs)
    return out


def preload_keys(bench, server, case):
    """The keys of a case.  One command string, the same for every server."""
    bench.load.preload(
        server.port,
        *("-k", bench.options.keys, "--key-size", case.key_size),
        *("--value-size", case.value_size, "--preload-command", case.preload),
    )


def throughput_group(bench, cases):
    """Cases with the same number of workers share their servers and their keys."""
    workers, options = cases[0].workers, bench.options
    kinds = [k for k in bench.kinds if any(c.with_limit or k.role != "limit" for c in cases)]
    bench.load.cpus = bench.client_cpus(workers)
    with Group(kinds, workers, bench.server_cpus(workers)) as group:
        for server in filter(lambda s: s.has_keys, group):
            bench.say(f"  {server.name}: {options.keys} keys of 32 bytes")
            preload_keys(bench, server, cases[0])
            with server.resp() as r:
                r.ask("SET", "hot", "x" * 32)
        for case in cases:
            names = [k.name for k in bench.takers(case)]
            yield case, throughput_case(bench, case, [s for s in group if s.name in names])


def throughput_case(bench, case, group):
    runs = {s.name: [] for s in group}
    args = ["-k", bench.options.keys, "-t", case.client_threads, *case.load]
    cpu_count = len(os.sched_getaffinity(0))
    for i, order in interleaved(group, bench.options.rounds):
        for server in order:
            if i == 0:
                bench.load.run(server.port, *args, "-d", min(1, bench.options.seconds / 2))
            result = measured_run(
                server,
                lambda port=server.port: bench.load.run(
                    port, *args, "-d", bench.options.seconds, "--seed", i + 1
                ),
                cpu_count,
            )
            runs[server.name].append(result)
            bench.say(
                f"  {case.name:12} round {i + 1} {server.name:10} {result['per_second']:12,.0f}/s "
                f"{result['cpu_ns']:8.0f} CPU ns  p99 {result['latency']['p99_us']:9.1f} us"
            )
    return {name: summary(r) | {"runs": [slim(x) for x in r]} for name, r in runs.items()}


def slim(run):
    """A round as it is kept for history."""
    keep = ("per_second", "cpu_ns", "cpu_share", "others_share", "errors", "client_cpu_ns")
    out = {k: run.get(k, 0) for k in keep}
    for field in ("p50_us", "p99_us", "p999_us", "p9999_us", "max_us"):
        out[field] = run["latency"][field]
    return out


def memtier_case(bench, case):
    cpus, options = bench.client_cpus(case.workers), bench.options
    runs = {}
    with Group(bench.takers(case), case.workers, bench.server_cpus(case.workers)) as group:
        for server in group:
            memtier(options.memtier, server, options.seconds, options.keys, cpus, fill=True)
        for i, order in interleaved(group, options.rounds):
            for server in order:
                result = measured_run(
                    server,
                    lambda s=server: memtier(
                        options.memtier, s, options.seconds, options.keys, cpus
                    ),
                    len(os.sched_getaffinity(0)),
                )
                runs.setdefault(server.name, []).append(result)
                bench.say(
                    f"  {case.name:12} round {i + 1} {server.name:10} "
                    f"{result['per_second']:12,.0f}/s {result['cpu_ns']:8.0f} CPU ns"
                )
    return {name: summary(r) | {"runs": [slim(x) for x in r]} for name, r in runs.items()}


def used_memory(server):
    with server.resp() as r:
        return int(r.info().get("used_memory", 0))


def memory_case(bench, case):
    """Growth of resident and of used memory a key, on a server of its own."""
    out = {}
    for kind in bench.takers(case):
        with Group([kind], case.workers) as (server,):
            rss, used = server.settled_rss(), used_memory(server)
            preload_keys(bench, server, case)
            with server.resp() as r:
                keys = max(1, r.ask("DBSIZE"))
            rss_after, used_after = server.settled_rss(), used_memory(server)
        payload = case.key_size + case.value_size
        out[kind.name] = {
            "keys": keys,
            "payload": payload,
            "rss_per_key": (rss_after - rss) / keys,
            "used_per_key": (used_after - used) / keys,
            "empty_rss": rss,
        }
        per_key = out[kind.name]["rss_per_key"]
        bench.say(f"  {case.name:14} {kind.name:10} {per_key:8.1f} bytes a key")
    return out


def expiry_case(bench, case):
    """
    How late keys leave.

    Key i of n is due at T0 + i * step.  DBSIZE, which touches no key, is read every few ms; due(t)
    less what has left is the backlog.  The area between the two curves, divided by n, is exactly
    the mean lag of a key, whatever the order in which they leave.  When e keys have left by t, one
    of the first e + 1 has not, so t less the deadline of key e is a lower bound of the worst lag.
    Keys that are still there when patience ends count with their age by then: a lower bound again.
    """
    out, options = {}, bench.options
    due, far, span_s = options.due_keys, options.keys, options.expiry_seconds
    for kind in bench.takers(case):
        with Group([kind], case.workers) as (server,):
            preload = ("--preload-command", "SET __key__ __value__ EX 1000000")
            bench.load.preload(server.port, "-k", far, "--prefix", "far:", *preload)
            with server.resp() as r:
                out[kind.name] = watch_expiry(r, server, due, span_s, options.expiry_patience)
        o = out[kind.name]
        bench.say(
            f"  {case.name:12} {kind.name:10} mean lag {o['mean_lag_ms']:.1f} ms, worst at least "
            f"{o['worst_lag_ms']:.1f} ms, backlog at most {o['peak_backlog']} keys"
        )
    return out


class Lag:
    """What readings of (time, keys gone) say about keys that are due evenly from first_ms on."""

    def __init__(self, due, first_ms, step_ms):
        self.due, self.first_ms, self.step_ms = due, first_ms, step_ms
        self.area = self.worst_ms = self.backlog = self.peak = 0
        self.last_ms = None
        self.series = []

    def read(self, now_ms, gone):
        ripe = min(self.due, int((now_ms - self.first_ms) / self.step_ms) + 1)
        backlog = max(0, ripe - gone)
        if self.last_ms is not None:
            self.area += (backlog + self.backlog) / 2 * (now_ms - self.last_ms)
        if backlog > 0:
            self.worst_ms = max(self.worst_ms, now_ms - (self.first_ms + gone * self.step_ms))
        self.peak = max(self.peak, backlog)
        self.series.append(((now_ms - self.first_ms) / 1000, backlog))
        self.last_ms, self.backlog = now_ms, backlog

    @property
    def mean_ms(self):
        return self.area / self.due


def write_due_keys(r, due, span_s):
    """Keys that become due evenly over the span; returns the first deadline."""
    # Writing takes a part of a second; the first deadline lies well behind it.
    first_ms = int(time.time() * 1000) + 2000 + due // 50
    step_ms = span_s * 1000 / due
    before = r.ask("DBSIZE")
    r.ask_many([("SET", f"due:{i}", "x", "PXAT", int(first_ms + i * step_ms)) for i in range(due)])
    if r.ask("DBSIZE") - before != due or time.time() * 1000 >= first_ms:
        raise LoadError("the keys were not all there before the first of them was due")
    return first_ms


def watch_expiry(r, server, due, span_s, patience_s):
    before = r.ask("DBSIZE")
    first_ms = write_due_keys(r, due, span_s)
    end_ms = first_ms + span_s * 1000
    lag = Lag(due, first_ms, span_s * 1000 / due)
    time.sleep(max(0, first_ms / 1000 - time.time()))
    cpu, gone, now_ms = server.cpu_ns(), 0, first_ms
    while gone < due and now_ms < end_ms + patience_s * 1000:
        gone = before + due - r.ask("DBSIZE")
        now_ms = time.time() * 1000
        lag.read(now_ms, gone)
        time.sleep(0.002)
    return {
        "due": due,
        "seconds": span_s,
        "left_behind": due - gone,
        "mean_lag_ms": lag.mean_ms,
        "worst_lag_ms": lag.worst_ms,
        "peak_backlog": lag.peak,
        "tail_ms": max(0, now_ms - end_ms),
        "expired_keys": int(r.info().get("expired_keys", -1)),
        "cpu_share": (server.cpu_ns() - cpu) / 1e6 / max(1, now_ms - first_ms),
        "series": thin(lag.series, 400),
    }


def thin(series, most):
    """At most so many points, each the largest of its stretch."""
    if len(series) <= most:
        return series
    width = len(series) / most
    parts = [series[int(i * width) : int((i + 1) * width)] for i in range(most)]
    return [max(part, key=lambda p: p[1]) for part in parts if part]


PROBE_INTERVAL_MS = 20


def stall_case(bench, case):
    """
    The worst answer that other connections wait for while one command runs.

    Eight connections ask PING and GET on a fixed schedule, so that a pause is charged with every
    request that fell into it; meanwhile one more connection sends the slow command once.  They may
    pipeline, so that what piled up in a pause is gone at once when it ends.
    """
    out, options = {}, bench.options
    bench.load.cpus = None
    for kind in bench.takers(case):
        runs = []
        for _ in range(options.stall_rounds):
            with Group([kind], case.workers) as (server,):
                bench.load.preload(server.port, "-k", options.keys)
                if case.setup:
                    bench.load.preload(server.port, *case.setup)
                runs.append(stall_run(bench, case, server))
        runs.sort(key=lambda r: r["worst_ms"])
        out[kind.name] = runs[len(runs) // 2]
        out[kind.name]["worst_ms_spread"] = spread([r["worst_ms"] for r in runs])[1]
        o = out[kind.name]
        bench.say(
            f"  {case.name:14} {kind.name:10} worst {o['worst_ms']:.2f} ms "
            f"(quiet {o['quiet_ms']:.2f} ms), the command took {o['action_ms']:.1f} ms"
        )
    return out


def stall_run(bench, case, server):
    probe_s = bench.options.probe_seconds
    started = time.monotonic()
    probe = bench.load.start(
        server.port,
        *("--command", "PING", "--command", "GET __key__", "-k", bench.options.keys),
        *("-c", 8, "-P", 256, "--rate", 2000, "-d", probe_s),
        *("--interval-ms", PROBE_INTERVAL_MS),
    )
    try:
        time.sleep(probe_s / 3)
        acted = time.monotonic() - started
        action = bench.load.run(server.port, *case.action, "-n", 1, "-c", 1)
    except BaseException:
        servers.end(probe)
        raise
    result = bench.load.finish(probe)
    # The probe's clock starts a little after ours; the margin covers that.
    margin = 0.1
    quiet = [us for at, _n, us, _e in result["series"] if 0.1 < at < acted - margin]
    loud = [us for at, _n, us, _e in result["series"] if at >= acted - margin]
    return {
        "worst_ms": max(loud, default=0) / 1000,
        "quiet_ms": max(quiet, default=0) / 1000,
        "p99_ms": result["latency"]["p99_us"] / 1000,
        "p999_ms": result["latency"]["p999_us"] / 1000,
        "action_ms": action["latency"]["max_us"] / 1000,
        "acted_s": acted,
        "unanswered": result["unanswered"],
        "errors": action["errors"],
        "series": [(at, us / 1000) for at, n, us, _e in result["series"] if n > 0],
    }


SINGLE = {
    "memtier": memtier_case,
    "memory": memory_case,
    "expiry": expiry_case,
    "stall": stall_case,
}


def run_all(bench, cases, keep):
    """Runs the cases; keep(case, servers' results) is called after each, so none is lost."""
    by_workers = {}
    for case in cases:
        if case.family == "throughput":
            by_workers.setdefault(case.workers, []).append(case)
    for group in by_workers.values():
        bench.say(f"throughput, {group[0].workers} worker(s)")
        for case, result in throughput_group(bench, group):
            keep(case, result)
    bench.load.cpus = None
    for case in cases:
        if case.family == "throughput" or (case.family == "memtier" and not bench.options.memtier):
            continue
        bench.say(f"{case.name}: {case.title}")
        keep(case, SINGLE[case.family](bench, case))
