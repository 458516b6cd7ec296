#!/usr/bin/python3
"""Fifty clients that pipeline, three real servers, every byte of every reply checked;
for one and two workers over io_uring and over epoll. --long: a minute each."""

import sys

import cases
from load import verified_load


class Load(cases.EndToEnd):
    def check(self, workers, io):
        router = self.ringway(self.memcacheds(), workers=workers, io=io, timeout="10s")
        seconds = 60 if cases.LONG else 5
        replies = verified_load((router.host, router.port), clients=50, seconds=seconds,
                                silence_max=10 * cases.SLOWNESS)
        print(f"{replies} replies, all right ", end="", flush=True)
        self.assertGreater(replies, 100 * seconds)
        self.assertEqual(router.metrics()["ringway_request_errors_total"], 0)


def add_case(workers, io):
    name = f"test_{workers}_worker{'s'[:workers > 1]}_over_{io}"
    setattr(Load, name, lambda self: self.check(workers, io))


for chosen_workers in cases.worker_counts():
    for chosen_io in cases.io_kinds():
        add_case(chosen_workers, chosen_io)


if __name__ == "__main__":
    sys.exit(cases.main())
