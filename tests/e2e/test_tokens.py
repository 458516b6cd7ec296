#!/usr/bin/python3
"""Cas tokens of a stand-in, whatever its server counts from: each client can hold them, they are
good at that server alone, and at home none is refused but those with a mark of the pool."""

import re
import sys

import cases
from fake_servers import FakeServer
from processes import until

BEGINS = (2**44 - 2, 2**48, 2**53, 2**54 - 2, 2**63)


class Counting(FakeServer):
    """A small memcached that counts its writes from `begin` on."""

    def __init__(self, name, begin):
        self.count, self.values, self.given = begin - 1, {}, []
        super().__init__(name)

    def serve(self, connection):
        stream = connection.makefile("rb")
        for line in stream:
            words = line.split()
            connection.sendall(self.answer(words, stream))

    def answer(self, words, stream):
        command, key = words[0], words[1] if len(words) > 1 else b""
        if command == b"version":
            return b"VERSION 1.6.18\r\n"
        if command == b"delete":
            return b"DELETED\r\n" if self.values.pop(key, None) else b"NOT_FOUND\r\n"
        if command == b"gets":
            token = self.values.get(key)
            return b"VALUE %b 0 1 %d\r\nx\r\nEND\r\n" % (key, token) if token else b"END\r\n"
        if command == b"mg":
            token = self.values.get(key)
            return b"HD c%d\r\n" % token if token else b"EN\r\n"
        stream.read(3)
        stored, outdated = (b"HD\r\n", b"EX\r\n") if command == b"ms" else (
            b"STORED\r\n", b"EXISTS\r\n")
        if command != b"set":
            given = int(words[5] if command == b"cas" else
                        next(flag[1:] for flag in words[3:] if flag[:1] == b"C"))
            self.given.append(given)
            if given != self.values.get(key):
                return outdated
        self.count += 1
        self.values[key] = self.count
        return stored


class Tokens(cases.EndToEnd):
    def begin(self, begin):
        self.home, self.other = Counting("web1", 1), Counting("web2", begin)
        self.router = self.ringway([self.home, self.other],
                                   pool='[pool.web.health]\ncheck = "off"')
        self.through = self.client(self.router)
        for number in range(1000):
            key = b"k%d" % number
            self.assertEqual(self.through.set(key, b"x"), b"STORED\r\n")
            if key in self.home.values:
                self.key = key
                break
        self.other.count = begin - 1

    def state(self, name, asked, standing):
        self.assertEqual(self.router.post(f"/pools/web/servers/{name}/state",
                                          f"state={asked}")[0], 200)
        until(f"{name} to be {standing}", 5,
              lambda: self.router.standings()[name] == standing)

    def token(self):
        classic = int(re.search(rb"(\d+)\r\nx", self.through.ask(b"gets %b\r\n" % self.key))[1])
        meta = int(re.match(rb"HD c(\d+)", self.through.ask(b"mg %b c\r\n" % self.key))[1])
        self.assertEqual(classic, meta)
        return classic

    def assert_form(self, token, own):
        """What stands above the server's own token, and its mark, if there is one."""
        if own >= 2**54:
            self.assertEqual(token, own, "as the server gives it")
            return None
        base, bits = (2**52, 44) if own < 2**44 else (2**62, 54)
        mark, rest = divmod(token - base, 2**bits)
        self.assertEqual(rest, own)
        self.assertIn(mark, range(256))
        self.assertLess(token, 2**53 if own < 2**44 else 2**63)
        return mark

    def test_their_forms(self):
        for begin in BEGINS:
            with self.subTest(begin=f"2^{begin.bit_length() - 1} or just below"):
                self.begin(begin)
                self.state("web1", "maintenance", "maintenance")
                marks = set()
                for own in range(begin, begin + 4):
                    self.through.set(self.key, b"x")
                    self.assertEqual(self.other.values[self.key], own)
                    marks.add(self.assert_form(self.token(), own))
                self.assertLessEqual(len(marks - {None}), 1, "one mark of one server")

    def test_they_are_good_where_they_are_from(self):
        for begin in BEGINS:
            for request in b"cas %b 0 0 1 %d\r\ny\r\n", b"ms %b 1 C%d\r\ny\r\n":
                with self.subTest(begin=begin, request=request):
                    self.begin(begin)
                    self.state("web1", "maintenance", "maintenance")
                    for _ in range(4):
                        self.through.set(self.key, b"x")
                        own, token = self.other.values[self.key], self.token()
                        self.assertIn(self.through.ask(request % (self.key, token)),
                                      (b"STORED\r\n", b"HD\r\n"))
                        self.assertEqual(self.other.given[-1], own, "its own token is given back")

    def test_at_home_only_what_bears_a_mark_of_the_pool_is_refused(self):
        self.begin(2**44 - 1)
        self.state("web1", "maintenance", "maintenance")
        stand_ins = []
        for _ in range(2):
            self.through.set(self.key, b"x")
            stand_ins.append(self.token())
        self.state("web1", "auto", "up")
        self.through.set(self.key, b"x")
        for token in stand_ins:
            self.assertEqual(self.asked(token), (b"EXISTS\r\n", False))
        for base, bits in ((2**52, 44), (2**62, 54)):
            own = 5 if bits == 44 else 2**44 + 5
            refused = [mark for mark in range(256)
                       if not self.asked(base + mark * 2**bits + own)[1]]
            self.assertIn(len(refused), (1, 2), "the marks of two servers")
            self.assertIn(self.assert_form(stand_ins[0], 2**44 - 1), refused)
        for token in (1, 2**44, 2**52 - 1, 2**53, 2**62 - 1, 2**63, 2**64 - 1):
            self.assertEqual(self.asked(token), (b"EXISTS\r\n", True), token)

    def asked(self, token):
        """(what a write with this token is told, whether home was asked)."""
        before = len(self.home.given)
        told = self.through.ask(b"cas %b 0 0 1 %d\r\ny\r\n" % (self.key, token))
        return told, self.home.given[before:] == [token]


if __name__ == "__main__":
    sys.exit(cases.main())
