"""A small RESP2 client for what the comparison asks beside the load: INFO, DBSIZE, a few writes."""

import socket


class ServerError(Exception):
    """The server answered with an error line."""


class Resp:
    def __init__(self, port, timeout=120):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def close(self):
        self.reader.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def encode(*words):
        out = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out.append(b"$%d\r\n%s\r\n" % (len(word), word))
        return b"".join(out)

    def read(self):
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise ServerError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.reader.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        raise ConnectionError(f"not RESP2: {line!r}")

    def ask(self, *words):
        self.socket.sendall(self.encode(*words))
        return self.read()

    def ask_many(self, commands, batch=1000):
        """Pipelines many commands; errors are raised, other replies dropped."""
        for at in range(0, len(commands), batch):
            part = commands[at : at + batch]
            self.socket.sendall(b"".join(self.encode(*words) for words in part))
            for _ in part:
                self.read()

    def info(self, *sections):
        """INFO, or these sections of it, as a flat dict of strings."""
        fields = {}
        for line in self.ask("INFO", *sections).decode(errors="replace").splitlines():
            name, colon, value = line.partition(":")
            if colon and not line.startswith("#"):
                fields[name] = value
        return fields
