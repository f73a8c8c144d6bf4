"""
The rows of the data types: lists, hashes, sets, sorted sets, streams, bits, HyperLogLog, geo.

Where a command leaves its value as large as it was, rows share one filled server and run for a
while.  The others send a number of requests to a server of their own, so that a fast server does
not end with more than a slow one, nor with less.
"""

from dataclasses import replace
from functools import partial

from .case import KEYS, Asked, Case, Sized, fill

PIPED = ("-P", 32, "-c", 50)
ONE = ("-P", 1, "-c", 2)  # a command that takes milliseconds needs no queue
ONCE = ("-k", 1)
SMALL = ("--value-size", 8)
MANY, SOME = {"keys": Sized(200_000)}, {"keys": Sized(10_000)}
PILED = {"requests": Sized(2_000_000)}  # uses up what is there, or adds to it

# Words of commands.  A number must not begin with a zero where servers take no such numbers.
KEY, VALUE, PAIR = " __key__", " __value__", " __key__ __value__"
READING = " temp __value__ wind __value__"
SCORE, NUMBER = " __rand:10000000:99999999__", " __rand:100000:999999__"
SCORED = SCORE + KEY
MEMBER = " m:__rand:100000000:999999999__"


def row(name, title, commands, *setup, load=PIPED, **more):
    commands = (commands,) if isinstance(commands, str) else commands
    load = (*load, *(word for c in commands for word in ("--command", c)))
    return Case(name, title, "throughput", setup=setup, load=load, **more)


def cpu(must, aim):
    return Asked("cpu_ns", must, aim)


point = partial(row, asked=cpu(0.8, 0.6))
ranked = partial(row, asked=cpu(0.6, 0.4))
sketch = partial(row, asked=cpu(0.7, 0.5))
near = partial(row, asked=cpu(0.8, 0.5))
whole = partial(row, asked=cpu(0.8, 0.5), load=ONE)
bulk = partial(row, asked=cpu(0.3, 0.15), load=ONE)


def memory(name, title, payload, template, *per, must=1.0, aim=0.65, size=SMALL):
    asked, per = Asked("rss_per_key", must, aim), per or ("DBSIZE",)
    setup = (fill(template, *size),)
    return Case(name, title, "memory", setup=setup, payload=payload, per=per, asked=asked)


def stall(name, title, command, *setup, must=5, aim=1):
    more = {"setup": KEYS + setup, "action": ("--command", command)}
    asked = Asked("worst_ms", must, aim, absolute=True)
    return Case(name, f"PING and GET beside {title}", "stall", workers=2, asked=asked, **more)


def big(command, element, *args):
    """One value; its elements name a key each, so it gets as many of them as there are keys."""
    return fill(command + element * 100, *args)


def memory_of_one(kind, command, element, payload, count, must=1.0):
    """One value of 1 M elements, and the command that counts them."""
    name, title = f"mem-{kind}-1m", f"one {kind} of 1 M elements"
    return memory(name, title, payload, f"{command} big" + element * 100, count, "big", must=must)


def halves(command, name, element):
    """Two values, name:1 and name:2, of 100 k elements; half of them are in both."""
    all_keys, half = ("-k", Sized(100_000)), ("-k", Sized(50_000))
    return (
        big(f"{command} {name}:1", element, *all_keys),
        big(f"{command} {name}:2", element, *half),
        big(f"{command} {name}:2", element, *half, "--prefix", "other:"),
    )


def dropped(kind, command, element):
    """The three ways to drop a value of 10 M elements."""
    filled = big(command, element, "-k", Sized(10_000_000), *SMALL)
    for way, drop in (("del", "DEL big"), ("unlink", "UNLINK big"), ("set", "SET big x")):
        yield stall(f"stall-{way}-10m-{kind}", f"{drop}, a {kind} of 10 M", drop, filled)


LISTS_OF_1 = fill("RPUSH __key__ __value__")
LISTS_OF_20 = fill("RPUSH __key__" + VALUE * 20)
LISTS_OF_100 = fill("RPUSH __key__" + VALUE * 100, "--value-size", 16)
LIST_OF_2M = fill("RPUSH list" + VALUE * 100, "-k", Sized(20_000))
NUMBERS = fill("RPUSH numbers" + NUMBER * 100, "-k", Sized(1000))

LISTS = [
    point("lpush", "LPUSH, many lists", "LPUSH __key__ __value__", LISTS_OF_1, **MANY, **PILED),
    point("lpush-one", "LPUSH, one list", "LPUSH list __value__", **PILED),
    point("rpop", "RPOP, many lists", "RPOP __key__", LISTS_OF_20, **MANY, **PILED),
    point("rpop-one", "RPOP, one list", "RPOP list", LIST_OF_2M, **PILED),
    point("lrange-100", "LRANGE of 100, many lists", "LRANGE __key__ 0 -1", LISTS_OF_100, **SOME),
    whole("sort-100k", "SORT of a list of 100 k numbers", "SORT numbers", NUMBERS),
    memory_of_one("list", "RPUSH", KEY, 16, "LLEN"),
    *dropped("list", "RPUSH big", KEY),
]

TWO_FIELDS = "HSET __key__ name __value__ mail __value__"
FIVE_FIELDS = TWO_FIELDS + " city __value__ born __value__ seen __value__"
TWENTY_FIELDS = "HSET __key__" + "".join(f" field{i:02} __value__" for i in range(20))
OF_20 = fill(TWENTY_FIELDS, "--value-size", 16)
BIG_HASH, BIG_HSET = big("HSET hash", PAIR), "HSET hash __key__ __value__"

HASHES = [
    point("hset2", "HSET of 2 fields, many hashes", TWO_FIELDS, fill(TWO_FIELDS)),
    point("hset-big", "HSET, one hash of 1 M", BIG_HSET, BIG_HASH),
    point("hgetall-20", "HGETALL of 20, many hashes", "HGETALL __key__", OF_20, **SOME),
    memory("mem-hash-5", "a hash of 5 small fields", 76, FIVE_FIELDS),
    memory_of_one("hash", "HSET", PAIR, 24, "HLEN", must=0.8),
    Case(
        "hset-views",
        "HSET on a hash of 1 M, 20 k a second, while a view is cut every second",
        "views",
        setup=(BIG_HASH,),
        load=("--command", BIG_HSET, "--rate", 20_000, "-P", 256, "-c", 50),
    ),
    *dropped("hash", "HSET big", PAIR),
]

SADD_ONE = "SADD __key__" + MEMBER
SETS_OF_1, SETS_OF_20, SETS_OF_100 = (fill("SADD __key__" + MEMBER * n) for n in (1, 20, 100))
SET_OF_2M = big("SADD set", KEY, "-k", Sized(2_000_000))
HALF_OF_IT = {"requests": Sized(1_000_000)}

SETS = [
    point("sadd", "SADD, many sets", SADD_ONE, SETS_OF_1, **MANY, **PILED),
    point("sadd-one", "SADD, one set", "SADD set" + MEMBER, **PILED),
    point("spop", "SPOP, many sets", "SPOP __key__", SETS_OF_20, **MANY, **PILED),
    point("spop-one", "SPOP, one set of 2 M, down to 1 M", "SPOP set", SET_OF_2M, **HALF_OF_IT),
    point("smembers-100", "SMEMBERS of 100, many sets", "SMEMBERS __key__", SETS_OF_100, **SOME),
    whole("sinter-100k", "SINTER of 2 x 100 k", "SINTER s:1 s:2", *halves("SADD", "s", KEY)),
    memory_of_one("set", "SADD", KEY, 16, "SCARD"),
    *dropped("set", "SADD big", KEY),
]

BIG_ZSET = big("ZADD zset", SCORED)
ZSETS_OF_10, ZSETS_OF_100 = ("ZADD __key__" + (SCORE + MEMBER) * n for n in (10, 100))
NEXT_10 = f"ZRANGEBYSCORE zset{SCORE} +inf LIMIT 0 10"
UNION = "ZUNIONSTORE out 2 z:1 z:2"

ZSETS = [
    ranked("zadd-1m", "ZADD of new scores, one zset of 1 M", "ZADD zset" + SCORED, BIG_ZSET),
    ranked("zrank-1m", "ZRANK, one zset of 1 M", "ZRANK zset __key__", BIG_ZSET),
    ranked("zrangebyscore-limit10", "ZRANGEBYSCORE LIMIT 0 10 of 1 M", NEXT_10, BIG_ZSET),
    point(
        "zrange-0-9", "ZRANGE 0 9, zsets of 100", "ZRANGE __key__ 0 9", fill(ZSETS_OF_100), **SOME
    ),
    point("zrange-0-9-1m", "ZRANGE 0 9, one zset of 1 M", "ZRANGE zset 0 9", BIG_ZSET),
    whole("zunionstore-100k", "ZUNIONSTORE of 2 x 100 k", UNION, *halves("ZADD", "z", SCORED)),
    memory("mem-zset-10", "a zset of 10 members", 206, ZSETS_OF_10, must=0.8),
    memory_of_one("zset", "ZADD", SCORED, 24, "ZCARD", must=0.8),
    *dropped("zset", "ZADD big", SCORED),
]

# The numbers of keys are the IDs of entries: 1000000000000-0 and on.  They must come in order.
IDS = ("--prefix", "1", "--key-size", 13)
STREAM = fill("XADD stream __key__" + READING, *IDS, *SMALL, "-c", 1)
ADD = "XADD __key__ *" + READING
READ = "XREADGROUP GROUP g c COUNT {} STREAMS stream >"
# Reading is 2,000 entries ahead, as answers to 50 connections may come in any order.
GROUP = (STREAM, fill("XGROUP CREATE stream g 0", *ONCE), fill(READ.format(2000), *ONCE))
ACK = (READ.format(1), "XACK stream g __key__")
IN_ORDER = (*PIPED, *IDS, "--dist", "sequential")

STREAMS = [
    point("xadd-many", "XADD, many streams", ADD, fill(ADD), **MANY, **PILED),
    point("xadd-one", "XADD, one stream", "XADD stream *" + READING, **PILED),
    point(
        "xread-10",
        "XREAD COUNT 10 from anywhere in 1 M",
        "XREAD COUNT 10 STREAMS stream __key__",
        STREAM,
        load=(*PIPED, *IDS),
    ),
    point(
        "xreadgroup-xack",
        "XREADGROUP COUNT 1 and XACK in turns, 1 M",
        ACK,
        *GROUP,
        load=IN_ORDER,
        requests=Sized(1_800_000),
    ),
    memory(
        "mem-stream-1m",
        "one stream, an entry of 2 small fields",
        16,
        "XADD big *" + READING,
        "XLEN",
        "big",
        aim=0.9,
        size=("--value-size", 4),
    ),
    stall(
        "stall-xtrim-10m",
        "XTRIM of 10 M entries",
        "XTRIM big MAXLEN 0",
        fill("XADD big * temp __value__", "-k", Sized(10_000_000), *SMALL),
        must=10,
        aim=2,
    ),
]

M64 = ("-k", 1, "--value-size", 64 << 20)
RANDOM = fill("SET bits __value__", *M64), fill("SET other __value__", *M64, "--seed", 2)
# All ones but the last bit, all of it in memory.
ONES = fill("SETBIT zeros 536870911 1", *ONCE), fill("BITOP NOT ones zeros", *ONCE)
BITMAPS = (*RANDOM, *ONES)
CHUNKS = ("-k", 32, "--value-size", 16 << 20)

BITS = [
    point(
        "setbit",
        "SETBIT anywhere in 64 MiB",
        "SETBIT bits __rand:100000000:536870911__ 1",
        *BITMAPS,
    ),
    point(
        "bitfield-incrby",
        "BITFIELD INCRBY u16 anywhere in 20 MB",
        "BITFIELD bits INCRBY u16 #__rand:1000000:9999999__ 1",
        *BITMAPS,
    ),
    bulk("bitcount-64m", "BITCOUNT of 64 MiB", "BITCOUNT bits", *BITMAPS),
    bulk("bitop-64m", "BITOP AND of 2 x 64 MiB", "BITOP AND both bits other", *BITMAPS),
    bulk("bitpos-last-64m", "BITPOS of the last bit of 64 MiB", "BITPOS ones 0", *BITMAPS),
    stall(
        "stall-bitop-512m",
        "BITOP AND of 2 x 512 MiB",
        "BITOP AND both a b",
        fill("APPEND a __value__", *CHUNKS),
        fill("APPEND b __value__", *CHUNKS),
        must=10,
        aim=2,
    ),
]

SKETCHES = tuple(fill("PFADD __key__" + MEMBER * 200, "--seed", seed) for seed in range(20))
THOUSAND, PFCOUNT_10 = {"keys": Sized(1000)}, "PFCOUNT" + KEY * 10

HLLS = [
    sketch("pfadd", "PFADD, 1,000 full sketches", "PFADD __key__" + MEMBER, *SKETCHES, **THOUSAND),
    sketch("pfcount-10", "PFCOUNT of 10 of them", PFCOUNT_10, *SKETCHES, load=ONE, **THOUSAND),
]

# 30 x 30 degrees, 2,150 x 3,330 km about: 0.14 points a square kilometre.
PLACE = " __rand:10:39__.__rand:0:999999__ __rand:35:64__.__rand:0:999999__"
POINTS = fill("GEOADD geo" + f"{PLACE} __key__" * 50)
NEAR = f"GEOSEARCH geo FROMLONLAT{PLACE} BYRADIUS "

GEO = [
    near("geosearch-1km", "GEOSEARCH, 1 km, 1 M points", NEAR + "1 km", POINTS),
    near("geosearch-100km", "GEOSEARCH, 100 km, 1 M points", NEAR + "100 km", POINTS, load=ONE),
]

MIXED = (
    "LPUSH list:__key__ __value__",
    "HSET hash:__key__ f:__rand:10:29__ __value__",
    f"ZADD zset:__key__{SCORE} m:__rand:10:29__",
)

MIXED_TYPES = [
    row(
        *("types-w2", "LPUSH, HSET and ZADD on many keys, 2 workers", MIXED),
        *map(fill, MIXED),
        keys=Sized(100_000),
        workers=2,
        client_threads=2,
        asked=Asked("per_second", 1.6, 2.0),
        **PILED,
    ),
]

ABOUT = {
    "lists": LISTS,
    "hashes": HASHES,
    "sets": SETS,
    "zsets": ZSETS,
    "streams": STREAMS,
    "bits": BITS,
    "hlls": HLLS,
    "geo": GEO,
    "types": MIXED_TYPES,
}
TYPE_CASES = [replace(case, about=about) for about, cases in ABOUT.items() for case in cases]
