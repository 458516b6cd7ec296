#!/usr/bin/python3
"""What is asked once more when a connection is lost: writes of which nothing was sent. Reads are
in test_faults.py."""

import socket
import struct
import sys
import threading
import time

import cases
from fake_servers import FakeServer
from processes import until

LARGE = 1_000_000
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


class DyingServer(FakeServer):
    """Its first connection stores one value, is read no further, and reset when told; others
    store all."""

    receive_bytes = 64 << 10

    def __init__(self):
        self.keys, self.dies = [], threading.Event()
        super().__init__()

    def serve(self, connection):
        self.greet(connection)
        self.die(connection) if self.connections == 1 else self.store(connection)

    def die(self, connection):
        connection.recv(100)
        connection.sendall(b"STORED\r\n")
        self.dies.wait()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def store(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"delete "):  # What is owed.
                    connection.sendall(b"NOT_FOUND\r\n")
                    continue
                _, key, _, _, size = line.split()
                lines.read(int(size) + 2)
                self.keys.append(key)
                connection.sendall(b"STORED\r\n")


class Writes(cases.EndToEnd):
    def test_those_that_were_never_sent_are_sent_to_a_new_connection(self):
        server = DyingServer()
        self.addCleanup(server.listener.close)
        router = self.ringway([server], workers=1, timeout="10s")
        loader, small = self.client(router, timeout=10), self.client(router, timeout=10)
        self.assertEqual(small.set(b"small", b"y"), b"STORED\r\n")
        count = 8
        for number in range(count):
            loader.send(b"set large%d 0 0 %d\r\n%b\r\n" % (number, LARGE, bytes(LARGE)))
        until("all to be queued", 5, lambda: router.metrics()["ringway_server_queue"] == count)
        small.send(b"set small 0 0 1\r\nx\r\n" + b"set quiet 0 0 1 noreply\r\nx\r\n")
        until("these, too", 5, lambda: router.metrics()["ringway_server_queue"] == count + 2)
        server.dies.set()
        self.assertEqual(small.reply(), b"STORED\r\n")
        replies = [loader.reply() for _ in range(count)]
        lost = [reply for reply in replies if reply != b"STORED\r\n"]
        # The kernel had taken the first ones, or part of them.
        self.assertTrue(0 < len(lost) < count, replies)
        self.assertEqual(replies, lost + [b"STORED\r\n"] * (count - len(lost)))
        for reply in lost:
            self.assertRegex(reply, rb"^SERVER_ERROR ringway: server web1 .*(closed|reset) the")
        until("the last one to be stored", 5, lambda: len(server.keys) == count - len(lost) + 2)
        self.assertEqual(server.keys, [*(b"large%d" % n for n in range(len(lost), count)),
                                       b"small", b"quiet"])
        metrics = router.metrics()
        self.assertEqual(metrics["ringway_pool_write_retries_total"], count - len(lost) + 2)
        self.assertEqual(metrics["ringway_request_errors_total"], len(lost))


class LateServer(FakeServer):
    """Answers once on each connection, and closes it a while after it was asked again."""

    def __init__(self, after_s):
        self.after_s = after_s
        super().__init__()

    def serve(self, connection):
        self.greet(connection)
        connection.recv(100)
        connection.sendall(b"END\r\n")
        if connection.recv(100):
            time.sleep(self.after_s)


class TooLate(cases.EndToEnd):
    def begin(self, after_s):
        server = LateServer(after_s)
        self.addCleanup(server.listener.close)
        self.router = self.ringway([server], workers=1, timeout="500ms",
                                   pool="[pool.web.eject]\nfailures = 0")
        self.through = self.client(self.router)

    def ask(self):
        reply = self.through.ask(b"get k\r\n")
        time.sleep(0.1)  # For its connection to be closed.
        return reply

    def retries(self):
        return self.router.metrics()["ringway_pool_read_retries_total"]

    def test_a_read_is_asked_again_on_a_new_connection(self):
        self.begin(0.02)
        self.assertEqual([self.ask() for _ in range(6)], [b"END\r\n"] * 6)
        self.assertGreater(self.retries(), 0)

    def test_no_read_is_asked_again_with_less_than_five_milliseconds_left(self):
        self.begin(0.497)
        closed = 0
        for _ in range(60):  # Some come even later, and time out.
            closed += b"closed the connection" in self.ask()
            if closed == 3:
                break
        self.assertGreater(closed, 0)
        self.assertEqual(self.retries(), 0)


if __name__ == "__main__":
    sys.exit(cases.main())
