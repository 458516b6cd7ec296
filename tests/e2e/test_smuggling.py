#!/usr/bin/python3
"""Payloads that are commands: whatever line stands before one, no server ever runs it,
and no client can cost the others their connection to a server."""

import base64
import sys

import cases
from protocol import Client

TOO_LONG = b"k" * 251
BAD_FORMAT = b"CLIENT_ERROR bad command line format\r\n"
BAD_TOKEN = b"CLIENT_ERROR bad token in command line format\r\n"
TOO_LARGE = b"SERVER_ERROR object too large for cache\r\n"

# (line, its error); N stands for the size of the payload. memcached 1.6.18 runs the
# payload of most of them.
CASES = [
    (b"set a 0 99999999999999999999 N", BAD_FORMAT),
    (b"set a 0 1.5 N", BAD_FORMAT),
    (b"set a 0 0x5 N", BAD_FORMAT),
    (b"set a 0 +5 N", BAD_FORMAT),
    (b"set a -1 0 N", BAD_FORMAT),
    (b"set a 18446744073709551616 0 N", BAD_FORMAT),
    (b"set a 0x1 0 N", BAD_FORMAT),
    (b"set a b 0 N", BAD_FORMAT),
    (b"cas a 0 0 N 99999999999999999999", BAD_FORMAT),
    (b"cas a 0 0 N abc", BAD_FORMAT),
    (b"cas a 0 0 N -1", BAD_FORMAT),
    (b"cas a 0 0 N", b"ERROR\r\n"),
    (b"set a 0 0 N noreply x", BAD_FORMAT),
    (b"set a 0 0 N noreply x y z", BAD_FORMAT),
    (b"add a 0 abc N", BAD_FORMAT),
    (b"append a abc 0 N", BAD_FORMAT),
    (b"set %b 0 0 N" % TOO_LONG, BAD_FORMAT),
    (b"prepend %b 0 0 N" % TOO_LONG, BAD_FORMAT),
    (b"set a\x00b 0 0 N", BAD_FORMAT),
    (b"set a\tb 0 0 N", BAD_FORMAT),
    (b"set a 0 0\t0 N", BAD_FORMAT),
    (b"ms %b N" % TOO_LONG, BAD_FORMAT),
    (b"ms a N " + b" ".join(b"%c" % c for c in b"bcCEFIkLMNOPqsTabdefghijlmnop"), None),
    (b"ms a N " + b"c " * 30, None),
    (b"ms a N s s", b"CLIENT_ERROR duplicate flag\r\n"),
    (b"ms a N !", b"CLIENT_ERROR invalid flag\r\n"),
    (b"ms a N E1", b"CLIENT_ERROR invalid flag\r\n"),
    (b"ms a N S3", b"CLIENT_ERROR invalid flag\r\n"),
    (b"ms a N T99999999999999999999", BAD_TOKEN),
    (b"ms a N Tx", BAD_TOKEN),
    (b"ms a N C1.5", BAD_TOKEN),
    (b"ms a N F-1", BAD_FORMAT),
    (b"ms a N MSET", b"CLIENT_ERROR incorrect length for M token\r\n"),
    (b"ms a N MX", b"CLIENT_ERROR invalid mode for ms M token\r\n"),
    (b"ms a N O" + b"o" * 40, b"CLIENT_ERROR opaque token too long\r\n"),
    (b"ms !!! N b", b"CLIENT_ERROR error decoding key\r\n"),
    (b"ms a\x7f N", BAD_FORMAT),
]


class Smuggling(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(2)
        self.router = self.ringway(self.servers)

    def assert_never_ran(self, key):
        for server in self.servers:
            with Client((server.host, server.port)) as direct:
                self.assertEqual(direct.get(key), {}, f"{server.name} ran the payload")

    def connects(self):
        return self.router.metrics()["ringway_server_connects_total"]

    def check(self, line, error, payload, key):
        client = self.client(self.router)
        line = line.replace(b" N", b" %d" % len(payload), 1)
        client.send(line + b"\r\n" + payload + b"\r\nmn\r\n")
        said = client.line() + b"\r\n"
        if error is None:
            self.assertRegex(said, rb"^CLIENT_ERROR .*\r\n$")
        else:
            self.assertEqual(said, error)
        self.assertEqual(client.line(), b"MN", "the payload was not swallowed whole")
        self.assert_never_ran(key)

    def test_no_line_makes_a_server_run_a_payload(self):
        for n in range(10):  # Connections to both servers.
            self.client(self.router).set(b"%d" % n, b"x")
        before = self.connects()
        for number, (line, error) in enumerate(CASES):
            with self.subTest(line=line[:60]):
                key = b"smuggled%d" % number
                self.check(line, error, b"set %b 0 0 3\r\nbad" % key, key)
        self.assertEqual(self.connects(), before, "a server connection was made anew")

    def test_nor_does_one_that_says_noreply(self):
        client = self.client(self.router)
        for number, (line, _) in enumerate(CASES):
            if not line.startswith(b"set ") or b"noreply" in line:
                continue
            key = b"quiet%d" % number
            payload = b"set %b 0 0 3\r\nbad" % key
            line = line.replace(b" N", b" %d noreply" % len(payload), 1)
            client.send(line + b"\r\n" + payload + b"\r\nmn\r\n")
            self.assertEqual(client.line(), b"MN", line)
            self.assert_never_ran(key)

    def test_nor_a_value_too_large_that_is_full_of_commands(self):
        for command in (b"set a 0 0 N", b"add a 0 0 N", b"ms a N"):
            self.check(command, TOO_LARGE, b"set large 0 0 3\r\nbad\r\n" * 60_000, b"large")

    def test_what_a_server_itself_finds_too_large_disturbs_nobody(self):
        """ringway's limit is of the value, memcached's of the whole item."""
        other = self.client(self.router)
        keys = [b"other%d" % n for n in range(20)]
        for key in keys:
            other.set(key, b"x")
        before = self.connects()
        for _ in range(5):
            client = self.client(self.router)
            client.send(b"set a 0 0 1048576\r\n" + bytes(1048576) + b"\r\nmn\r\n")
            self.assertEqual(other.get(*keys), {key: b"x" for key in keys})
            self.assertEqual(client.line() + b"\r\n", TOO_LARGE)
            self.assertEqual(client.line(), b"MN")
        self.assertEqual(self.connects(), before, "a server connection was made anew")

    def test_a_key_with_a_line_end_reads_nothing_of_others(self):
        """twemproxy passes both on, and one client reads the reply to another."""
        router = self.ringway(self.servers[:1])  # Whose connection all share.
        self.router.stop()
        self.router = router
        other = self.client(self.router)
        other.set(b"secret", b"of others")
        for evil in (b"get a\x00b\r\n", b"get a\r\r\n", b"get a\x00\nmn\r\n"):
            client = self.client(self.router)
            for _ in range(20):
                other.send(b"get secret\r\n")
                client.send(evil)
            client.send(b"quit\r\n")
            self.assertNotIn(b"secret", client.rest())
            for _ in range(20):
                self.assertEqual(other.line(), b"VALUE secret 0 9")
                self.assertEqual((other.line(), other.line()), (b"of others", b"END"))

    def test_an_encoded_key_never_comes_back_raw(self):
        """memcached 1.6.18 writes the key of an item that N created as it is."""
        other = self.client(self.router)
        for n in range(10):  # Connections to both servers.
            other.set(b"%d" % n, b"x")
        other.set(b"a", b"1")
        other.set(b"b", b"2")
        before = self.connects()
        for key in (b"k\r\nEN", b"k\r\nVA 3 \r\nbad", b"k HD", b"k\r\nHD\r\nHD\r\nHD"):
            encoded = base64.b64encode(key)
            for form in (b"mg %b b k N30 v\r\n", b"ma %b b k N30 v\r\n"):
                client = self.client(self.router)
                asks = b"mg %b b k v\r\nme %b b\r\nmn\r\n" % (encoded, encoded)
                client.send(form % encoded + asks)
                self.assertIn(b"CLIENT_ERROR ringway: N", client.line())
                self.assertEqual(client.line(), b"EN k%b b" % encoded)
                self.assertEqual(client.line(), b"EN")
                self.assertEqual(client.line(), b"MN")
                self.assertEqual(other.get(b"a", b"b"), {b"a": b"1", b"b": b"2"})
        self.assertEqual(self.connects(), before, "a server connection was made anew")

    def test_nor_where_memcached_forgets_that_it_was_encoded(self):
        """ma and append make the item anew there, without the mark of a binary key."""
        other = self.client(self.router)
        for n in range(10):  # Connections to both servers.
            other.set(b"%d" % n, b"x")
        before = self.connects()
        for key in (b"k\r\nEN", b"k HD"):
            encoded = base64.b64encode(key)
            for form in (b"ma %b b", b"ma %b b D1000 v",
                         b"ms %b 1 b MA\r\nx", b"ms %b 1 b MP\r\nx"):
                client = self.client(self.router)
                client.send(b"ms %b 1 b\r\n9\r\n" % encoded + form % encoded + b"\r\n"
                            + b"mg %b b k v\r\nme %b b\r\nmn\r\n" % (encoded, encoded))
                self.assertEqual(client.line(), b"HD")
                self.assertIn(b"CLIENT_ERROR ringway: ma, append", client.line())
                self.assertEqual(client.line(), b"VA 1 k%b b" % encoded)
                self.assertEqual(client.line(), b"9")
                self.assertTrue(client.line().startswith(b"ME %b exp=" % encoded))
                self.assertEqual(client.line(), b"MN")
        self.assertEqual(self.connects(), before, "a server connection was made anew")

    def test_no_flag_of_me_costs_a_connection(self):
        """memcached reads no flag but b, and repeats none of them."""
        client = self.client(self.router)
        client.set(b"a", b"1")
        before = self.connects()
        for flags in (b"O1", b"k", b"q", b"v", b"b O1", b"O1 k q v"):
            key = b"YQ==" if flags.startswith(b"b") else b"a"
            client.send(b"me %b %b\r\n" % (key, flags))
            self.assertTrue(client.line().startswith(b"ME a exp="), flags)
        self.assertEqual(self.connects(), before, "a server connection was made anew")


if __name__ == "__main__":
    sys.exit(cases.main())
