"""
The rows of the comparison: strings and the server as a whole; type_cases.py has the other types.

A row says what is asked of every server; how a family of rows is run and measured is in run.py.
To add a figure is to add a row.
"""

from .case import KEYS, Case, fill
from .type_cases import TYPE_CASES


def _throughput(name, title, *load, **more):
    return Case(name, title, "throughput", load=load, with_limit=True, **more)


def _memory(name, title, key_size, value_size, template="SET __key__ __value__"):
    setup = (fill(template, "--key-size", key_size, "--value-size", value_size),)
    return Case(name, title, "memory", setup=setup, payload=key_size + value_size)


def _stall(name, title, command, *setup):
    action = ("--command", command)
    return Case(name, title, "stall", workers=2, setup=KEYS + setup, action=action)


TTL = "SET __key__ __value__ EX 1000000"
GET, SET, MIX = ("--ratio", "0:1"), ("--ratio", "1:0"), ("--ratio", "1:10")
HOT = (*KEYS, fill("SET hot __value__", "-k", 1))
TWO = {"workers": 2, "client_threads": 2}

CASES = [
    _throughput("get-p64", "GET, pipeline 64, 50 connections, 1 worker", *GET, "-P", 64, "-c", 50),
    _throughput("set-p64", "SET, pipeline 64, 50 connections, 1 worker", *SET, "-P", 64, "-c", 50),
    _throughput(
        "mix-p16", "SET:GET 1:10, pipeline 16, 50 connections, 1 worker", *MIX, "-P", 16, "-c", 50
    ),
    _throughput(
        "zipf-p16",
        "SET:GET 1:10, zipf 0.99, pipeline 16, 50 connections, 1 worker",
        *(*MIX, "-P", 16, "-c", 50, "--dist", "zipf:0.99"),
    ),
    _throughput(
        "get-p1-c50", "GET, no pipeline, 50 connections, 1 worker", *GET, "-P", 1, "-c", 50
    ),
    _throughput("get-p1-c1", "GET, no pipeline, 1 connection, 1 worker", *GET, "-P", 1, "-c", 1),
    _throughput(
        "mix-p16-w2",
        "SET:GET 1:10, pipeline 16, 50 connections, 2 workers",
        *(*MIX, "-P", 16, "-c", 50),
        setup=HOT,
        **TWO,
    ),
    _throughput(
        "hot-get-w2",
        "GET of one key, pipeline 16, 50 connections, 2 workers",
        *("--command", "GET hot", "-P", 16, "-c", 50),
        setup=HOT,
        **TWO,
    ),
    _throughput(
        "hot-incr-w2",
        "INCR of one key, pipeline 16, 50 connections, 2 workers",
        *("--command", "INCR counter", "-P", 16, "-c", 50),
        setup=HOT,
        **TWO,
    ),
    Case(
        "memtier-mix", "memtier_benchmark, SET:GET 1:10, pipeline 16, 1 worker", "memtier", setup=()
    ),
    _memory("mem-16-8", "16-byte key, 8-byte value", 16, 8),
    _memory("mem-20-100", "20-byte key, 100-byte value", 20, 100),
    _memory("mem-16-8-ttl", "16-byte key, 8-byte value, TTL", 16, 8, TTL),
    _memory("mem-20-100-ttl", "20-byte key, 100-byte value, TTL", 20, 100, TTL),
    Case(
        "expiry",
        "keys due over some seconds, among ten times as many with a far TTL",
        "expiry",
        setup=(fill(TTL, "--prefix", "far:"),),
    ),
    _stall("stall-flushall", "PING and GET beside FLUSHALL", "FLUSHALL"),
    _stall(
        "stall-del",
        "PING and GET beside DEL of a 512 MiB string",
        "DEL big",
        fill("SET big __value__", "-k", 1, "--value-size", 512 << 20),
    ),
    _stall("stall-keys", "PING and GET beside KEYS *", "KEYS *"),
    *TYPE_CASES,
]
