"""rooms.py — the one table of who may know whom, read by check_floors and check_circles.

A room is a folder, or some files of one by the start of their names.  A file belongs to the room
with the longest prefix, knows its own room, and the rooms that its row names.

    core/base <- ds, proto <- types <- store <- cmd;  proto <- peer
    core/cmd: command <- client <- engine <- families (none knows another) <- tables.c
    persist:  file_ops <- log_thread, rdb <- aof <- saver; log_thread <- repl
    io:       net, config <- start <- worker <- saving <- repl <- cluster <- admin <- main.c
"""

BASE = ["core/base/"]
DS = BASE + ["core/ds/"]
TYPES = DS + ["core/types/"]
STORE = TYPES + ["core/store/"]
LOWER = STORE + ["core/proto/", "core/peer/"]

CLIENT = ["core/cmd/command/"]
ENGINE = CLIENT + ["core/cmd/client/"]
FAMILY = ENGINE + ["core/cmd/engine/"]
FAMILIES = [
    "core/cmd/" + name + "/"
    for name in "string bit list set hash zset stream geo key conn server pubsub script".split()
]
CORE = LOWER + FAMILY + FAMILIES + ["core/cmd/tables"]

RDB = ["persist/file_ops", "persist/stall"]
AOF = RDB + ["persist/log_thread", "persist/rdb/"]
SAVER = AOF + ["persist/aof/"]
REPL = RDB + ["persist/log_thread", "persist/rdb/"]
PERSIST = SAVER + ["persist/saver", "persist/repl/"]

PEER = ["core/peer/"]
START = ["io/net/", "io/config/"]
WORKER = START + ["io/start/"]
SAVING = WORKER + ["io/worker/"]
REPLICATION = SAVING + ["io/saving/"]
CLUSTER = REPLICATION + ["io/repl/"]
ADMIN = CLUSTER + ["io/cluster/"]
MAIN = ADMIN + ["io/admin/", "io/sentinel/"]

ROOMS = {
    "core/base/": [],
    "core/ds/": BASE,
    "core/proto/": BASE,
    "core/peer/": BASE + ["core/proto/"],
    "core/types/": DS,
    "core/store/": TYPES,
    "core/cmd/command/": LOWER,
    "core/cmd/client/": LOWER + CLIENT,
    "core/cmd/engine/": LOWER + ENGINE,
    **{family: LOWER + FAMILY for family in FAMILIES},
    "core/cmd/tables": LOWER + FAMILY + FAMILIES,
    "persist/file_ops": LOWER,
    "persist/stall": LOWER,
    "persist/log_thread": LOWER + RDB,
    "persist/rdb/": LOWER + RDB,
    "persist/aof/": LOWER + AOF,
    "persist/repl/": LOWER + REPL,
    "persist/saver": LOWER + SAVER,
    "io/net/": CORE + PERSIST,
    "io/config/": CORE + PERSIST,
    "io/start/": CORE + PERSIST + START,
    "io/worker/": CORE + PERSIST + WORKER,
    "io/saving/": CORE + PERSIST + SAVING,
    "io/repl/": CORE + PERSIST + REPLICATION + PEER,
    "io/cluster/": CORE + PERSIST + CLUSTER,
    "io/sentinel/": CORE + PERSIST + WORKER + PEER,
    "io/admin/": CORE + PERSIST + ADMIN + PEER,
    "io/main": CORE + PERSIST + MAIN + PEER,
}

FLOORS = ("core/", "persist/", "io/")


def guarded(path):
    """Must the path be in a room?  bench and tests may know everything."""
    return path.startswith(FLOORS)


def room_of(path):
    """The room that a path belongs to, or None."""
    return max((room for room in ROOMS if path.startswith(room)), key=len, default=None)


def may_know(room, other):
    return room == other or other in ROOMS[room]
