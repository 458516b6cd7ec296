"""The keys of the vectors: every shape that has ever been hashed differently."""
import random

TAGS = [b"{}x", b"x{}", b"a{b", b"a}b", b"a}b{c", b"user:{42}:name", b"{42}", b"{a{b}c}", b"}{a}{b}",
        b"a{}{b}", b"a$b$c", b"$$b$", b"a$b", b"$x$", b"(q)", b"a(b)c", b"){x}("]
WORDS = ["Käse", "naïve", "東京タワー", "Привет", "ключ:42", "emoji😀key", "ß", "é", "\u00ff", "日本語" * 20]


def printable(n, rng):
    return bytes(rng.randrange(0x21, 0x7f) for _ in range(n))


def any_bytes(n, rng):
    return bytes(rng.randrange(256) for _ in range(n))


def keys():
    """All keys, in a fixed order. The empty key comes first."""
    rng = random.Random(3)
    found = [b""] + [bytes([b]) for b in range(256)]
    found += TAGS + [word.encode() for word in WORDS]
    for i in range(40):
        found += [b"key:%d" % i, b"session_%x" % (i * 7919), b"slow%d" % (i * 31)]
    for n in list(range(2, 34)) + [63, 64, 65, 127, 128, 129, 240, 241, 249, 250]:
        found += [printable(n, rng), any_bytes(n, rng)]
    found += [printable(rng.randrange(4, 60), rng) for _ in range(60)]
    found += [any_bytes(rng.randrange(4, 60), rng) for _ in range(60)]
    return list(dict.fromkeys(found))


def memcached_keys():
    """Those that every memcached client may send."""
    return [k for k in keys() if 1 <= len(k) <= 250 and all(0x21 <= b != 0x7f for b in k)]
