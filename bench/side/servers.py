"""
Servers side by side: each on a loopback port and in a temporary directory of its own, each ended by
its pid whatever happens.

Three things see to the end: close() in a finally, a handler that turns SIGTERM and SIGINT into an
exception, and the kernel's parent-death signal should this script itself be killed.
"""

import ctypes
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .resp import Resp, ServerError

PR_SET_PDEATHSIG = 1
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None, use_errno=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _child_setup(cpus):
    """What a child does before it becomes the program: die with us, stay on its CPUs."""
    parent = os.getpid()

    def setup():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        if cpus:
            os.sched_setaffinity(0, cpus)

    return setup


def spawn(argv, cpus=None, **kwargs):
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this script, which ends its children itself
        preexec_fn=_child_setup(cpus),
        **kwargs,
    )


def end(process, patience=10):
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def children(pid):
    """Processes that this one has started and that have not ended."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(child) for child in f.read().split()]
    except OSError:
        return []


class Kind:
    """A program that can be started: 'latchkey', 'limit' or a rival."""

    def __init__(self, name, role, path, args=""):
        self.name, self.role, self.path = name, role, path
        self.args = shlex.split(args)

    def argv(self, port, workers, directory):
        fields = {"port": port, "threads": workers, "dir": directory}
        if self.role == "limit":
            return [self.path, "--port", str(port), "--threads", str(workers)]
        if any("{port}" in a for a in self.args):  # a rival with a command line of its own
            return [self.path] + [a.format(**fields) for a in self.args]
        return [
            self.path,
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", directory),
            *("--save", "", "--appendonly", "no", "--io-threads", str(workers)),
            *self.args,
        ]

    def version(self):
        if self.role == "limit":
            return ""
        try:
            done = subprocess.run(
                [self.path, "--version"], capture_output=True, text=True, timeout=10, check=False
            )
            return (done.stdout or done.stderr).strip().split("\n")[0]
        except (OSError, subprocess.TimeoutExpired):
            return "?"


class Server:
    """One running server."""

    def __init__(self, kind, workers, cpus=None, args=()):
        self.kind, self.name, self.workers, self.cpus = kind, kind.name, workers, cpus
        self.args = list(args)  # behind those of the kind
        self.directory = tempfile.mkdtemp(prefix=f"bench-{kind.name}-")
        self.log = os.path.join(self.directory, "log")
        self.process = None
        self.has_keys = kind.role != "limit"
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self, patience=20):
        for attempt in range(3):
            self.port = free_port()
            argv = self.kind.argv(self.port, self.workers, self.directory) + self.args
            with open(self.log, "ab") as log:
                self.process = spawn(argv, self.cpus, cwd=self.directory, stdout=log, stderr=log)
            if self._answers(patience):
                return
            end(self.process)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"{shlex.join(argv)} does not answer:\n{log.read()[-2000:]}")

    def _answers(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with Resp(self.port, timeout=5) as r:
                    return r.ask("PING") == "PONG"
            except (OSError, ServerError):  # not there yet, or still loading
                time.sleep(0.005)
        return False

    def start_again(self, patience):
        """Kills the server and starts it on the same files; seconds until it answers."""
        self.process.kill()
        self.process.wait()
        began = time.monotonic()
        self._start(patience)
        return time.monotonic() - began

    @property
    def pid(self):
        return self.process.pid

    def resp(self):
        return Resp(self.port)

    def cpu_ns(self):
        """CPU time of all threads: exact from the scheduler, else in ticks from stat."""
        total = 0
        try:
            for task in os.listdir(f"/proc/{self.pid}/task"):
                with open(f"/proc/{self.pid}/task/{task}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
        except FileNotFoundError:
            user, system = self.cpu_ticks()
            total = (user + system) * TICK_NS
        return total

    def cpu_ticks(self):
        """utime and stime of the whole process, ended threads included."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
        return int(fields[11]), int(fields[12])

    def rss(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def settled_rss(self, patience=3.0):
        """Resident bytes once they stand still: page purging goes on after the last command."""
        last, deadline = self.rss(), time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(0.25)
            now = self.rss()
            if now == last:
                break
            last = now
        return last

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.process is not None:
                end(self.process)
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)


class Group:
    """Servers that run at the same time; a context manager that ends them all."""

    def __init__(self, kinds, workers, cpus=None):
        self.wanted = [(kind, workers, cpus) for kind in kinds]
        self.servers = []

    def __enter__(self):
        try:
            for kind, workers, cpus in self.wanted:
                self.servers.append(Server(kind, workers, cpus))
        except BaseException:
            self.close()
            raise
        return self.servers

    def __exit__(self, *_):
        self.close()

    def close(self):
        while self.servers:
            self.servers.pop().close()


def exit_on_signals():
    """All three unwind the stack, so that every finally runs."""

    def leave(number, _frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


def machine_busy_ns():
    """CPU time that all programs of the machine have used so far, idle and stolen time excluded."""
    with open("/proc/stat", encoding="ascii") as f:
        ticks = [int(v) for v in f.readline().split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, _steal = ticks
    return (user + nice + system + irq + softirq) * TICK_NS
