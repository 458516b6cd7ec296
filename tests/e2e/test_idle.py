#!/usr/bin/python3
"""Ten thousand clients that ask nothing cost next to nothing, also when they asked
before, and the busy ones beside them do not notice."""

import contextlib
import resource
import sys

import cases
from load import verified_load
from processes import until
from protocol import Client

IDLE = 10_000
BYTES_PER_IDLE_CLIENT = 1024
FILES_OF_OUR_OWN = 600
SIDECAR_BYTES = 16 << 20


class Idle(cases.EndToEnd):
    def setUp(self):
        if cases.SANITIZED:
            self.skipTest("a sanitizer's own memory is larger than what is measured here")
        super().setUp()

    def idle_clients(self, router, count):
        for _ in range(count):
            client = self.client(router)
            client.send(b"set k 0 0 100\r\n" + b"x" * 100 + b"\r\nget k k k\r\n")
            client.reply()
            client.reply()
            self.opened += 1

    def check(self, io):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        count = min(IDLE, most - FILES_OF_OUR_OWN)
        self.opened = 0
        router = self.ringway(self.memcacheds(), io=io, timeout="10s")
        address = (router.host, router.port)
        verified_load(address, clients=100, seconds=1)
        before = router.private_bytes()
        self.idle_clients(router, count)
        until("the router to know them all", 5,
              lambda: router.metrics()["ringway_client_connections"] >= count)
        verified_load(address, clients=100, seconds=2)
        def each():
            return (router.private_bytes() - before) / count
        # What the load needed, up to 20 MiB of it, is given back when it is over.
        with contextlib.suppress(AssertionError):
            until("load's memory to come back", 10, lambda: each() < BYTES_PER_IDLE_CLIENT)
        print(f"{count} idle clients, {each():.0f} bytes each ", end="", flush=True)
        self.assertLess(each(), BYTES_PER_IDLE_CLIENT)
        with Client(address) as one:
            self.assertIn(b"VALUE k 0 100", one.ask(b"get k\r\n"))

    def test_a_sidecar_with_few_clients_is_small(self):
        """After it has worked, too: what a burst needed goes back."""
        for io in cases.io_kinds():
            router = self.ringway(self.memcacheds(), io=io, timeout="5s")
            address = (router.host, router.port)
            fresh = router.resident_bytes()
            verified_load(address, clients=10, seconds=1)
            with Client(address) as client:
                client.set(b"large", bytes(1_000_000))
                for _ in range(30):
                    self.assertEqual(len(client.get(b"large")[b"large"]), 1_000_000)
            until("it to be small again", 10, lambda: router.resident_bytes() < SIDECAR_BYTES)
            print(f"{io}: {fresh >> 10} KiB fresh, {router.resident_bytes() >> 10} KiB after load ",
                  end="", flush=True)

    def test_idle_clients_over_io_uring(self):
        self.check("io_uring")

    def test_idle_clients_over_epoll(self):
        self.check("epoll")


if __name__ == "__main__":
    sys.exit(cases.main())
