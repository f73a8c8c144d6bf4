"""Runs bench-load, and memtier_benchmark where it is given, and reads what they measured."""

import json
import os
import subprocess

from . import servers


class LoadError(Exception):
    """A run that failed."""


class Refused(LoadError):
    """A server cannot be filled as a case wants, as a rule because it lacks a command."""


class Load:
    def __init__(self, path, cpus=None):
        self.path, self.cpus = path, cpus

    def start(self, port, *args):
        argv = [self.path, "-p", str(port), "-q", "--json", "-", *map(str, args)]
        return servers.spawn(
            argv, self.cpus, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @staticmethod
    def finish(process):
        try:
            out, err = process.communicate()
        finally:
            servers.end(process)
        if process.returncode != 0:
            command = " ".join(process.args)
            raise LoadError(f"{command}\nended with {process.returncode}: {err}{out[:500]}")
        return json.loads(out) if out.strip() else {}

    def run(self, port, *args):
        return self.finish(self.start(port, *args))


def memtier(path, server, seconds, keys, cpus, fill=False):
    """One memtier_benchmark pass: SET:GET 1:10, pipeline 16, 50 connections; or SET of all keys."""
    out = os.path.join(server.directory, "memtier.json")
    argv = [path, "-s", "127.0.0.1", "-p", str(server.port), "-t", "1", "-c", "50"]
    argv += ["--pipeline", "16", "-d", "32", "--hide-histogram", f"--key-maximum={keys}"]
    argv += ["--key-minimum=1", "--print-percentiles=50,99,99.9,99.99", f"--json-out-file={out}"]
    if fill:
        argv += ["--ratio", "1:0", "--key-pattern=P:P", "--requests=allkeys"]
    else:
        argv += ["--ratio", "1:10", f"--test-time={max(1, round(seconds))}"]
    process = servers.spawn(argv, cpus, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        text, _ = process.communicate()
    finally:
        servers.end(process)
    if process.returncode != 0:
        raise LoadError(f"{' '.join(argv)}\nended with {process.returncode}: {text[-500:]}")
    with open(out, encoding="utf-8") as f:
        totals = json.load(f)["ALL STATS"]["Totals"]
    us = {k: v * 1000 for k, v in totals.get("Percentile Latencies", {}).items() if k[:1] == "p"}
    return {
        "per_second": totals["Ops/sec"],
        "requests": totals.get("Count", 0),
        "seconds": totals["Count"] / totals["Ops/sec"] if totals.get("Count") else seconds,
        "errors": 0,
        "latency": {
            "p50_us": us.get("p50.00", 0),
            "p99_us": us.get("p99.00", 0),
            "p999_us": us.get("p99.90", 0),
            "p9999_us": us.get("p99.99", 0),
            "max_us": totals.get("Max Latency", 0) * 1000,
            "curve": [],
        },
    }
