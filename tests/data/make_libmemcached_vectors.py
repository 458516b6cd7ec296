#!/usr/bin/python3
"""Writes libmemcached.tsv: which server libmemcached's weighted ketama picks for each key.

Asks through pylibmc (Debian's python3-pylibmc) with the behaviours that twemproxy's
`distribution: ketama` equals: {"ketama_weighted": True}, which places the points by
MD5, and "hash" for the keys. Its naming rule is the same (host alone for port 11211),
so no names are given. Same format as twemproxy.tsv. Takes a few seconds.

    tests/data/make_libmemcached_vectors.py [FILE]
"""
import os
import sys

import pylibmc

from answering_servers import DIGITS, AnsweringServers
from vector_keys import memcached_keys

PORT = 26112
# Our name of a hash: pylibmc's. (libmemcached is built without hsieh.)
HASHES = {"md5": "md5", "fnv1_64": "fnv1_64", "fnv1a_64": "fnv1a_64", "fnv1_32": "fnv1_32",
          "fnv1a_32": "fnv1a_32", "one_at_a_time": "default", "crc32": "crc", "murmur": "murmur", "jenkins": "jenkins"}
LAYOUTS = {
    "two": [1] * 2,
    "ten": [1] * 10,
    "n25": [1] * 25,
    "n47": [1] * 47,
    "n61": [1] * 61,
    "weights": [1, 2, 3, 4],
    "heavy": [1, 1, 1, 5],
    "primes": [7, 13, 1, 29, 3, 111, 17],
}
MIXED_PORTS = ["127.0.7.1:11211:1", "127.0.7.2:11211:3", "127.0.7.3:%d:1" % PORT]


def servers(layout):
    if layout == "port_11211":
        return MIXED_PORTS
    return ["127.0.1.%d:%d:%d" % (i + 1, PORT, w) for i, w in enumerate(LAYOUTS[layout])]


def owners(layout, pylibmc_hash):
    client = pylibmc.Client(servers(layout), behaviors={"ketama_weighted": True})
    client.behaviors["hash"] = pylibmc_hash  # After the other, which sets it to md5.
    if not client.behaviors["ketama_weighted"] or client.behaviors["hash"] != pylibmc_hash:
        raise SystemExit("libmemcached did not take the behaviours: %r" % client.behaviors)
    digit = {server.rpartition(":")[0]: DIGITS[i] for i, server in enumerate(servers(layout))}
    return "".join(digit[client.get(key).decode()] for key in memcached_keys())


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "libmemcached.tsv")
    lines = ["# Made by make_libmemcached_vectors.py with libmemcached %s; see there for the format."
             % pylibmc.libmemcached_version]
    lines += ["key\t" + key.hex() for key in memcached_keys()]
    names = list(LAYOUTS) + ["port_11211"]
    listen = {tuple(s.split(":")[:2]) for name in names for s in servers(name)}
    with AnsweringServers(sorted((host, int(port)) for host, port in listen)):
        for name in names:
            lines.append("layout\t%s\t%s" % (name, "|".join(servers(name))))
            for ours, theirs in HASHES.items():
                lines.append("\t".join(["case", name, ours, "ketama", "-", owners(name, theirs)]))
    with open(target, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
