#!/usr/bin/python3
"""What a stand-in is told while the home is out: no life longer than eject.ttl_max, and
cas tokens that are good there and nowhere else."""

import base64
import re
import sys
import time

import cases
from processes import until
from protocol import owners

CAP = 60
POOL = """
connect_timeout = "300ms"
[pool.web.eject]
retry_after = "500ms"
ttl_max = "%s"
[pool.web.health]
rise = 1
"""

# What is asked of a key that is there with no end to its life, and the seconds it must have
# left then; -1: for ever, None: it is gone. NOW is replaced.
CLASSIC = [
    (b"set K 0 0 1\r\nx\r\n", CAP),
    (b"set K 0 10 1\r\nx\r\n", 10),
    (b"set K 0 60 1\r\nx\r\n", 60),
    (b"set K 0 70 1\r\nx\r\n", CAP),
    (b"set K 0 2592000 1\r\nx\r\n", CAP),
    (b"set K 0 NOW+30 1\r\nx\r\n", 30),
    (b"set K 0 NOW+1000 1\r\nx\r\n", CAP),
    (b"set K 0 4102444800 1\r\nx\r\n", None),  # memcached keeps 32 bits, and a sign.
    (b"set K 0 4294967296 1\r\nx\r\n", CAP),
    (b"set K 0 4294967306 1\r\nx\r\n", 10),
    (b"set K 0 1000000000 1\r\nx\r\n", None),
    (b"set K 0 -1 1\r\nx\r\n", None),
    (b"set K 0 0 1 noreply\r\nx\r\nmn\r\n", CAP),
    (b"replace K 0 0 1\r\nx\r\n", CAP),
    (b"add K:new 0 0 1\r\nx\r\n", CAP),
    (b"append K 0 0 1\r\nx\r\n", -1),
    (b"touch K 0\r\n", CAP),
    (b"touch K 10\r\n", 10),
    (b"touch K NOW+1000\r\n", CAP),
    (b"touch K -1\r\n", None),
    (b"touch K 4294967296\r\n", CAP),
    (b"touch K 4294967306\r\n", 10),
    (b"gat 4294967297000 K\r\n", CAP),
    (b"gat 0 K\r\n", CAP),
    (b"gat 10 K\r\n", 10),
    (b"gats 2592000 K\r\n", CAP),
    (b"gat 0 K K\r\n", CAP),
    (b"gat -1 K\r\n", None),
    (b"incr K 1\r\n", -1),
]
META = [
    (b"ms K 1\r\nx\r\n", CAP),
    (b"ms K 1 T0\r\nx\r\n", CAP),
    (b"ms K 1 T10 c\r\nx\r\n", 10),
    (b"ms K 1 c T10 k\r\nx\r\n", 10),
    (b"ms K 1 TNOW+1000\r\nx\r\n", CAP),
    (b"ms K 1 T-1\r\nx\r\n", None),
    (b"ms K 1 T4294967296\r\nx\r\n", CAP),
    (b"ms K 1 T4294967306\r\nx\r\n", 10),
    (b"ms K 1 T2147483648\r\nx\r\n", None),
    (b"ms K 1 MR\r\nx\r\n", CAP),
    (b"ms K:new 1 ME\r\nx\r\n", CAP),
    (b"ms B64 1 b\r\nx\r\n", CAP),
    (b"ms K 1 q\r\nx\r\nmn\r\n", CAP),
    (b"mg K v T0\r\n", CAP),
    (b"mg K T10 v\r\n", 10),
    (b"mg K T2147483648\r\n", None),
    (b"mg K T4294967306\r\n", 10),
    (b"mg K:new N0\r\n", CAP),
    (b"mg K:new N10 v t\r\n", 10),
    (b"mg K:new N2592000\r\n", CAP),
    (b"ma K T0\r\n", CAP),
    (b"ma K\r\n", -1),
    (b"ma K:new N0 J5\r\n", CAP),
    (b"ma K:new N10 J5\r\n", 10),
    (b"md K I T0\r\n", CAP),
]


class StandIn(cases.EndToEnd):
    def begin(self, ttl_max=f"{CAP}s"):
        self.home, self.other = self.servers = self.memcacheds(2)
        self.router = self.ringway(self.servers, timeout="200ms", pool=POOL % ttl_max)
        keys = [b"key:%d" % number for number in range(200)]
        owner = owners(self.router, self.servers, keys)
        self.lost = [key for key in keys if owner[key] is self.home]
        self.safe = [key for key in keys if owner[key] is self.other]
        self.through = self.client(self.router)
        self.there = self.client(self.other)

    def until_it_is(self, standing):
        def condition():
            self.through.ask(b"get %b\r\n" % self.lost[0])
            return self.router.standings()[self.home.name] == standing
        until(f"it to be {standing}", 3 + cases.SLOWNESS, condition)

    # --- Time to live ---

    def seconds_left(self, key):
        """As memcached itself says; None: not there."""
        found = re.match(rb"HD t(-?\d+)", self.there.ask(b"mg %b t\r\n" % key))
        return int(found[1]) if found else None

    def life_after(self, request, key):
        """The request sent for `key`, which the stand-in has for ever; key:new it has not."""
        self.there.set(key, b"1")
        self.there.delete(key + b":new")
        stored = key + b":new" if b"K:new" in request else key
        asked = request.replace(b"K", key).replace(b"B64", base64.b64encode(key))
        asked = re.sub(rb"NOW\+(\d+)", lambda found: b"%d" % (time.time() + int(found[1])), asked)
        self.assertNotRegex(self.through.ask(asked), rb"ERROR|^(EN|END|NS|NF|NOT_\w+)\r\n", asked)
        return self.seconds_left(stored)

    def assert_about(self, left, wanted):
        if wanted is None or wanted == -1:
            self.assertEqual(left, wanted)
        else:
            self.assertIsNotNone(left)
            # Its clock is a second coarse, and an absolute time a second more.
            self.assertIn(left, range(wanted - 3 * cases.SLOWNESS, wanted + 2))

    def test_nothing_written_there_lives_longer_than_ttl_max(self):
        self.begin()
        owner = owners(self.router, self.servers, [key + b":new" for key in self.lost])
        lost = next(key for key in self.lost if owner[key + b":new"] is self.home)
        self.home.kill()
        self.until_it_is("ejected")
        for request, wanted in CLASSIC + META:
            with self.subTest(request):
                self.assert_about(self.life_after(request, lost), wanted)
        safe = self.safe[0]
        for request, wanted in ((b"set K 0 0 1\r\nx\r\n", -1), (b"ms K 1\r\nx\r\n", -1),
                                (b"ms K 1 T1000\r\nx\r\n", 1000), (b"touch K 1000\r\n", 1000),
                                (b"gat 0 K\r\n", -1)):
            with self.subTest(request, what="of a key that is at home there"):
                self.assert_about(self.life_after(request, safe), wanted)
        with self.subTest("a gat of keys of both"):
            self.there.set(safe, b"1")
            self.there.set(lost, b"1")
            self.through.ask(b"gat 0 %b %b\r\n" % (safe, lost))
            self.assert_about(self.seconds_left(safe), -1)
            self.assert_about(self.seconds_left(lost), CAP)

    def test_without_a_limit_it_lives_as_long_as_it_was_told(self):
        self.begin("off")
        self.home.kill()
        self.until_it_is("ejected")
        for request in (b"set K 0 0 1\r\nx\r\n", b"ms K 1\r\nx\r\n", b"gat 0 K\r\n"):
            self.assert_about(self.life_after(request, self.lost[0]), -1)

    # --- Cas tokens ---

    def token(self, client, key):
        return re.search(rb"(\d+)\r\n", client.ask(b"gets %b\r\n" % key))[1]

    def meta_token(self, key):
        return re.match(rb"HD c(\d+)", self.through.ask(b"mg %b c\r\n" % key))[1]

    def cas(self, key, token):
        """What a classic and then a meta write with that token are told."""
        return (self.through.ask(b"cas %b 0 0 1 %b\r\ny\r\n" % (key, token)),
                self.through.ask(b"ms %b 1 C%b\r\nz\r\n" % (key, token)))

    def assert_good_at_the_stand_in(self, key):
        self.through.set(key, b"1")
        token = self.token(self.through, key)
        self.assertEqual(token, self.meta_token(key))
        self.assertIn(int(token), range(2**52, 2**53), "what every client can hold")
        self.assertNotEqual(token, self.token(self.there, key))
        self.assertEqual(self.cas(key, token), (b"STORED\r\n", b"EX\r\n"))
        self.assertEqual(
            self.through.ask(b"ms %b 1 C%b c\r\nz\r\n" % (key, self.meta_token(key))),
            b"HD c%b\r\n" % self.meta_token(key))
        self.assertEqual(self.through.ask(b"md %b C%b\r\n" % (key, self.meta_token(key))),
                         b"HD\r\n")
        self.through.set(key, b"1")
        self.assertEqual(self.through.ask(b"ma %b C%b\r\n" % (key, self.meta_token(key))),
                         b"HD\r\n")

    def assert_each_good_where_it_is_from(self, lost, safe):
        self.through.set(lost, b"1")
        reply = self.through.ask(b"gets %b %b\r\n" % (safe, lost))
        tokens = dict(re.findall(rb"VALUE (\S+) 0 \d+ (\d+)\r\n", reply))
        for key in (safe, lost):
            self.assertEqual(self.cas(key, tokens[key]), (b"STORED\r\n", b"EX\r\n"))

    def make_it_the_same_there(self, key, token):
        """Tokens count writes: here the stand-in comes to the one that home gave."""
        for _ in range(1000):
            self.there.set(key, b"1")
            if self.token(self.there, key) == token:
                return
        self.fail(f"{token} was never reached")

    def test_a_token_is_good_at_the_server_that_gave_it_and_nowhere_else(self):
        self.begin()
        key = self.lost[0]
        for _ in range(300):
            self.through.set(key, b"1")
        at_home = self.token(self.through, key)
        self.home.freeze()
        self.until_it_is("ejected")
        self.make_it_the_same_there(key, at_home)
        self.assertEqual(self.cas(key, at_home), (b"EXISTS\r\n", b"EX\r\n"))
        for flags in (b"k O7k", b"Ok k", b"k", b"O7"):
            told = b" ".join(b"k" + key if flag == b"k" else flag for flag in flags.split())
            self.assertEqual(self.through.ask(b"ms %b 1 C%b %b\r\nz\r\n" % (key, at_home, flags)),
                             b"EX %b\r\n" % told)
        self.assert_good_at_the_stand_in(key)
        self.assert_each_good_where_it_is_from(key, self.safe[0])
        self.through.set(key, b"1")
        stand_ins = self.token(self.through, key)
        self.home.thaw()
        self.until_it_is("up")
        self.through.set(key, b"1")
        self.assertEqual(self.cas(key, stand_ins), (b"EXISTS\r\n", b"EX\r\n"))
        self.assertEqual(self.through.get(key), {key: b"1"})


if __name__ == "__main__":
    sys.exit(cases.main())
