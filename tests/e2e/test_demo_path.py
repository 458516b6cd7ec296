#!/usr/bin/python3
"""What goes through ringway is what a client would get from the servers directly."""

import re
import subprocess
import sys
from pathlib import Path

import cases
from protocol import Client, owners

KEYS = [b"user:%d" % number for number in range(300)]


class OnePath(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds()
        self.router = self.ringway(self.servers)
        self.through = self.client(self.router)

    def test_every_key_is_on_exactly_one_server_and_every_server_has_its_share(self):
        found = owners(self.router, self.servers, KEYS)
        self.assertEqual(len(found), len(KEYS))
        for server in self.servers:
            share = sum(owner is server for owner in found.values())
            self.assertGreater(share, len(KEYS) // 6, server.name)

    def test_replies_are_those_of_memcached_itself(self):
        requests = [b"get nothing\r\n", b"set k 42 0 5\r\nhello\r\n", b"get k\r\n",
                    b"get k k k\r\n", b"set k 1 0 0\r\n\r\n", b"get k nothing\r\n",
                    b"delete k\r\n", b"delete k\r\n", b"get k\r\n",
                    b"set k 4294967295 0 10\r\n\r\nEND\r\n\r\n\0\r\n", b"get k\r\n",
                    b"set " + b"l" * 250 + b" 0 0 1\r\nx\r\n", b"get " + b"l" * 250 + b"\r\n"]
        direct = Client((self.servers[0].host, self.servers[0].port))
        self.addCleanup(direct.close)
        for request in requests:
            with self.subTest(request=request[:60]):
                self.assertEqual(self.through.ask(request), direct.ask(request))

    def test_a_multi_get_answers_in_the_order_asked_duplicates_included(self):
        for key in KEYS[:40]:
            self.through.set(key, b"of-" + key)
        asked = KEYS[:40] + [b"missing"] + KEYS[5:15] + KEYS[:1] * 3
        want = b"".join(b"VALUE %b 0 %d\r\nof-%b\r\n" % (key, len(key) + 3, key)
                        for key in asked if key != b"missing")
        self.assertEqual(self.through.ask(b"get %b\r\n" % b" ".join(asked)), want + b"END\r\n")

    def test_pipelined_requests_are_answered_in_their_order(self):
        self.through.send(b"".join(b"set %b 0 0 3\r\n%03d\r\nget %b\r\ndelete %b\r\n" %
                                   (key, number, key, key) for number, key in enumerate(KEYS)))
        for number, key in enumerate(KEYS):
            self.assertEqual(self.through.reply(), b"STORED\r\n")
            self.assertEqual(self.through.reply(),
                             b"VALUE %b 0 3\r\n%03d\r\nEND\r\n" % (key, number))
            self.assertEqual(self.through.reply(), b"DELETED\r\n")

    def test_a_request_may_come_byte_by_byte(self):
        for byte in b"set slow 0 0 4\r\n1234\r\nget slow\r\n":
            self.through.send(bytes([byte]))
        self.assertEqual(self.through.reply(), b"STORED\r\n")
        self.assertEqual(self.through.reply(), b"VALUE slow 0 4\r\n1234\r\nEND\r\n")

    def test_a_value_of_a_mebibyte_less_its_header_comes_back(self):
        value = bytes(range(256)) * 4000
        self.assertEqual(self.through.set(b"big", value), b"STORED\r\n")
        self.assertEqual(self.through.get(b"big"), {b"big": value})

    def test_replies_owed_arrive_after_the_client_ends_its_side(self):
        self.through.send(b"set half 0 0 1\r\nx\r\nget half\r\n")
        self.through.finish_sending()
        self.assertEqual(self.through.rest(), b"STORED\r\nVALUE half 0 1\r\nx\r\nEND\r\n")

    def test_nonsense_gets_an_error_and_others_do_not_notice(self):
        other = self.client(self.router)
        other.set(b"k", b"v")
        self.assertEqual(self.through.ask(b"nonsense\r\n"), b"ERROR\r\n")
        self.assertEqual(other.get(b"k"), {b"k": b"v"})

    def test_a_client_that_leaves_in_the_middle_leaves_no_trace(self):
        self.through.send(b"get k\r\n" * 500 + b"set k 0 0 1000\r\nhalf")
        self.through.close()
        other = self.client(self.router)
        for number in range(100):
            self.assertEqual(other.set(b"k", b"%d" % number), b"STORED\r\n")
            self.assertEqual(other.get(b"k"), {b"k": b"%d" % number})


class Clients(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.router = self.ringway(self.memcacheds())

    def test_pymemcache(self):
        try:
            from pymemcache.client.base import Client as Pymemcache
        except ImportError as missing:
            self.skipTest(str(missing))
        client = Pymemcache((self.router.host, self.router.port), timeout=5, default_noreply=False)
        values = {f"key:{number}": b"value %d" % number for number in range(100)}
        self.assertTrue(all(client.set(key, value) for key, value in values.items()))
        self.assertEqual(client.get_many([*values, "missing"]), values)
        self.assertTrue(client.delete("key:1"))
        self.assertFalse(client.delete("key:1"))
        self.assertIsNone(client.get("key:1"))
        client.close()

    def test_the_line_that_the_readme_says_to_paste(self):
        readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
        line = re.search(r"printf .* \| nc -N 127.0.0.1 (?=11311)", readme)[0]
        line += str(self.router.port)
        done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=10, check=True)
        self.assertEqual(done.stdout, b"STORED\r\nVALUE hello 0 5\r\nworld\r\nEND\r\n")


class Workers(cases.EndToEnd):
    def test_clients_of_different_workers_see_the_same_keys(self):
        router = self.ringway(self.memcacheds(), workers=2)
        clients = [self.client(router) for _ in range(8)]
        for number, client in enumerate(clients):
            self.assertEqual(client.set(b"k%d" % number, b"v%d" % number), b"STORED\r\n")
        want = {b"k%d" % number: b"v%d" % number for number in range(8)}
        for client in clients:
            self.assertEqual(client.get(*want), want)


if __name__ == "__main__":
    sys.exit(cases.main())
