#!/usr/bin/python3
"""What reloads cost those who do not notice them: latency at a fixed rate with a reload
every 100 ms, beside none, in turns of one run.

    bench/reload.py [--rounds 5] [--seconds 6] [--rate 10000] [--build build]

Each reload re-weights a server or takes it back, so that keys move and rings are built.
Fake servers answer any key, so every reply is verified. Latency counts from when a request
falls due (open loop): a stall is not hidden.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from fixed_rate import ROOT, FixedRate, found, free_port

QUANTILES = ("p50", "p99", "p999")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rate", type=int, default=10000)
    parser.add_argument("--servers", type=int, default=8)
    parser.add_argument("--build", default=str(ROOT / "build"))
    return parser.parse_args()


class Setup(FixedRate):
    def __init__(self, given, folder):
        super().__init__(folder, given.build, servers=given.servers)
        self.given, self.admin = given, free_port()

    def text(self, weight=1):
        servers = [f"127.0.0.1:{port}:{weight if number == 0 else 1} s{number}"
                   for number, port in enumerate(self.servers)]
        return (f'[router]\nworkers = 2\n[metrics]\nbind = "off"\n[admin]\n'
                f'bind = "127.0.0.1:{self.admin}"\n[listener.web]\n'
                f'bind = "127.0.0.1:{self.port}"\nroute = "web"\n[pool.web]\n'
                f"servers = {json.dumps(servers)}\n")

    def write(self, weight):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(self.text(weight))
        os.replace(fresh, self.file)

    def measured(self):
        return self.load(50, self.given.rate, self.given.seconds, warmup=1)


class Reloader(threading.Thread):
    """SIGHUP every 100 ms, each time with another file."""

    def __init__(self, setup):
        super().__init__()
        self.setup, self.over, self.count = setup, threading.Event(), 0

    def run(self):
        due = time.monotonic()
        while not self.over.wait(max(0, due - time.monotonic())):
            due += 0.1
            self.count += 1
            self.setup.write(1 + self.count % 2)
            self.setup.router.send_signal(signal.SIGHUP)


def spread(name, values):
    return (f"{name} {statistics.median(values):,.0f} "
            f"[{min(values):,.0f}-{max(values):,.0f}] us")


def main():
    given = arguments()
    seen = {"none": [], "every 100 ms": []}
    reloads = 0
    with tempfile.TemporaryDirectory() as name, Setup(given, Path(name)) as setup:
        for _ in range(given.rounds):
            seen["none"].append(setup.measured())
            reloader = Reloader(setup)
            reloader.start()
            seen["every 100 ms"].append(setup.measured())
            reloader.over.set()
            reloader.join()
            reloads += reloader.count
        log = (Path(name) / "log").read_text()
    done = log.count("reloaded, generation")
    print(f"{reloads} reloads asked for, {done} done; {given.rate} requests/s, 2 workers, "
          f"{given.servers} servers; "
          f"medians [least-most] of {given.rounds} rounds of {given.seconds:g} s")
    for title, results in seen.items():
        cells = [spread(q, [found(result, q) for result in results]) for q in QUANTILES]
        print(f"  reloads {title:14} {'   '.join(cells)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
