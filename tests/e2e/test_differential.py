#!/usr/bin/env -S /usr/bin/python3
"""ringway beside memcached: the same random streams, the same replies, byte for byte.

A few seconds of it as a test. In search of more, and to see one stream again:
    test_differential.py build/src/ringway --streams 30000 --seed 7 [--servers 3]
    test_differential.py build/src/ringway --seed 7 --only 1234 [--servers 3]
"""

import argparse
import os
import random
import socket
import sys
import time

import cases
from processes import Config, Memcached, Processes, Ringway
from streams import Stream
from twins import Again, run, same, shrink

SECONDS = 10  # Of one run in the test suite.


class Differential:
    """Processes for it, streams through them, and a word about each difference."""

    def __init__(self, processes, binary, servers, workers=1):
        self.servers = servers
        behind = [Memcached(processes, f"web{n + 1}", options=("-m", "2048"))
                  for n in range(servers)]
        self.alone = Memcached(processes, "alone", options=("-m", "2048"))
        for server in (*behind, self.alone):
            use_up_cas_ids(server)
        self.router = Ringway(processes, binary, Config(
            behind, workers=workers, timeout="20s", pool='flush_all = "allowed"')).start()
        self.here = (self.router.host, self.router.port)
        self.there = (self.alone.host, self.alone.port)
        self.compared = self.bytes = 0

    def differences(self, streams, at_most=5, side_by_side=48):
        found = []
        for stream, ours, theirs in run(streams, self.here, self.there,
                                        side_by_side):
            self.compared += 1
            self.bytes += len(ours)
            if not same(ours, theirs, self.servers):
                found.append((stream, ours, theirs))
                if len(found) >= at_most:
                    break
        return [self.told(*difference) for difference in found]

    def once(self, stream):
        return next((ours, theirs) for _, ours, theirs in run([stream], self.here, self.there))

    def differs(self, stream):
        return not same(*self.once(stream), self.servers)

    def told(self, stream, ours, theirs):
        phases = shrink(stream, self.differs)
        again = stream
        if phases:
            again = Again(stream, phases)
            ours, theirs = self.once(again)
        lines = [f"test_differential.py RINGWAY --seed {stream.seed} --only {stream.number} "
                 f"--servers {self.servers}"]
        if not phases:
            lines.append("  alone the stream makes no difference; the whole of it:")
        for number, phase in enumerate(again.phases):
            for item in phase:
                lines.append(f"  phase {number + 1}: {shown(item[0])}")
                if item[1] != item[0]:
                    lines.append(f"     for memcached: {shown(item[1])}")
        at = max(0, len(os.path.commonprefix([ours, theirs])) - 300)
        return "\n".join([*lines, f"  ringway:   {shown(ours[at:], 2000)}",
                          f"  memcached: {shown(theirs[at:], 2000)}"])


def use_up_cas_ids(server):
    """Streams make up small cas ids, to fit nothing: each server gives them once, at first."""
    with socket.create_connection((server.host, server.port), 5) as connection:
        connection.sendall(b"set used-up 0 0 1\r\n1\r\n" * 100 + b"quit\r\n")
        while connection.recv(65536):
            continue


def shown(text, most=300):
    return repr(text[:most]) + (f"... ({len(text)} bytes)" if len(text) > most else "")


def for_seconds(seconds, seed):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        yield Stream(seed, number)
        number += 1


class TwoOfAKind(cases.EndToEnd):
    def compare(self, servers, workers):
        seed = random.randrange(1 << 30)
        pair = Differential(self.processes, cases.BINARY, servers, workers)
        self.routers.append(pair.router)
        found = pair.differences(for_seconds(SECONDS * (6 if cases.LONG else 1), seed))
        print(f"{pair.compared} streams, {pair.bytes} bytes of replies, seed {seed}")
        self.assertEqual(found, [], "\n\n".join(found))
        self.assertGreater(pair.compared, 100)

    def test_one_server_behind_ringway_cannot_be_told_from_the_server(self):
        self.compare(1, cases.worker_counts()[0])

    def test_three_servers_answer_as_one_in_the_same_order(self):
        self.compare(3, cases.worker_counts()[-1])


def explore(options):
    seed = random.randrange(1 << 30) if options.seed is None else options.seed
    numbers = [options.only] if options.only is not None else range(options.streams)
    began = time.monotonic()
    with Processes() as processes:
        pair = Differential(processes, os.path.abspath(options.binary), options.servers)
        found = pair.differences((Stream(seed, number) for number in numbers), options.at_most,
                                 options.side_by_side)
        code = pair.router.stop()
    print(*found, sep="\n\n")
    seconds = time.monotonic() - began
    print(f"{pair.compared} streams against {options.servers} server(s), seed {seed}: "
          f"{len(found)} differences, {pair.bytes} bytes of replies, {seconds:.0f} s "
          f"({pair.compared / seconds:.0f}/s), exit code {code}")
    return 1 if found or code else 0


if __name__ == "__main__":
    if "--streams" not in sys.argv and "--only" not in sys.argv:
        sys.exit(cases.main())
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("--streams", type=int, default=1)
    arguments.add_argument("--seed", type=int)
    arguments.add_argument("--servers", type=int, default=1)
    arguments.add_argument("--only", type=int, help="this stream alone")
    arguments.add_argument("--at-most", type=int, default=5, help="differences, then stop")
    arguments.add_argument("--side-by-side", type=int, default=48)
    sys.exit(explore(arguments.parse_args()))
