"""
What messages cost: publishing, events, tracking, MONITOR, and how soon many subscribers have one.

Each case is a function of (servers, scale) with the servers, of one kind each, that run side by
side; it returns for each the figures of its rounds, which go in turns.  ROWS says which figures are
compared, with what, and what is asked of them.
"""

import resource
import select
import statistics
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass

from .case import Asked
from .resp import Resp

DEPTH = 16
MESSAGE = b"m" * 32
CHANNEL = b"fan"
PIPED = ("-P", DEPTH, "-c", 50)


@dataclass
class Scale:
    requests: int = 600_000
    read: int = 160_000  # by a client of this script, which is slower than the load generator
    subscribers: int = 200
    messages: int = 4_000
    crowd: int = 10_000
    shouts: int = 20
    rounds: int = 5

    @classmethod
    def quick(cls):
        return cls(20_000, 8_000, 20, 400, 500, 3, 1)


class Messages:
    """The load generator, and what is done around it."""

    def __init__(self, load, scale, say):
        self.load, self.scale, self.say = load, scale, say

    def turns(self, servers, measure):
        """measure(server) in turns, which begin with another one each round; lists by server."""
        figures = {s.name: [] for s in servers}
        for i in range(self.scale.rounds):
            at = i % len(servers)
            for s in servers[at:] + servers[:at]:
                figures[s.name].append(measure(s))
        return figures

    def cost(self, server, command):
        """CPU of a request, and how many a second."""
        before, began = server.cpu_ns(), time.monotonic()
        self.load.run(server.port, *PIPED, "-n", self.scale.requests, "-k", 20_000, "--command", command)
        taken = time.monotonic() - began
        return (server.cpu_ns() - before) / self.scale.requests, self.scale.requests / taken

    def with_and_without(self, servers, name, begin, end, measure):
        """The same load with something on and without it, in turns."""
        figures = {}
        for s in servers:
            off, on = [], []
            measure(s)
            for i in range(self.scale.rounds):
                for want in (False, True) if i % 2 else (True, False):
                    if want:
                        begin(s)
                    (on if want else off).append(measure(s))
                    if want:
                        end(s)
            figures[s.name] = pairs(name, off, on)
        return figures


def pairs(name, off, on):
    plain, costly = (statistics.median(f[0] for f in v) for v in (off, on))
    return {
        "without_ns": plain,
        name + "_ns": costly,
        "more": costly / plain,
        "rate_left": statistics.median(f[1] for f in on) / statistics.median(f[1] for f in off),
    }


# --- cases -----------------------------------------------------------------------------------------


def publish(bench, servers):
    """PUBLISH into a channel that nobody hears."""
    figures = bench.turns(servers, lambda s: bench.cost(s, "PUBLISH channel:__key__ __value__"))
    return {n: {"cpu_ns": statistics.median(f[0] for f in v)} for n, v in figures.items()}


def events(bench, servers):
    """SET with keyspace events that nobody hears."""

    def turn(s, flags):
        with s.resp() as r:
            r.ask("CONFIG", "SET", "notify-keyspace-events", flags)

    return bench.with_and_without(
        servers, "events", lambda s: turn(s, "KEA"), lambda s: turn(s, ""),
        lambda s: bench.cost(s, "SET __key__ __value__"),
    )  # fmt: skip


def tracked(bench, servers):
    """GET of a client that tracks; the client is this script's, on one connection."""
    on = {}

    def read(s):
        client = on.get(s.name) or Resp(s.port)
        gets = [Resp.encode("GET", "k%07d" % i) for i in range(1600)]
        batches = [b"".join(gets[i : i + DEPTH]) for i in range(0, len(gets), DEPTH)]
        before, began, n = s.cpu_ns(), time.monotonic(), 0
        while n < bench.scale.read:
            for batch in batches:
                client.socket.sendall(batch)
                lines = 0
                while lines < 2 * DEPTH:
                    lines += client.socket.recv(1 << 20).count(b"\n")
            n += len(gets)
        taken, used = time.monotonic() - began, s.cpu_ns() - before
        if s.name not in on:
            client.close()
        return used / n, n / taken

    def begin(s):
        client = on[s.name] = Resp(s.port)
        client.socket.sendall(Resp.encode("HELLO", 3))
        client.socket.recv(1 << 16)
        client.socket.sendall(Resp.encode("CLIENT", "TRACKING", "ON"))
        client.socket.recv(1 << 16)

    for s in servers:
        with s.resp() as r:
            r.ask_many([("SET", "k%07d" % i, "v" * 32) for i in range(1600)])
    return bench.with_and_without(servers, "tracking", begin, lambda s: on.pop(s.name).close(), read)


def monitored(bench, servers):
    """SET while one client reads MONITOR."""
    watchers = {}

    def begin(s):
        client = Resp(s.port)
        client.ask("MONITOR")
        eater = threading.Thread(target=drain, args=(client.socket,), daemon=True)
        eater.start()
        watchers[s.name] = (client, eater)

    def end(s):
        client, eater = watchers.pop(s.name)
        client.socket.shutdown(2)
        eater.join()
        client.close()

    return bench.with_and_without(
        servers, "monitor", begin, end, lambda s: bench.cost(s, "SET __key__ __value__")
    )


def drain(socket):
    room = bytearray(1 << 20)
    try:
        while socket.recv_into(room):
            pass
    except OSError:
        pass


def subscribe(stack, server, count):
    clients = []
    for _ in range(count):
        client = stack.enter_context(Resp(server.port))
        client.ask("SUBSCRIBE", CHANNEL)
        clients.append(client)
    return clients


SIZE = len(b"*3\r\n$7\r\nmessage\r\n") + len(Resp.encode(CHANNEL, MESSAGE)) - len(b"*2\r\n")


def fan_out(bench, servers):
    """One publisher, some hundred subscribers: deliveries a second, and the CPU of one."""
    n, messages = bench.scale.subscribers, bench.scale.messages

    def measure(s):
        with ExitStack() as stack:
            poll = select.epoll()
            stack.callback(poll.close)
            by_fd = {}
            for c in subscribe(stack, s, n):
                c.socket.setblocking(False)
                by_fd[c.socket.fileno()] = c.socket
                poll.register(c.socket.fileno(), select.EPOLLIN)
            publisher = stack.enter_context(Resp(s.port))
            feeder = threading.Thread(target=feed, args=(publisher.socket, messages))
            room, got = bytearray(1 << 18), 0
            before, began = s.cpu_ns(), time.monotonic()
            feeder.start()
            while got < n * messages * SIZE:
                for fd, _ in poll.poll(30):
                    got += by_fd[fd].recv_into(room)
            taken, used = time.monotonic() - began, s.cpu_ns() - before
            feeder.join()
            return n * messages / taken, used / (n * messages)

    figures = bench.turns(servers, measure)
    return {
        name: {
            "per_second": statistics.median(f[0] for f in v),
            "cpu_ns": statistics.median(f[1] for f in v),
        }
        for name, v in figures.items()
    }


def feed(socket, messages):
    batch, at_once = Resp.encode("PUBLISH", CHANNEL, MESSAGE), 50
    for _ in range(messages // at_once):
        socket.sendall(batch * at_once)
        lines = 0
        while lines < at_once:
            lines += socket.recv(1 << 16).count(b"\n")


def crowd(bench, servers):
    """
    Thousands of subscribers of one channel: from PUBLISH to the last delivery.  A delivery is seen
    by an edge of epoll and read later, so that the reader takes little of the time.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    n = min(bench.scale.crowd, hard - 100)

    def measure(s):
        with ExitStack() as stack:
            poll = select.epoll()
            stack.callback(poll.close)
            clients = subscribe(stack, s, n)
            for c in clients:
                c.socket.setblocking(False)
                poll.register(c.socket.fileno(), select.EPOLLIN | select.EPOLLET)
            poll.poll(0, n)
            publisher = stack.enter_context(Resp(s.port))
            shouts = [shout(s, poll, clients, publisher) for _ in range(bench.scale.shouts)]
            return [statistics.median(f[i] for f in shouts) for i in (0, 1)]

    figures = bench.turns(servers, measure)
    return {
        name: {
            "last_ms": statistics.median(f[0] for f in v),
            "cpu_ns": statistics.median(f[1] for f in v),
        }
        for name, v in figures.items()
    }


def shout(server, poll, clients, publisher):
    before, began, seen = server.cpu_ns(), time.monotonic(), set()
    publisher.socket.sendall(Resp.encode("PUBLISH", CHANNEL, MESSAGE))
    while len(seen) < len(clients):
        seen.update(fd for fd, _ in poll.poll(30, len(clients)))
    taken = time.monotonic() - began
    assert publisher.read() == len(clients)
    used = server.cpu_ns() - before
    for c in clients:
        assert len(c.socket.recv(4096)) == SIZE
    poll.poll(0, len(clients))
    return taken * 1e3, used / len(clients)


@dataclass(frozen=True)
class Row:
    case: str
    title: str
    asked: Asked  # absolute: of the figure itself, which compares with and without


CASES = {  # with the workers of a server
    "publish": (publish, 1),
    "events": (events, 1),
    "tracked": (tracked, 1),
    "monitored": (monitored, 1),
    "fan-out": (fan_out, 2),
    "crowd": (crowd, 2),
}

ROWS = [
    Row("publish", "PUBLISH that nobody hears, pipeline 16: CPU ns", Asked("cpu_ns", 0.6, 0.4)),
    Row("events", "SET with KEA and nobody listening, to without", Asked("more", 1.08, 1.05, True)),
    Row("tracked", "GET of a client that tracks, to without", Asked("more", 1.20, 1.10, True)),
    Row("monitored", "SET with one monitor: rate, to without", Asked("rate_left", 0.5, 0.51, True)),
    Row("fan-out", "200 subscribers, 2 workers: deliveries a second", Asked("per_second", 1.5, 2.0)),
    Row("fan-out", "200 subscribers, 2 workers: CPU ns a delivery", Asked("cpu_ns", 1.0, 0.8)),
    Row("crowd", "10,000 subscribers, 2 workers: ms to the last", Asked("last_ms", 1.0, 0.5)),
    Row("crowd", "10,000 subscribers, 2 workers: CPU ns a delivery", Asked("cpu_ns", 1.0, 0.8)),
]


def table(results, names):
    """results: case, server, figure.  The first server is asked, the second is what it is held to."""
    lines = [["figure", *names, "ratio", "must", "aim", ""]]
    for row in ROWS:
        by = results.get(row.case)
        if not by:
            continue
        a = row.asked
        values = [by[n][a.field] for n in names]
        value = values[0] if a.absolute or len(values) < 2 else values[0] / values[1]
        judged = a.absolute or len(values) > 1
        lines.append([
            row.title, *(f"{v:,.2f}" if v < 100 else f"{v:,.0f}" for v in values),
            f"{value:.2f}" if judged and not a.absolute else "",
            f"{a.must:g}", f"{a.aim:g}", a.verdict(value) if judged else "",
        ])  # fmt: skip
    return lines
