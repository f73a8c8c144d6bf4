"""
The rows of the comparison.

A row says what is asked of every server; how a family of rows is run and measured is in run.py.
To add a figure is to add a row.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    family: str  # throughput, memtier, memory, expiry, stall
    workers: int = 1
    load: tuple = ()  # arguments of bench-load, beside keys and value size
    client_threads: int = 1
    preload: str = "SET __key__ __value__"
    key_size: int = 16
    value_size: int = 32
    action: tuple = ()  # stall: what the other connection does, as arguments of bench-load
    setup: tuple = ()  # stall: what is there beside the keys
    with_limit: bool = False  # the limit server, which keeps nothing, takes part


def _throughput(name, title, *load, **more):
    return Case(name, title, "throughput", load=load, with_limit=True, **more)


def _memory(name, title, key_size, value_size, **more):
    return Case(name, title, "memory", key_size=key_size, value_size=value_size, **more)


TTL = "SET __key__ __value__ EX 1000000"
GET, SET, MIX = ("--ratio", "0:1"), ("--ratio", "1:0"), ("--ratio", "1:10")

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
        "setbit-p64",
        "SETBIT on and off, pipeline 64, 50 connections, 1 worker",
        *("--command", "SETBIT __key__ 200 1", "--command", "SETBIT __key__ 200 0"),
        *("-P", 64, "-c", 50),
    ),
    _throughput(
        "bitfield-p64",
        "BITFIELD INCRBY, pipeline 64, 50 connections, 1 worker",
        *("--command", "BITFIELD __key__ INCRBY u16 #3 1", "-P", 64, "-c", 50),
    ),
    _throughput(
        "get-p1-c50", "GET, no pipeline, 50 connections, 1 worker", *GET, "-P", 1, "-c", 50
    ),
    _throughput("get-p1-c1", "GET, no pipeline, 1 connection, 1 worker", *GET, "-P", 1, "-c", 1),
    _throughput(
        "mix-p16-w2",
        "SET:GET 1:10, pipeline 16, 50 connections, 2 workers",
        *(*MIX, "-P", 16, "-c", 50),
        workers=2,
        client_threads=2,
    ),
    _throughput(
        "hot-get-w2",
        "GET of one key, pipeline 16, 50 connections, 2 workers",
        *("--command", "GET hot", "-P", 16, "-c", 50),
        workers=2,
        client_threads=2,
    ),
    _throughput(
        "hot-incr-w2",
        "INCR of one key, pipeline 16, 50 connections, 2 workers",
        *("--command", "INCR counter", "-P", 16, "-c", 50),
        workers=2,
        client_threads=2,
    ),
    Case("memtier-mix", "memtier_benchmark, SET:GET 1:10, pipeline 16, 1 worker", "memtier"),
    _memory("mem-16-8", "16-byte key, 8-byte value", 16, 8),
    _memory("mem-20-100", "20-byte key, 100-byte value", 20, 100),
    _memory("mem-16-8-ttl", "16-byte key, 8-byte value, TTL", 16, 8, preload=TTL),
    _memory("mem-20-100-ttl", "20-byte key, 100-byte value, TTL", 20, 100, preload=TTL),
    Case("expiry", "keys due over some seconds, among ten times as many with a far TTL", "expiry"),
    Case(
        "stall-flushall",
        "PING and GET beside FLUSHALL",
        "stall",
        workers=2,
        action=("--command", "FLUSHALL"),
    ),
    Case(
        "stall-del",
        "PING and GET beside DEL of a 512 MiB string",
        "stall",
        workers=2,
        setup=("--preload-command", "SET big __value__", "--value-size", 512 << 20, "-k", 1),
        action=("--command", "DEL big"),
    ),
    Case(
        "stall-bitop",
        "PING and GET beside BITOP NOT of a 512 MiB string",
        "stall",
        workers=2,
        setup=("--preload-command", "SET big __value__", "--value-size", 512 << 20, "-k", 1),
        action=("--command", "BITOP NOT other big"),
    ),
    Case(
        "stall-keys",
        "PING and GET beside KEYS *",
        "stall",
        workers=2,
        action=("--command", "KEYS *"),
    ),
]
