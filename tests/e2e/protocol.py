"""A memcached client that hides nothing: bytes out, replies in, as they came."""

import re
import socket


class Client:
    def __init__(self, address, timeout=5):
        """address: (host, port) or the path of a unix socket."""
        if isinstance(address, tuple):
            self.socket = socket.create_connection(address, timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(str(address))
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _received(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError(f"closed by ringway; read so far: {self.input[:200]!r}")
        return data

    def _more(self):
        self.input += self._received()

    def line(self):
        while b"\n" not in self.input:
            self._more()
        line, self.input = self.input.split(b"\n", 1)
        return line.removesuffix(b"\r")

    def bytes(self, count):
        pieces, size = [self.input], len(self.input)
        while size < count:
            pieces.append(self._received())
            size += len(pieces[-1])
        self.input = b"".join(pieces)  # Once: it may be a hundred megabytes.
        taken, self.input = self.input[:count], self.input[count:]
        return taken

    def rest(self):
        """Everything until the other side closes."""
        try:
            while True:
                self._more()
        except ConnectionError:
            taken, self.input = self.input, b""
            return taken

    def reply(self):
        """One whole reply, as bytes: a line, a meta value, or values up to END or an error."""
        whole = b""
        while True:
            line = self.line()
            whole += line + b"\r\n"
            found = re.match(rb"VALUE \S+ \d+ (\d+)|VA (\d+)", line)
            if not found:
                return whole
            whole += self.bytes(int(found[1] or found[2]) + 2)
            if found[2]:
                return whole

    def ask(self, request):
        self.send(request)
        return self.reply()

    def get(self, *keys):
        """{key: value} of what was found; an error is raised as ServerError."""
        self.send(b"get " + b" ".join(keys) + b"\r\n")
        return self.values()

    def values(self):
        found = {}
        while True:
            line = self.line()
            if line == b"END":
                return found
            header = re.match(rb"VALUE (\S+) \d+ (\d+)$", line)
            if not header:
                raise ServerError(line.decode(errors="replace"))
            found[header[1]] = self.bytes(int(header[2]) + 2)[:-2]

    def set(self, key, value, flags=0):
        return self.ask(b"set %b %d 0 %d\r\n%b\r\n" % (key, flags, len(value), value))

    def stats(self):
        """{name: value}, as a server tells it."""
        self.send(b"stats\r\n")
        found = {}
        while (line := self.line()) != b"END":
            _, name, value = line.split(b" ", 2)
            found[name] = value
        return found

    def delete(self, key):
        return self.ask(b"delete %b\r\n" % key)


class ServerError(Exception):
    pass


def owners(through, servers, keys):
    """{key: server}: sets each key through ringway, then asks every server directly."""
    with Client((through.host, through.port)) as client:
        for key in keys:
            assert client.set(key, b"of-" + key) == b"STORED\r\n", key
    found = {}
    for server in servers:
        with Client((server.host, server.port)) as direct:
            for start in range(0, len(keys), 100):
                for key in direct.get(*keys[start:start + 100]):
                    assert key not in found, f"{key} is on two servers"
                    found[key] = server
    return found
