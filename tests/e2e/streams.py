"""Random streams of memcached requests, right and wrong, classic and meta.

A stream is a list of phases, a phase a list of items. An item is a pair: what ringway
is sent and what memcached is sent. The two are the same bytes but where ringway
differs on purpose (src/proto/README.md): there the second is a request to which
memcached answers what ringway must. A seed makes the same stream again.

All keys of a stream begin with its own prefix, so that streams cannot meet. The payload
of a storage line that may be refused is a quiet read that finds nothing: whether a
server swallows it or runs it, nothing is said.
"""

import base64
import random

PREFIX_BYTES = 9  # A multiple of 3: the prefix of an encoded key is the encoded prefix.
CAS = b"@@CAS@@"  # Stands for the last cas id that the same side was told.
TOO_LONG = b"L" * 251
REFUSED = b"set " + TOO_LONG + b" 0 0 1"  # memcached: bad command line format, no payload.

EXPTIMES = [b"0"] * 8 + [b"-1", b"100", b"1000", b"2592000", b"4000000000", b"-0", b"0050",
                         b"4294967296", b"4294967396", b"99999999999", b"-9223372036854775808"]
FLAGS = [b"0"] * 4 + [b"1", b"00", b"65535", b"4294967295", b"4294967296", b"-0", b"0123",
                      b"18446744073709551615"]
DELTAS = [b"0", b"1", b"5", b"18446744073709551615", b"10", b"007"]
NOT_NUMBERS = [b"abc", b"1x", b"x1", b"99999999999999999999", b"--1", b"-", b"1,0"]
# Numbers to C's functions, but not to ringway.
LENIENT_NUMBERS = [b"1.5", b"0x5", b"0x1", b"1e3"]
ADMINISTRATION = [b"slabs reassign 1 2", b"slabs automove 0", b"lru mode flat", b"lru", b"bget a",
                  b"cache_memlimit 64", b"lru_crawler enable", b"lru_crawler metadump all",
                  b"watch", b"watch fetchers", b"extstore a b", b"refresh_certs", b"stats sizes",
                  b"stats detail on", b"stats cachedump 1 1"]


class Stream:
    def __init__(self, seed, number):
        self.seed, self.number = seed, number
        self.random = random.Random(f"{seed}:{number}")
        self.prefix = b"s%08x" % (number % 16**8)
        self.closes = False     # memcached may close it with input unread, and lose replies.
        self.unframed = False   # What follows may be read as payload: no more phases.
        self.phases = [[]]
        for _ in range(self.random.choice((1, 3, 8, 8, 15, 30))):
            self.random.choices(KINDS, WEIGHTS)[0](self)
            if self.closes:
                break
            if not self.unframed and self.random.random() < 0.08:
                self.next_phase()

    def add(self, ringway, memcached=None):
        self.phases[-1].append((ringway, ringway if memcached is None else memcached))

    def next_phase(self):
        """Waits until all that was asked is answered."""
        if self.phases[-1]:
            self.add(b"mg %bsync Osync%d\r\n" % (self.prefix, len(self.phases)))
            self.phases.append([])

    # --- Words ------------------------------------------------------------------

    def pick(self, choices):
        return self.random.choice(choices)

    def chance(self, of):
        return self.random.random() < of

    def key(self):
        if self.chance(0.03):
            return self.prefix + b"x" * (250 - PREFIX_BYTES)
        if self.chance(0.05):
            return self.prefix + b"\x80\xff\xc3\xa9"
        return self.prefix + self.pick((b"a", b"b", b"c", b"d", b"e", b"f", b"END", b"0"))

    def bad_key(self):
        return self.prefix + b"y" * self.pick((242, 300, 1000))

    def encoded_key(self):
        tail = self.pick((b"", b"a", b"b", b"\x00\n bin", b"c d", b"e\r\n"))
        return base64.b64encode(self.prefix + tail)

    def value(self):
        size = self.pick((0, 1, 2, 5, 10, 50, 100, 1000))
        if self.chance(0.01):
            size = self.pick((5000, 16384, 65535, 65536, 65537, 200000, 900000))
        kind = self.random.randrange(4)
        if kind == 0:
            return b"%d" % self.random.randrange(10 ** min(size + 1, 20))
        if kind == 1:
            return (b"END\r\nVALUE x 0 1\r\nSTORED\r\nMN\r\n" * (size // 30 + 1))[:size]
        value = self.random.randbytes(size) if size < 2000 else bytes(256) * (size // 256)
        # incr of white space reads on behind the item, whatever lies there.
        return b"#" * size if value.isspace() else value

    def end(self):
        return b"\n" if self.chance(0.1) else b"\r\n"

    def spaced(self, *words):
        """The words of a line, now and then with more space than needed."""
        line = (b"  " if self.chance(0.05) else b" ").join(words)
        if self.chance(0.03):
            line = b"  " + line
        return line + b"  " if self.chance(0.05) else line

    def noreply(self, chance=0.2):
        return [b"noreply"] if self.chance(chance) else []

    # --- Classic commands -------------------------------------------------------

    def get(self):
        count = self.pick((1, 1, 1, 2, 3, 5, 20, 100)) if self.chance(0.3) else 1
        keys = [self.key() for _ in range(count)]
        self.add(self.spaced(self.pick((b"get", b"gets")), *keys) + self.end())

    def gat(self):
        keys = [self.key() for _ in range(self.pick((0, 1, 1, 2, 5)))]
        name = self.pick((b"gat", b"gats"))
        self.add(self.spaced(name, self.pick(EXPTIMES), *keys) + self.end())

    def storage_name(self):
        return self.pick((b"set", b"set", b"set", b"add", b"replace", b"append", b"prepend"))

    def storage(self):
        value = self.value()
        words = [self.storage_name(), self.key(), self.pick(FLAGS), self.pick(EXPTIMES),
                 b"%d" % len(value), *self.noreply()]
        self.add(self.spaced(*words) + self.end() + value + b"\r\n")

    def cas(self):
        """With an id of long ago, or with the one just read."""
        key, value, cas = self.key(), self.value(), self.pick((b"1", b"0", b"18446744073709551615"))
        if not self.unframed and self.chance(0.7):
            key = self.prefix + b"a"
            self.add(b"set %b 0 0 1\r\n1\r\ngets %b\r\n" % (key, key))
            self.next_phase()
            cas = CAS
        self.add(self.spaced(b"cas", key, self.pick(FLAGS), self.pick(EXPTIMES),
                             b"%d" % len(value), cas, *self.noreply()) + b"\r\n" + value + b"\r\n")

    def delete(self):
        zero = [b"0"] if self.chance(0.2) else []
        self.add(self.spaced(b"delete", self.key(), *zero, *self.noreply()) + self.end())

    def settled(self):
        """False if no number may become shorter here: memcached then leaves spaces behind it,
        or none, as the replies to mg before it have left or not."""
        if any(item[0].lstrip().startswith(b"mg ") for item in self.phases[-1]):
            if self.unframed:
                return False
            self.next_phase()
        return True

    def arithmetic(self):
        if not self.settled():
            return
        if self.chance(0.4):
            self.add(b"set %ba 0 0 2\r\n99\r\n" % self.prefix)
        self.add(self.spaced(self.pick((b"incr", b"decr")), self.key(), self.pick(DELTAS),
                             *self.noreply()) + self.end())

    def touch(self):
        self.add(self.spaced(b"touch", self.key(), self.pick(EXPTIMES), *self.noreply())
                 + self.end())

    def local(self):
        self.add(self.pick((b"version", b"version foo bar", b"verbosity 0", b"verbosity 1 noreply",
                            b"stats", b"stats nothing", b"stats detail", b"stats detail foo",
                            b"flush_all 2000000", b"flush_all 2000000 noreply", b"mn", b"mn foo"))
                 + self.end())

    # --- Meta commands ----------------------------------------------------------

    def meta_key(self):
        """(key, its flags)"""
        return (self.encoded_key(), [b"b"]) if self.chance(0.15) else (self.key(), [])

    def some(self, flags, chance=0.25):
        chosen = [self.pick(flag) if isinstance(flag, list) else flag
                  for flag in flags if self.chance(chance)]
        self.random.shuffle(chosen)
        return chosen

    COMMON = [b"q", b"k", [b"O1", b"Oabc", b"O" + b"o" * 30, b"O" + b"o" * 31, b"O"]]
    TIMES = [b"T0", b"T100", b"T-1", b"T5000000", b"T4000000000", b"T4294967396"]
    MG = [b"c", b"f", b"h", b"l", b"s", b"t", b"v", b"v", b"v", TIMES, b"P1", b"Lx"]
    VIVIFY = [[b"N0", b"N100", b"N30"], [b"R30", b"R500"]]
    MS = [b"c", [b"F0", b"F5", b"F4294967295"], b"I", TIMES, b"s", b"P1", b"Lx",
          [b"MS", b"ME", b"MA", b"MP", b"MR", b"Ms", b"MSET", b"M", b"MX"], [b"C1", b"C0"]]
    MA = [[b"N0", b"N100"], [b"J0", b"J7"], [b"D1", b"D10", b"D0"], b"v", b"t", b"c", TIMES,
          [b"MI", b"MD", b"M+", b"M-", b"MINCR", b"MDECR", b"MX"], [b"C1"]]
    MD = [b"I", TIMES, [b"C1", b"C77", b"Cx"]]

    def meta(self):
        name, flags = self.pick(((b"mg", self.MG), (b"mg", self.MG), (b"md", self.MD),
                                 (b"ma", self.MA)))
        if name == b"ma" and not self.settled():
            return
        key, encoded = self.meta_key()
        words = encoded + self.some(self.COMMON) + self.some(flags)
        if name == b"mg" and self.chance(0.1):
            words += self.some(self.VIVIFY, 0.6)
        if self.binary(key, encoded):
            if name == b"ma":
                return
            words = [word for word in words if word[:1] != b"N"]
        self.random.shuffle(words)
        self.add(self.spaced(name, key, *words) + self.end())

    @staticmethod
    def binary(key, encoded):
        """Such a key is refused where memcached would forget that it is one."""
        return bool(encoded) and base64.b64decode(key)[PREFIX_BYTES:] not in (b"", b"a", b"b")

    def meta_set(self):
        key, encoded = self.meta_key()
        words = encoded + self.some(self.COMMON) + self.some(self.MS, 0.15)
        if self.binary(key, encoded):
            words = [word for word in words if word not in (b"MA", b"MP")]
        self.random.shuffle(words)
        value = self.value()
        if any(word[:1] == b"M" and len(word) != 2 or word == b"MX" or len(word) > 32
               for word in words):
            value = self.unheard()
        self.add(self.spaced(b"ms", key, b"%d" % len(value), *words) + self.end() + value + b"\r\n")

    def meta_debug(self):
        key, encoded = self.meta_key()
        rest = self.some(self.COMMON + [b"v", b"b", b"!"], 0.1)  # Nobody reads so far.
        self.add(self.spaced(b"me", key, *encoded, *rest) + self.end())

    def meta_wrong(self):
        key, name = self.key(), self.pick((b"mg", b"md", b"ma"))
        self.add(self.pick((
            b"%b" % name, b"%b %b v v" % (name, key), b"%b %b q k q" % (name, key),
            b"%b %b !" % (name, key), b"%b %b m o o o" % (name, key),
            b"%b %b k k m k" % (name, key), b"%b %b k m k" % (name, key),
            b"m%b %bnone O%b" % (self.pick((b"g", b"d")), self.prefix, b"o" * 40),
            b"%b !!! b" % name, b"%b %b" % (name, self.bad_key()),
            b"%b %b S100" % (name, key), b"me", b"mg %b v Txx" % key, b"mg %b v Nxx" % key,
            b"ma %b Dxx" % key, b"ma %b Jxx N0" % key)) + self.end())

    def meta_set_wrong(self):
        key, payload = self.key(), self.unheard()
        size = b"%d" % len(payload)
        line = self.pick((
            b"ms %b %b s s" % (key, size), b"ms %b %b !" % (key, size),
            b"ms %b %b O%b" % (key, size, b"o" * 40), b"ms !!! %b b" % size,
            b"ms %b %b" % (self.bad_key(), size), b"ms %b %b Txx" % (key, size),
            b"ms %b %b Fxx" % (key, size), b"ms %b %b Cxx" % (key, size),
            b"ms %b %b E77" % (key, size), b"ms %b S%b" % (key, size),
            b"ms %b abc" % key, b"ms %b -1" % key, b"ms %b" % key,
            b"ms %b %b" % (key, b"9" * 20), b"ms"))
        self.add(line + b"\r\n" + payload + b"\r\n")

    # --- What is wrong ----------------------------------------------------------

    def unheard(self):
        return b"mg %bnone q" % self.prefix

    def storage_wrong(self):
        """Refused for its line: ringway swallows the payload, memcached runs it."""
        payload = self.unheard()
        name, noreply = self.storage_name(), self.noreply()
        words = [name, self.key(), b"0", b"0", b"%d" % len(payload), *noreply]
        way = self.random.randrange(7)
        if way == 0:
            words[1] = self.bad_key()
        elif way in (1, 2):
            words[self.pick((2, 3))] = self.pick(NOT_NUMBERS)
        elif way == 3:
            words[4] = self.pick(NOT_NUMBERS + [b"-1", b"2147483647"])
        elif way == 4:
            words = words[:self.pick((1, 2, 3, 4))]
        elif way == 5:
            words = [b"cas", *words[1:5], self.pick(NOT_NUMBERS), *noreply]
        else:
            words = [b"cas", *words[1:5]]
        self.add(self.spaced(*words) + self.end() + payload + b"\r\n")

    def storage_differs(self):
        """Refused here on purpose; memcached is sent what it refuses in the same words."""
        payload, noreply = self.value(), self.noreply()
        words = [self.storage_name(), self.key(), b"0", b"0", b"%d" % len(payload), *noreply]
        way = self.random.randrange(3)
        if way == 0:
            words[1] = self.prefix + self.pick(
                (b"\x00", b"a\x00b", b"a\tb", b"a\x7f", b"\x01", b"a\rb"))
        elif way == 1:
            words[self.pick((2, 3))] = self.pick(LENIENT_NUMBERS + [b"+1", b"5\t"])
        else:
            words += [b"x", b"y"]
            noreply = []
        self.add(b" ".join(words) + b"\r\n" + payload + b"\r\n",
                 b" ".join([REFUSED, *noreply]) + b"\r\n")

    def key_differs(self):
        key = self.prefix + self.pick((b"\x00", b"a\x00b", b"a\tb", b"a\x7f", b"\x01", b"\x1f"))
        line = self.pick((b"delete %b", b"incr %b 1", b"touch %b 0",
                          b"mg %b v", b"md %b", b"ma %b"))
        self.add(line % key + b"\r\n", line % TOO_LONG + b"\r\n")

    def read_wrong(self):
        """memcached drops replies it has not sent yet, so there must be none."""
        if self.unframed:
            return
        before = [self.key() for _ in range(self.pick((0, 1, 5)))]
        if before:  # So that both sides know them as read.
            self.add(b"get " + b" ".join(before) + b"\r\n")
        self.next_phase()
        if self.chance(0.5):
            self.add(self.spaced(b"get", *before, self.bad_key(), self.key()) + self.end())
        else:
            key = self.prefix + self.pick((b"\x00", b"a\x00b", b"a\tb", b"a\x7f"))
            self.add(b"get " + b" ".join([*before, key]) + b"\r\n", b"get " + TOO_LONG + b"\r\n")

    def line_wrong(self):
        key = self.key()
        self.add(self.pick((
            b"", b" ", b"foo", b"GET " + key, b"get", b"gets", b"gat", b"gat " + key, b"touch",
            b"touch " + key, b"touch %b abc" % key, b"incr", b"incr " + key, b"incr %b xx" % key,
            b"incr %b -1" % key, b"decr %b 99999999999999999999" % key, b"incr %b 1 2 3" % key,
            b"incr %b xx noreply" % key, b"delete", b"delete %b 5" % key, b"delete %b 0 1" % key,
            b"delete %b 0 noreply x" % key, b"delete %b foo noreply" % key,
            b"delete " + self.bad_key(),
            b"incr %b 1" % self.bad_key(), b"touch %b 0" % self.bad_key(),
            b"verbosity", b"verbosity foo", b"verbosity 1 2 3", b"flush_all abc",
            b"flush_all 1 2 3", b"Set %b 0 0 1" % key, b"\xff\xfe\xfd", b"\x00", b"shutdown",
            b"noreply", b"VALUE a 0 0", b"END", b"misbehave", b"set", b"quitx",
            b"get%b" % key, b"touch %b 0 x" % key, b"%b" % self.random.randbytes(6).hex().encode(),
            )) + self.end())

    def administration(self):
        self.add(self.pick(ADMINISTRATION) + self.end(), b"foo\r\n")

    def bad_chunk(self):
        """The payload is longer or shorter than it says: what is left is a command."""
        payload, off = self.unheard(), self.pick((-3, -2, -1, 1, 2, 3, 20))
        if off > 0 and self.unframed:
            return
        size = len(payload) + off
        if self.chance(0.3):
            line = b"ms %b %d%b" % (self.key(), size, self.pick((b"", b" q", b" k O1")))
        else:
            line = b" ".join([self.storage_name(), self.key(), b"0 0", b"%d" % size,
                              *self.noreply()])
        self.add(line + b"\r\n" + payload + b"\r\n")
        if off > 0:  # Enough of a rest that the input cannot end within the payload.
            self.unframed = True
            self.add(b"version\r\n" * 3)

    def too_large(self):
        size = self.pick((1048577, 1100000, 1048576, 1048500, 3000000))
        key, noreply = self.key(), self.noreply()
        if size <= 1048576:  # The server's own limit: as it says.
            noreply = []
        self.add(b"set %b 0 0 1\r\n1\r\n" % key)
        name = self.pick((b"set", b"set", b"add", b"ms"))
        if name == b"ms":
            self.add(b"ms %b %d\r\n" % (key, size) + bytes(size) + b"\r\nget %b\r\n" % key)
        else:
            self.add(b" ".join([name, key, b"0 0", b"%d" % size, *noreply]) + b"\r\n"
                     + bytes(size) + b"\r\nget %b\r\n" % key)

    def closing(self):
        """memcached drops replies it has not sent yet."""
        if self.unframed:
            return
        self.next_phase()
        self.closes = True
        self.add(self.pick((b"quit\r\n", b"quit foo\r\n", b"quit noreply\n",
                            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"POST /x HTTP/1.0\r\n",
                            b"get %b HTTP/1.1\r\nquit\r\n" % self.key())))
        self.add(b"set %ba 0 0 2\r\nhi\r\nget %ba\r\n" % (self.prefix, self.prefix))

    def unfinished(self):
        """memcached drops replies it has not sent yet if its input ends within a payload."""
        if self.unframed:
            return
        self.next_phase()
        self.closes = True
        self.add(self.pick((b"x" * 3000, b"get %b" % self.key(),
                            b"set %b 0 0 10\r\nshort" % self.key(), b"mn",
                            b"ms %b 5\r\nhello\r" % self.key(), b"set %b 0 0" % self.key())))


KINDS, WEIGHTS = zip(*(
    (Stream.get, 20), (Stream.gat, 4), (Stream.storage, 20), (Stream.cas, 3), (Stream.delete, 6),
    (Stream.arithmetic, 7), (Stream.touch, 4), (Stream.local, 4), (Stream.meta, 20),
    (Stream.meta_set, 10), (Stream.meta_debug, 2), (Stream.meta_wrong, 4),
    (Stream.meta_set_wrong, 3), (Stream.storage_wrong, 4), (Stream.storage_differs, 2),
    (Stream.key_differs, 1), (Stream.read_wrong, 2), (Stream.line_wrong, 5),
    (Stream.administration, 0.5), (Stream.bad_chunk, 1), (Stream.too_large, 0.02),
    (Stream.closing, 0.5), (Stream.unfinished, 0.5)))
