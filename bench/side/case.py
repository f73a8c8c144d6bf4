"""What a row of the comparison is made of."""

from dataclasses import dataclass


class Sized(int):
    """A number that shrinks in proportion when --keys is below 1 M, as with --quick."""

    def at(self, keys):
        return max(1, self * min(keys, 1_000_000) // 1_000_000)


def fill(template, *args):
    """A step of a setup: the command, for every key once, and all answers must be good."""
    return ("--preload-only", "--preload-command", template, *args)


KEYS = (fill("SET __key__ __value__"),)


@dataclass(frozen=True)
class Asked:
    """
    What is asked of a measured field, or of its ratio to the baseline's.

    must is the bound and aim the wish beyond it; so the larger of them says whether more is better.
    """

    field: str
    must: float
    aim: float
    absolute: bool = False

    def verdict(self, value):
        def reached(bound):
            return value >= bound if self.aim > self.must else value <= bound

        return "aim" if reached(self.aim) else "must" if reached(self.must) else "MISSED"


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    family: str  # throughput, memtier, memory, expiry, views, stall
    about: str = "strings"  # --cases takes this word too
    workers: int = 1
    client_threads: int = 1
    keys: int = 0  # in the setup and in the load; 0 is as many as --keys says
    setup: tuple = KEYS  # steps that fill the server, each the arguments of one bench-load
    load: tuple = ()  # arguments of the bench-load that is measured
    requests: int = 0  # it sends so many, each round to a server filled anew, as it uses them up
    per: tuple = ("DBSIZE",)  # memory: a question; the growth is divided by the answer
    payload: int = 0  # memory: bytes of names and values in one of those
    action: tuple = ()  # stall: what the other connection does, as arguments of bench-load
    asked: Asked = None
    with_limit: bool = False  # the limit server, which keeps nothing, takes part
