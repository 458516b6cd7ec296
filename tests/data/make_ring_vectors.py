#!/usr/bin/python3
"""Writes ring.tsv: which server `distribution = "ring"` picks for each key.

A second implementation of src/ring/README.md's rule, in as few lines as it takes, for
whoever wants to place keys as this program does; only the xxHash library is shared.
A key that moves here has moved for every user. Same format as twemproxy.tsv.

    tests/data/make_ring_vectors.py [FILE]
"""
import bisect
import ctypes
import ctypes.util
import os
import sys

from answering_servers import DIGITS
from vector_keys import keys

xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
xxhash.XXH3_64bits.restype = xxhash.XXH64.restype = ctypes.c_uint64
xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
xxhash.XXH64.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
MASK = 2**64 - 1


def xxh3_64(text):
    return xxhash.XXH3_64bits(text, len(text))


def xxh64(text):
    return xxhash.XXH64(text, len(text), 0)


def fnv1a_32(text):
    """With signed bytes, and widened: a 32-bit hash as it is put on the circle."""
    h = 2166136261
    for byte in text:
        h = ((h ^ (byte | 0xffffff00 if byte > 127 else byte)) * 16777619) % 2**32
    h = ((h ^ h >> 33) * 0xff51afd7ed558ccd) & MASK
    h = ((h ^ h >> 33) * 0xc4ceb9fe1a85ec53) & MASK
    return h ^ h >> 33


HASHES = {"xxh3_64": xxh3_64, "xxh64": xxh64, "fnv1a_32": fnv1a_32}
LAYOUTS = {
    "one": ["a:1:1"],
    "three": ["10.0.0.%d:11211:1" % i for i in range(3)],
    "ten": ["10.0.0.%d:11212:1" % i for i in range(10)],
    "n61": ["mc:1%03d:1 web%d" % (i, i) for i in range(61)],
    "weights": ["mc:1%03d:%d" % (w, w) for w in (3, 1, 4, 15, 9)],
    "halved": ["mc:1:4000", "mc:2:1", "mc:3:700"],
    "extreme": ["mc:1:4000000000", "mc:2:1"],
}


def member(server):
    address, _, name = server.partition(" ")
    address, _, weight = address.rpartition(":")
    return (name or address.removesuffix(":11211")).encode(), int(weight)


def circle(members):
    """Sorted (point, name, index) of all vnodes."""
    halvings = 0
    while sum(max(1, w * 1024 >> halvings) for _, w in members) > 2**20:
        halvings += 1
    return sorted((xxh3_64(b"%s-%d" % (name, i)), name, index)
                  for index, (name, weight) in enumerate(members)
                  for i in range(max(1, weight * 1024 >> halvings)))


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "ring.tsv")
    lines = ["# Made by make_ring_vectors.py; see there for the format."]
    lines += ["key\t" + key.hex() for key in keys()]
    for layout, servers in LAYOUTS.items():
        lines.append("layout\t%s\t%s" % (layout, "|".join(servers)))
        vnodes = circle([member(server) for server in servers])
        points = [point for point, _, _ in vnodes]
        for name, function in HASHES.items():
            places = [function(key) if key else 0 for key in keys()]
            owners = [vnodes[bisect.bisect_left(points, place) % len(points)][2] for place in places]
            lines.append("\t".join(["case", layout, name, "ring", "-", "".join(DIGITS[o] for o in owners)]))
    with open(target, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
