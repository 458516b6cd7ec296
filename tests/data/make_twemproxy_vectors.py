#!/usr/bin/python3
"""Writes twemproxy.tsv: which server the real twemproxy picks for each key.

Starts Debian's nutcracker, one process per layout of servers with one pool per hash
and distribution, in front of servers that answer with their address. Pools speak the
Redis protocol, because it carries keys of any bytes; one layout is asked in the
memcached protocol too, which must agree. Needs nutcracker in PATH; takes a few
seconds; uses loopback ports below 32768 and ends what it started.

    tests/data/make_twemproxy_vectors.py [FILE]

Lines of the file, fields separated by tabs:
    key     <hex>                                       in order
    layout  <name>  <server>|<server>|...               as twemproxy's file has them
    case    <layout>  <hash>  <distribution>  <tag or ->  <one digit of owner per key>
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

from answering_servers import DIGITS, AnsweringServers
from vector_keys import keys, memcached_keys

HASHES = ("one_at_a_time md5 crc16 crc32 crc32a fnv1_64 fnv1a_64 fnv1_32 fnv1a_32 hsieh murmur "
          "jenkins").split()
DISTRIBUTIONS = ["ketama", "modula"]
SERVER_PORT = 26111
POOL_PORT = 26200
STATS_PORT = 26199
SOCKETS = "/tmp/ringway-vectors"


def host(i):
    return "127.0.1.%d" % (i + 1)


def equal(n):
    return ["%s:%d:1" % (host(i), SERVER_PORT) for i in range(n)]


def weighted(weights, names=None):
    servers = ["%s:%d:%d" % (host(i), SERVER_PORT, w) for i, w in enumerate(weights)]
    return ["%s %s" % pair for pair in zip(servers, names)] if names else servers


LAYOUTS = {
    "one": equal(1),
    "two": equal(2),
    "three": equal(3),
    "five": equal(5),
    "ten": equal(10),
    "n25": equal(25),
    "n47": equal(47),
    "n50": equal(50),
    "n55": equal(55),
    "n61": equal(61),
    "weights": weighted([1, 2, 3, 4]),
    "heavy": weighted([1, 1, 1, 5]),
    "primes": weighted([7, 13, 1, 29, 3, 111, 17]),
    "pointless": weighted([100000, 1, 50000]),  # The second has no point on the circle.
    "names": weighted([1] * 6, ["gamma", "beta", "alpha10", "alpha9", "z", "a-longer-name"]),
    "named_weights": weighted([3, 1, 2, 5], ["cache-b", "cache-a", "c", "cache-a0"]),
    "n26_names": weighted([1] * 26, ["mc%d" % (i * 37 % 101) for i in range(26)]),
    "long_names": weighted([1, 2, 1], ["n" * 268, "m" * 272, "k" * 300]),
    # Cut to the same text, so the points of both are equal and their order decides.
    "ties": weighted([1, 1, 1], ["x" * 272 + "bb", "x" * 272 + "c", "other"]),
    "port_11211": ["127.0.7.1:11211:1", "127.0.7.2:011211:1", "127.0.7.3:%d:1" % SERVER_PORT,
                   "127.0.7.4:0%d:1" % SERVER_PORT, "127.0.7.15:11211:2"],
    "sockets": ["%s/%s.sock:%d" % (SOCKETS, name, weight)
                for name, weight in (("b", 1), ("a", 2), ("longer", 1))] + ["127.0.1.1:%d:1" % SERVER_PORT],
}


def address_of(server):
    """Where `server` of a layout listens, as the servers report it."""
    address = server.split(" ")[0].rpartition(":")[0]
    if address.startswith("/"):
        return address
    name, _, port = address.rpartition(":")
    return "%s:%d" % (name, int(port))


def pools(layout):
    """(hash, distribution, tag, protocol) of the pools of one layout."""
    for distribution in DISTRIBUTIONS:
        for name in HASHES:
            yield name, distribution, None, "redis"
        if layout in ("ten", "names"):
            for tag in ("{}", "$$", "()"):
                for name in ("fnv1a_64", "murmur"):
                    yield name, distribution, tag, "redis"
        if layout == "ten":
            for name in HASHES:
                yield name, distribution, None, "memcached"


def configuration(layout):
    text = []
    for i, (name, distribution, tag, protocol) in enumerate(pools(layout)):
        text += ["pool%d:" % i, "  listen: 127.0.0.1:%d" % (POOL_PORT + i), "  hash: " + name,
                 "  distribution: " + distribution, "  redis: " + str(protocol == "redis").lower()]
        text += ["  hash_tag: '%s'" % tag] if tag else []
        text += ["  servers:"] + ["   - " + server for server in LAYOUTS[layout]]
    return "\n".join(text) + "\n"


def redis_owners(sock, asked):
    """The addresses that answered the keys `asked`, in order."""
    sock.sendall(b"".join(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(k), k) for k in asked))
    reader = sock.makefile("rb")
    owners = []
    for key in asked:
        size = reader.readline()
        if size[:1] != b"$":
            raise SystemExit("nutcracker answered %r for %r" % (size, key))
        owners.append(reader.read(int(size[1:]) + 2)[:-2].decode())
    return owners


def memcached_owners(sock, asked):
    sock.sendall(b"".join(b"get %s\r\n" % k for k in asked))
    reader = sock.makefile("rb")
    owners = []
    for key in asked:
        if reader.readline().split(b" ")[1] != key:
            raise SystemExit("nutcracker answered another key than %r" % key)
        owners.append(reader.readline()[:-2].decode())
        reader.readline()
    return owners


def connect(port, deadline):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def ask_all(layout):
    """(pool, digits of owners) of every pool of the layout, from a running nutcracker."""
    digit = {address_of(server): DIGITS[i] for i, server in enumerate(LAYOUTS[layout])}
    deadline = time.monotonic() + 10
    for i, pool in enumerate(pools(layout)):
        with connect(POOL_PORT + i, deadline) as sock:
            if pool[3] == "redis":
                yield pool, "".join(digit[o] for o in redis_owners(sock, keys()))
            else:
                yield pool, "".join(digit[o] for o in memcached_owners(sock, memcached_keys()))


def run(layout, folder):
    path = os.path.join(folder, layout + ".yml")
    with open(path, "w") as file:
        file.write(configuration(layout))
    command = ["nutcracker", "-c", path, "-o", os.path.join(folder, "log"), "-a", "127.0.0.1",
               "-s", str(STATS_PORT), "-p", os.path.join(folder, "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return list(ask_all(layout))
    finally:
        process.kill()
        process.wait()


def check_protocols_agree(answers):
    """The memcached pools must own their keys as the Redis pools do."""
    place = {key: i for i, key in enumerate(keys())}
    redis = {pool[:3]: owners for pool, owners in answers if pool[3] == "redis"}
    for pool, owners in answers:
        if pool[3] == "memcached":
            expected = "".join(redis[pool[:3]][place[key]] for key in memcached_keys())
            if owners != expected:
                raise SystemExit("the protocols disagree on %s %s" % pool[:2])


def listen_addresses():
    found = set()
    for servers in LAYOUTS.values():
        for server in servers:
            address = address_of(server)
            if not address.startswith("/"):
                name, _, port = address.rpartition(":")
                found.add((name, int(port)))
    return sorted(found)


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "twemproxy.tsv")
    os.makedirs(SOCKETS, exist_ok=True)
    paths = [address_of(server) for server in LAYOUTS["sockets"] if server.startswith("/")]
    version = subprocess.run(["nutcracker", "-V"], capture_output=True, text=True).stderr
    lines = ["# Made by make_twemproxy_vectors.py with %s; see there for the format."
             % re.search(r"nutcracker-[\d.]+", version).group()]
    lines += ["key\t" + key.hex() for key in keys()]
    with AnsweringServers(listen_addresses(), paths), tempfile.TemporaryDirectory() as folder:
        for layout, servers in LAYOUTS.items():
            answers = run(layout, folder)
            check_protocols_agree(answers)
            lines.append("layout\t%s\t%s" % (layout, "|".join(servers)))
            for (name, distribution, tag, protocol), owners in answers:
                if protocol == "redis":
                    lines.append("\t".join(["case", layout, name, distribution, tag or "-", owners]))
            print("%s: %d pools" % (layout, len(answers)), file=sys.stderr)
    os.rmdir(SOCKETS)
    with open(target, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
