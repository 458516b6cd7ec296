#!/usr/bin/python3
"""The instruments themselves: a load that checks replies must notice every way in which
a reply can be wrong, and what is started here must end here."""

import os
import socket
import sys
import threading
import time
import unittest

import cases
from load import verified_load
from processes import Memcached, Processes, accepts, until
from reload_load import CROSSING_MAX_S, LeavingClient, Wrong, run


class Relay:
    """Stands between clients and one server and spoils what goes back to the clients:
    spoil(data, seen) returns what to pass on instead, or None to hang up."""

    def __init__(self, server, spoil):
        self.server, self.spoil = server, spoil
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((self.server.host, self.server.port))
            for args in ((client, server, lambda data, seen: data), (server, client, self.spoil)):
                threading.Thread(target=self.carry, args=args, daemon=True).start()

    def carry(self, source, target, change):
        seen = 0
        try:
            while data := source.recv(65536):
                changed = change(data, seen)
                if changed is None:
                    break
                target.sendall(changed)
                seen += len(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def after(count, change):
    """Changes the first data that comes after `count` bytes, and nothing else."""
    done = threading.Event()

    def spoil(data, seen):
        if seen < count or done.is_set():
            return data
        done.set()
        return change(data)

    return spoil


class VerifiedLoad(cases.EndToEnd):
    def load(self, spoil):
        server = Memcached(self.processes, "web1")
        relay = Relay(server, spoil)
        self.addCleanup(relay.listener.close)
        return verified_load(relay.address, clients=4, seconds=1, silence_max=1)

    def assert_noticed(self, why, spoil):
        with self.assertRaisesRegex(AssertionError, why):
            self.load(spoil)

    def test_right_replies_pass(self):
        self.assertGreater(self.load(lambda data, seen: data), 100)

    def test_one_changed_byte_is_noticed(self):
        self.assert_noticed("wrong reply",
                            after(20000, lambda data: bytes([data[0] ^ 1]) + data[1:]))

    def test_a_byte_too_much_is_noticed(self):
        self.assert_noticed("wrong reply", after(20000, lambda data: b"x" + data))

    def test_a_lost_piece_is_noticed(self):
        self.assert_noticed("wrong reply|silence", after(20000, lambda data: data[100:]))

    def test_silence_is_noticed(self):
        self.assert_noticed("silence", lambda data, seen: data if seen < 20000 else b"")

    def test_a_hang_up_is_noticed(self):
        self.assert_noticed("closed with replies owed", after(20000, lambda data: None))


class LeavingClients(unittest.TestCase):
    """Those of a listener that goes: which ends of a connection they put up with."""

    def left_by(self, server):
        """What a client says whose server does this with its connection."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with listener.accept()[0] as connection:
                    server(connection)

            thread = threading.Thread(target=serve)
            thread.start()
            clients = [LeavingClient(1, listener.getsockname())]
            with clients[0].socket:
                try:
                    run(clients, lambda now: bool(clients), seconds_max=10)
                finally:
                    thread.join()

    def test_an_end_that_crosses_a_question_is_none_of_their_business(self):
        self.left_by(lambda connection: connection.recv(1 << 16))

    def test_a_question_that_is_dropped_is_noticed(self):
        def server(connection):
            connection.recv(1 << 16)
            time.sleep(3 * CROSSING_MAX_S)

        self.assertRaisesRegex(Wrong, "without the reply to a question", self.left_by, server)

    def test_half_a_reply_is_noticed(self):
        def server(connection):
            connection.recv(1 << 16)
            connection.sendall(b"E")

        self.assertRaisesRegex(Wrong, "closed within a reply", self.left_by, server)


class WhatIsStarted(unittest.TestCase):
    def test_ends_with_its_owner_and_nothing_else_does(self):
        with Processes() as others:
            other = Memcached(others, "other")
            with Processes() as processes:
                mine = [Memcached(processes, f"web{number}") for number in range(2)]
                mine[0].freeze()
            for server in mine:
                self.assertIsNotNone(server.process.poll())
                self.assertFalse(accepts(server.host, server.port))
            self.assertTrue(accepts(other.host, other.port))

    def test_ends_even_if_its_owner_is_killed(self):
        with Processes() as processes:
            code = ("import sys, time; sys.path.insert(0, sys.argv[1]); import processes; "
                    "p = processes.Processes(); print(processes.Memcached(p, 'm').process.pid, "
                    "flush=True); time.sleep(60)")
            owner = processes.start("owner", [sys.executable, "-c", code, os.path.dirname(
                os.path.abspath(__file__))])
            child = int(until("the child", 5, lambda: owner.log.read_text().strip()))
            owner.kill()
            owner.wait()
            until("the child to end", 5, lambda: not os.path.exists(f"/proc/{child}"))

    def test_a_frozen_server_answers_nothing_until_it_thaws(self):
        with Processes() as processes:
            server = Memcached(processes, "web1")
            with socket.create_connection((server.host, server.port), 0.2) as client:
                server.freeze()
                client.sendall(b"version\r\n")
                with self.assertRaises(TimeoutError):
                    client.recv(100)
                server.thaw()
                client.settimeout(5)
                self.assertTrue(client.recv(100).startswith(b"VERSION"))

    def test_waiting_has_an_end(self):
        begun = time.monotonic()
        with self.assertRaisesRegex(AssertionError, "waited 0.1 s for what never comes"):
            until("what never comes", 0.1, lambda: False)
        self.assertLess(time.monotonic() - begun, 5)


if __name__ == "__main__":
    sys.exit(cases.main())
