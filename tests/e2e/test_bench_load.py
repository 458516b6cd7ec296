#!/usr/bin/python3
"""The generator believes nothing: a relay between it and the fake server tells one lie
of each kind, and each must be counted under its own name and fail the run.

    test_bench_load.py BENCH_LOAD BENCH_FAKE
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from processes import free_port

LOAD, FAKE = sys.argv.pop(1), sys.argv.pop(1)
LIE_AT = 20  # The number of the reply that is tampered with.


def take_reply(stream):
    """The first whole reply to a get in `stream`, or None."""
    at = 0
    while True:
        end = stream.find(b"\r\n", at)
        if end < 0:
            return None
        line = stream[at:end]
        if not line.startswith(b"VALUE "):
            return stream[:end + 2]
        at = end + 2 + int(line.split()[3]) + 2
        if len(stream) < at:
            return None


class Relay(threading.Thread):
    """Carries bytes between one client at a time and the server, and lies once.

    `lie` turns the reply into what is said instead; None closes the connection.
    """

    def __init__(self, upstream, lie):
        super().__init__(daemon=True)
        self.upstream, self.lie, self.replies = upstream, lie, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self.upstream) as server:
                threading.Thread(target=self.carry, args=(client, server), daemon=True).start()
                self.answer(server, client)
                client.shutdown(socket.SHUT_RDWR)

    def carry(self, client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def answer(self, server, client):
        stream = b""
        while data := server.recv(65536):
            stream += data
            while reply := take_reply(stream):
                stream = stream[len(reply):]
                self.replies += 1
                said = self.lie(reply) if self.replies == LIE_AT else reply
                if said is None:
                    return
                client.sendall(said)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Lies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.fake = subprocess.Popen([FAKE, "--listen", f"127.0.0.1:{cls.port}", "--check"],
                                    stdout=subprocess.PIPE)
        cls.fake.stdout.readline()

    @classmethod
    def tearDownClass(cls):
        cls.fake.terminate()
        cls.fake.wait(5)
        cls.fake.stdout.close()

    def load(self, address, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.json")
            done = subprocess.run(
                [LOAD, "--server", address, "--json", path, "--drain", "0.5", *arguments],
                capture_output=True, timeout=30, check=False)
            with open(path) as out:
                return done.returncode, json.load(out)

    def told(self, lie, *arguments, requests=2 * LIE_AT):
        relay = Relay(("127.0.0.1", self.port), lie)
        relay.start()
        try:
            return self.load(relay.address, "--connections", "1", "--get-ratio", "1",
                             "--requests", str(requests), *arguments)
        finally:
            relay.close()

    def assert_caught(self, counter, lie, *arguments, **options):
        status, counts = self.told(lie, *arguments, **options)
        self.assertEqual(status, 1, counts)
        self.assertFalse(counts["ok"])
        self.assertGreater(counts[counter], 0, counts)

    def test_the_truth_passes(self):
        status, counts = self.told(lambda reply: reply)
        self.assertEqual((status, counts["ok"], counts["hits"]), (0, True, 40))

    def test_one_changed_byte(self):
        self.assert_caught("wrong_content", lambda reply: reply[:-10] + b"?" + reply[-9:])

    def test_the_value_of_another_key(self):
        self.assert_caught("wrong_key", lambda reply: re.sub(rb"key:0", b"key:9", reply, count=1))

    def test_other_flags(self):
        self.assert_caught("wrong_flags", lambda reply: re.sub(rb" \d+ (\d+\r)", rb" 70000 \1",
                                                               reply, count=1))

    def test_a_value_cut_short(self):
        def shorter(reply):
            head, body = reply.split(b"\r\n", 1)
            words = head.split()
            words[3] = b"%d" % (int(words[3]) - 1)
            return b" ".join(words) + b"\r\n" + body[1:]
        self.assert_caught("wrong_length", shorter)

    def test_a_reply_that_never_comes(self):
        self.assert_caught("missing", lambda reply: b"")

    def test_a_reply_given_twice(self):
        # Whether the copy arrives before the next question or after it is a matter of luck.
        status, counts = self.told(lambda reply: reply + reply)
        self.assertEqual(status, 1, counts)
        self.assertEqual(counts["unexpected"] + counts["wrong_key"], 1, counts)

    def test_a_last_reply_given_twice(self):
        self.assert_caught("unexpected", lambda reply: reply + reply, requests=LIE_AT)

    def test_a_miss_of_a_stored_key(self):
        self.assert_caught("misses", lambda reply: b"END\r\n")

    def test_a_closed_connection(self):
        self.assert_caught("lost_by_close", lambda reply: None)

    def test_nonsense(self):
        self.assert_caught("malformed", lambda reply: b"HELLO\r\n")

    def test_values_in_another_order_than_asked(self):
        def reversed_values(reply):
            blocks, rest = [], reply
            while rest.startswith(b"VALUE "):
                line, _, after = rest.partition(b"\r\n")
                size = len(line) + 2 + int(line.split()[3]) + 2
                blocks.append(rest[:size])
                rest = rest[size:]
            return b"".join(reversed(blocks)) + rest
        self.assert_caught("wrong_key", reversed_values, "--multiget", "5")

    def test_a_server_error_fails_unless_tolerated(self):
        def error(reply):
            return b"SERVER_ERROR out of everything\r\n"
        self.assert_caught("server_errors", error)
        status, counts = self.told(error, "--tolerate-errors")
        self.assertEqual((status, counts["server_errors"]), (0, 1))

    def test_a_set_spoilt_on_its_way_is_noticed_by_the_fake_server(self):
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(b"set key:1 0 0 5\r\nwrong\r\n")
            self.assertIn(b"CLIENT_ERROR", client.recv(1000))

    def test_every_way_to_ask(self):
        address = f"127.0.0.1:{self.port}"
        for arguments in (["--fill", "--keys", "2000"], ["--pipeline", "16"], ["--multiget", "24"],
                          ["--rate", "5000", "--pipeline", "4"], ["--zipf", "1.1"],
                          ["--reconnect-every", "7"], ["--connections", "400", "--active", "20"],
                          ["--get-ratio", "0"], ["--key-bytes", "250", "--warmup", "0.1"]):
            with self.subTest(arguments=arguments):
                status, counts = self.load(address, "--requests", "3000", *arguments)
                self.assertEqual((status, counts["ok"]), (0, True), counts)
                self.assertGreaterEqual(counts["requests"], 3000)


if __name__ == "__main__":
    unittest.main()
