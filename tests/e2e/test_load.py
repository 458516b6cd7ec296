#!/usr/bin/python3
"""Fifty clients that pipeline, three real servers, every byte of every reply checked;
for one and two workers over io_uring and over epoll. --long: a minute each."""

import sys

import cases
from load import verified_load


class Load(cases.EndToEnd):
    def check(self, workers, io):
        if workers not in cases.worker_counts() or io not in cases.io_kinds():
            self.skipTest("not chosen by RINGWAY_E2E_WORKERS and RINGWAY_E2E_IO")
        router = self.ringway(self.memcacheds(), workers=workers, io=io, timeout="10s")
        seconds = 60 if cases.LONG else 5
        replies = verified_load((router.host, router.port), clients=50, seconds=seconds,
                                silence_max=10 * cases.SLOWNESS)
        print(f"{replies} replies, all right ", end="", flush=True)
        self.assertGreater(replies, 100 * seconds)
        self.assertEqual(router.metrics()["ringway_request_errors_total"], 0)

    def test_one_worker_over_io_uring(self):
        self.check(1, "io_uring")

    def test_two_workers_over_io_uring(self):
        self.check(2, "io_uring")

    def test_one_worker_over_epoll(self):
        self.check(1, "epoll")

    def test_two_workers_over_epoll(self):
        self.check(2, "epoll")


if __name__ == "__main__":
    sys.exit(cases.main())
