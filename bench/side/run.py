"""How each family of cases is run and measured."""

import os
import statistics
import sys
import time

from . import servers
from .case import Sized
from .load import LoadError, Refused, memtier
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

    def sized(self, args):
        keys = self.options.keys
        return [a.at(keys) if isinstance(a, Sized) else a for a in args]

    def keys(self, case):
        return ("-k", *self.sized([case.keys or self.options.keys]))

    def fill(self, server, case):
        """Takes the steps of a case's setup; the commands are the same for every server."""
        for step in case.setup if server.has_keys else ():
            try:
                self.load.run(server.port, *self.keys(case), *self.sized(step))
            except LoadError as e:
                raise Refused(str(e).strip().splitlines()[-1]) from e

    def absent(self, case, kind, refused):
        self.say(f"  {case.name:14} {kind.name:10} takes no part: {refused}")
        return {"absent": str(refused)}


def spread(values):
    """Median, and the whole range as a share of it."""
    median = statistics.median(values)
    return median, (max(values) - min(values)) / median if median else 0


def interleaved(names, rounds):
    """A B C, B C A, C A B, ...: nobody is always first."""
    for i in range(rounds if names else 0):
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
        "said": first_error(runs),
        "nils": sum(r.get("nils", 0) for r in runs) / max(1, sum(r["requests"] for r in runs)),
        "curve": typical["latency"]["curve"],
    }
    for field in ("p50_us", "p99_us", "p999_us", "p9999_us", "max_us"):
        out[field] = statistics.median(r["latency"][field] for r in runs)
    return out


def first_error(runs):
    return next((text for r in runs for text in r.get("error_texts", ())), "")


def throughput_group(bench, cases):
    """Cases with the same workers, keys and setup share their servers and what is in them."""
    workers, absent = cases[0].workers, {}
    kinds = [k for k in bench.kinds if any(k in bench.takers(c) for c in cases)]
    bench.load.cpus = bench.client_cpus(workers)
    with Group(kinds, workers, bench.server_cpus(workers)) as group:
        for server in group:
            try:
                bench.fill(server, cases[0])
            except Refused as e:
                absent[server.name] = bench.absent(cases[0], server.kind, e)
        for case in cases:
            takers = [k.name for k in bench.takers(case) if k.name not in absent]
            yield case, steady_case(bench, case, [s for s in group if s.name in takers]) | absent


def steady_case(bench, case, group):
    """Runs for a while, as the commands leave the servers as they were."""
    runs = {}
    for i, order in interleaved(group, bench.options.rounds):
        for server in order:
            if i == 0:
                throughput_run(bench, case, server, "-d", min(1, bench.options.seconds / 2))
            result = measured(bench, case, server, i, "-d", bench.options.seconds)
            runs.setdefault(server.name, []).append(result)
    return {name: summary(r) | {"runs": [slim(x) for x in r]} for name, r in runs.items()}


def consuming_case(bench, case):
    """Each round has a server of its own, as the commands use up what is there or add to it."""
    runs, absent = {}, {}
    count = bench.sized([case.requests])
    bench.load.cpus = bench.client_cpus(case.workers)
    for i, order in interleaved(bench.takers(case), bench.options.rounds):
        for kind in (k for k in order if k.name not in absent):
            with Group([kind], case.workers, bench.server_cpus(case.workers)) as (server,):
                try:
                    bench.fill(server, case)
                    result = measured(bench, case, server, i, "-n", *count)
                    runs.setdefault(kind.name, []).append(result)
                except Refused as e:
                    absent[kind.name] = bench.absent(case, kind, e)
    return {n: summary(r) | {"runs": [slim(x) for x in r]} for n, r in runs.items()} | absent


def throughput_run(bench, case, server, *args):
    threads = ("-t", case.client_threads)
    return bench.load.run(server.port, *bench.keys(case), *threads, *bench.sized(case.load), *args)


def measured(bench, case, server, i, *args):
    result = measured_run(
        server,
        lambda: throughput_run(bench, case, server, *args, "--seed", i + 1),
        len(os.sched_getaffinity(0)),
    )
    bench.say(
        f"  {case.name:12} round {i + 1} {server.name:10} {result['per_second']:12,.0f}/s "
        f"{result['cpu_ns']:8.0f} CPU ns  p99 {result['latency']['p99_us']:9.1f} us"
    )
    return result


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


WARM_UP = ("--value-size", 64, "-P", 128, "-c", 2, "-n", 100_000)


def memory_case(bench, case, kind):
    """
    Growth of resident and of used memory a key, or an element, on a server of its own.  Its buffers
    have been used before, as what connections touch once belongs to no key.
    """
    with Group([kind], case.workers) as (server,):
        bench.load.run(server.port, "--command", "ECHO __value__", *WARM_UP)
        rss, used = server.settled_rss(), used_memory(server)
        bench.fill(server, case)
        with server.resp() as r:
            keys = max(1, r.ask(*case.per))
        rss_after, used_after = server.settled_rss(), used_memory(server)
    per_key = (rss_after - rss) / keys
    bench.say(f"  {case.name:14} {kind.name:10} {per_key:8.1f} bytes a key")
    return {
        "keys": keys,
        "payload": case.payload,
        "rss_per_key": per_key,
        "used_per_key": (used_after - used) / keys,
        "empty_rss": rss,
    }


def expiry_case(bench, case, kind):
    """
    How late keys leave.

    Key i of n is due at T0 + i * step.  DBSIZE, which touches no key, is read every few ms; due(t)
    less what has left is the backlog.  The area between the two curves, divided by n, is exactly
    the mean lag of a key, whatever the order in which they leave.  When e keys have left by t, one
    of the first e + 1 has not, so t less the deadline of key e is a lower bound of the worst lag.
    Keys that are still there when patience ends count with their age by then: a lower bound again.
    """
    options = bench.options
    with Group([kind], case.workers) as (server,):
        bench.fill(server, case)
        with server.resp() as r:
            out = watch_expiry(
                r, server, options.due_keys, options.expiry_seconds, options.expiry_patience
            )
    bench.say(
        f"  {case.name:12} {kind.name:10} mean lag {out['mean_lag_ms']:.1f} ms, worst at least "
        f"{out['worst_lag_ms']:.1f} ms, backlog at most {out['peak_backlog']} keys"
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


def stall_case(bench, case, kind):
    """
    The worst answer that other connections wait for while one command runs.

    Eight connections ask PING and GET on a fixed schedule, so that a pause is charged with every
    request that fell into it; meanwhile one more connection sends the slow command once.  They may
    pipeline, so that what piled up in a pause is gone at once when it ends.
    """
    runs = []
    for _ in range(bench.options.stall_rounds):
        with Group([kind], case.workers) as (server,):
            bench.fill(server, case)
            runs.append(stall_run(bench, case, server))
    runs.sort(key=lambda r: r["worst_ms"])
    out = runs[len(runs) // 2]
    out["worst_ms_spread"] = spread([r["worst_ms"] for r in runs])[1]
    bench.say(
        f"  {case.name:14} {kind.name:10} worst {out['worst_ms']:.2f} ms "
        f"(quiet {out['quiet_ms']:.2f} ms), the command took {out['action_ms']:.1f} ms"
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
    loud.append(result["oldest_unanswered_us"])  # the pause may outlast the probe
    return {
        "worst_ms": max(loud) / 1000,
        "quiet_ms": max(quiet, default=0) / 1000,
        "p99_ms": result["latency"]["p99_us"] / 1000,
        "p999_ms": result["latency"]["p999_us"] / 1000,
        "action_ms": action["latency"]["max_us"] / 1000,
        "acted_s": acted,
        "unanswered": result["unanswered"],
        "errors": action["errors"],
        "said": first_error([action]),
        "series": [(at, us / 1000) for at, n, us, _e in result["series"] if n > 0],
    }


def views_case(bench, case, kind):
    """The same load alone, and while another connection asks for a view every second."""
    options = bench.options
    alone, beside, cuts = [], [], []
    with Group([kind], case.workers) as (server,):
        bench.fill(server, case)
        for _ in range(options.stall_rounds):
            alone.append(throughput_run(bench, case, server, "-d", options.view_seconds))
            once_a_second = ("-c", 1, "--rate", 1, "-d", options.view_seconds)
            cutter = bench.load.start(server.port, "--command", options.cut, *once_a_second)
            try:
                beside.append(throughput_run(bench, case, server, "-d", options.view_seconds))
            finally:
                cuts.append(bench.load.finish(cutter))

    def median(runs, field):
        return statistics.median(r["latency"][field] for r in runs)

    out = {f: median(beside, f) for f in ("p50_us", "p999_us", "max_us")}
    out |= {f"alone_{f}": median(alone, f) for f in ("p50_us", "p999_us", "max_us")}
    out["growth"] = out["p999_us"] / out["alone_p999_us"]
    refused = sum(c["errors"] for c in cuts)
    out |= {"refused": refused, "views": sum(c["requests"] for c in cuts) - refused}
    out |= {"errors": 0 if out["views"] else refused, "said": first_error(cuts)}
    bench.say(
        f"  {case.name:14} {kind.name:10} p99.9 {out['p999_us']:.0f} us beside {options.cut}, "
        f"{out['alone_p999_us']:.0f} us alone; {out['views']} views, {refused} refused"
    )
    return out


ONE_BY_ONE = {
    "memory": memory_case,
    "expiry": expiry_case,
    "views": views_case,
    "stall": stall_case,
}


def one_by_one(bench, case):
    """One server at a time."""
    out = {}
    bench.load.cpus = None
    for kind in bench.takers(case):
        try:
            out[kind.name] = ONE_BY_ONE[case.family](bench, case, kind)
        except Refused as e:
            out[kind.name] = bench.absent(case, kind, e)
    return out


def run_all(bench, cases, keep):
    """Runs the cases; keep(case, servers' results) is called after each, so none is lost."""
    steady = {}
    for case in cases:
        if case.family == "throughput" and not case.requests:
            steady.setdefault((case.workers, case.keys, case.setup), []).append(case)
    for group in steady.values():
        bench.say(f"throughput, {group[0].workers} worker(s): {', '.join(c.name for c in group)}")
        for case, result in throughput_group(bench, group):
            keep(case, result)
    for case in cases:
        if case.family == "throughput" and not case.requests:
            continue
        if case.family == "memtier" and not bench.options.memtier:
            continue
        bench.say(f"{case.name}: {case.title}")
        if case.family == "throughput":
            keep(case, consuming_case(bench, case))
        elif case.family == "memtier":
            keep(case, memtier_case(bench, case))
        else:
            keep(case, one_by_one(bench, case))
