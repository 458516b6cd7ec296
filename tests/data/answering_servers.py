"""Tiny memcached and Redis servers that answer every get with their own address.

Whoever asks through a router or a client library so learns which server it chose.
Listens only where it is told to; runs in one daemon thread.
"""
import asyncio
import os
import socket
import threading


class _Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.input = b""
        name = transport.get_extra_info("sockname")
        self.address = name if isinstance(name, str) else "%s:%d" % (name[0], name[1])

    def data_received(self, data):
        self.input += data
        replies = []
        while (reply := self.next_reply()) is not None:
            replies.append(reply)
        if replies:
            self.transport.write(b"".join(replies))

    def next_reply(self):
        return self.redis_reply() if self.input[:1] == b"*" else self.memcached_reply()

    def redis_reply(self):
        """The reply to one `*2 $3 GET $n key`; None until it is complete."""
        parts = self.input.split(b"\r\n", 4)
        if len(parts) < 5:
            return None
        size = int(parts[3][1:])
        if len(parts[4]) < size + 2:
            return None
        self.input = parts[4][size + 2:]
        return b"$%d\r\n%s\r\n" % (len(self.address), self.address.encode())

    def memcached_reply(self):
        line, end, rest = self.input.partition(b"\r\n")
        if not end:
            return None
        self.input = rest
        words = line.split(b" ")
        if words[0] == b"version":
            return b"VERSION 1.6.18\r\n"
        if words[0] == b"quit":
            self.transport.close()
            return None
        address = self.address.encode()
        return b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (words[1], len(address), address)


class AnsweringServers:
    """Servers on (host, port) pairs and socket paths, until the `with` block ends."""

    def __init__(self, addresses, paths=()):
        self.addresses = list(addresses)
        self.paths = list(paths)

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.servers = []
        self.loop.run_until_complete(self._listen())
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    async def _listen(self):
        for host, port in self.addresses:
            self.servers.append(
                await self.loop.create_server(_Connection, host, port, family=socket.AF_INET, backlog=512))
        for path in self.paths:
            self.servers.append(await self.loop.create_unix_server(_Connection, path, backlog=512))

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        for server in self.servers:
            server.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        for path in self.paths:
            if os.path.exists(path):
                os.unlink(path)


# One character per server in the vectors: at most 62 servers.
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
