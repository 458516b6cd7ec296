#!/usr/bin/python3
"""Servers behind names, with a real resolver: they move, vanish and come back, and nobody
else's keys notice."""

import sys
import time
import unittest
from dataclasses import dataclass

import cases
from name_server import NXDOMAIN, SERVFAIL, SILENT, NameServer, why_not
from processes import Config, Memcached, Ringway, accepts, free_port, until
from protocol import ServerError

KEYS = [b"user:%d" % number for number in range(60)]
# Asked again after a second, found by control within a second, a second of back-off; and the
# machine is busy with the test itself.
SOON_S = 6 * cases.SLOWNESS


@dataclass
class Named:
    """A server as the configuration has it: by name."""

    name: str
    address: str


@unittest.skipIf(why_not(), why_not())
class Names(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.names = NameServer()
        self.addCleanup(self.names.close)
        self.port = free_port()
        self.first = Memcached(self.processes, "first", port=self.port, host="127.0.0.2")
        self.second = Memcached(self.processes, "second", port=self.port, host="127.0.0.3")
        self.other = Memcached(self.processes, "other")

    def start(self, pool=""):
        servers = [Named("moving", f"mc.test:{self.port}"), self.other]
        binary = self.names.asking(cases.BINARY, self.processes.folder)
        self.router = Ringway(self.processes, binary,
                              Config(servers, workers=cases.worker_counts()[-1], pool=pool))
        self.router.start()
        self.routers.append(self.router)
        self.through = self.client(self.router)

    def moving(self):
        return self.router.server("moving")

    def until_at(self, server):
        until(f"moving to be at {server.name}", SOON_S,
              lambda: self.moving()["resolved"] == server.address)

    def errors(self):
        """Of one read of every key."""
        count = 0
        for key in KEYS:
            try:
                self.through.get(key)
            except ServerError:
                count += 1
        return count

    def gets(self, server):
        client = self.client(server)
        return int(client.stats()[b"cmd_get"])

    def test_a_server_that_moved_is_found_when_connecting_fails(self):
        self.names.names["mc.test"] = [self.first.host]
        self.start()
        self.until_at(self.first)
        self.assertEqual(self.errors(), 0)
        self.names.names["mc.test"] = [self.second.host]
        self.first.kill()
        begun = time.monotonic()
        until("every key to be served", SOON_S, lambda: self.errors() == 0)
        self.until_at(self.second)
        print(f"moved: all well after {time.monotonic() - begun:.2f} s")
        until("moving to be up", 15, lambda: self.moving()["standing"] == "up")
        before = self.gets(self.second)
        self.assertEqual(self.errors(), 0)
        self.assertGreater(self.gets(self.second), before)
        self.router.until_logged("has moved from")

    def test_a_server_that_moved_is_found_by_asking_again(self):
        self.names.names["mc.test"] = [self.first.host]
        self.start(pool='dns_refresh = "1s"')
        self.until_at(self.first)
        self.assertEqual(self.errors(), 0)
        self.names.names["mc.test"] = [self.first.host, self.second.host, "127.0.0.1"]
        asked = len(self.names.asked)
        until("another question", SOON_S, lambda: len(self.names.asked) > asked + 1)
        self.assertEqual(self.moving()["resolved"], self.first.address)
        self.names.names["mc.test"] = [self.second.host]
        self.until_at(self.second)
        self.assertEqual(self.errors(), 0)
        self.assertEqual(self.moving()["ejections"], 0)

    def test_a_name_that_does_not_resolve_at_the_start_stops_nothing_else(self):
        self.names.names["mc.test"] = NXDOMAIN
        self.start()
        until("moving to be out", SOON_S, lambda: self.moving()["standing"] == "unresolved")
        self.assertEqual(self.errors(), 0)
        self.assertEqual(self.router.metrics()["ringway_server_unresolved"], 1)
        self.names.names["mc.test"] = [self.first.host]
        self.until_at(self.first)
        until("moving to be up", SOON_S, lambda: self.moving()["standing"] == "up")
        self.assertEqual(self.errors(), 0)
        self.assertGreater(self.gets(self.first), 0)

    def test_not_known_yet_is_not_failed(self):
        """What is asked before the first answer waits for it, within its timeout."""
        self.names.names["mc.test"] = [self.first.host]
        self.names.pause = 0.3  # Twice, for two kinds of addresses; libc waits a second.
        servers = [Named("moving", f"mc.test:{self.port}"), self.other]
        binary = self.names.asking(cases.BINARY, self.processes.folder)
        self.router = Ringway(self.processes, binary,
                              Config(servers, workers=cases.worker_counts()[-1], timeout="10s"))
        self.router.start(wait=False)
        self.routers.append(self.router)
        until("ringway to listen", 10, lambda: accepts(self.router.host, self.router.port))
        self.through = self.client(self.router, timeout=10)
        status, _, body = self.router.http("/readyz")
        self.assertEqual((status, "names" in body), (503, True), body)
        begun = time.monotonic()
        self.assertEqual(self.errors(), 0)
        self.assertLess(time.monotonic() - begun, 3 * cases.SLOWNESS)
        self.assertEqual(self.router.http("/readyz")[0], 200)
        self.assertEqual(self.router.metrics("moving")["ringway_server_connect_failures_total"], 0)

    def test_a_name_that_is_gone_costs_no_error_and_its_address_is_not_used(self):
        self.names.names["mc.test"] = [self.first.host]
        self.start(pool='dns_refresh = "1s"')
        self.until_at(self.first)
        self.names.names["mc.test"] = NXDOMAIN
        until("moving to be out", SOON_S, lambda: self.moving()["standing"] == "unresolved")
        self.assertIsNone(self.moving()["resolved"])
        before = self.gets(self.first)
        self.assertEqual(self.errors(), 0)
        self.assertEqual(self.gets(self.first), before)

    def test_without_a_name_server_the_last_address_stays(self):
        self.names.names["mc.test"] = [self.first.host]
        self.start(pool='dns_refresh = "1s"')
        self.until_at(self.first)
        for trouble in (SERVFAIL, SILENT):
            self.names.names["mc.test"] = trouble
            asked = len(self.names.asked)
            until("several questions", 30, lambda: len(self.names.asked) > asked + 3)  # noqa: B023
            self.assertEqual(self.moving()["resolved"], self.first.address)
            self.assertEqual(self.moving()["standing"], "up")
            self.assertEqual(self.errors(), 0)


if __name__ == "__main__":
    sys.exit(cases.main())
