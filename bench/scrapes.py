#!/usr/bin/python3
"""What a scraper that never pauses costs traffic: p99 at a fixed rate beside it, over p99
without it, in pairs; and the same ratio of two turns without it, the twin.

    bench/scrapes.py [--rounds 16] [--seconds 3] [--rate 5000] [--build build]

ringway has one CPU and one worker; who asks and who scrapes share another one. Each round
has three turns, in changing order: alone, scraped, alone again. Latency counts from when a
request falls due (open loop).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from fixed_rate import ROOT, FixedRate, found, free_port

SCRAPER = """
import os, socket, sys
os.nice(19)
count = 0
try:
    while True:
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as one:
            one.sendall(b"GET /metrics HTTP/1.0\\r\\n\\r\\n")
            while one.recv(1 << 20):
                pass
        count += 1
except KeyboardInterrupt:
    print(count)
"""


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--tools", help="the build folder of load and fakes, if another")
    return parser.parse_args()


class Setup(FixedRate):
    def __init__(self, given, folder):
        super().__init__(folder, given.build, given.tools)
        self.given, self.metrics = given, free_port()
        self.cpu = {"ringway": 0, "others": 1}

    def text(self):
        servers = [f"127.0.0.1:{self.servers[0]}:1 s{number}"
                   for number in range(self.given.servers)]
        return (f'[metrics]\nbind = "127.0.0.1:{self.metrics}"\n[admin]\nbind = "off"\n'
                f'[listener.web]\nbind = "127.0.0.1:{self.port}"\nroute = "web"\n[pool.web]\n'
                f"servers = {json.dumps(servers)}\n")

    def alone(self):
        return found(self.load(20, self.given.rate, self.given.seconds, warmup=0.5), "p99")

    def scraped(self):
        words = self.on("others", [sys.executable, "-c", SCRAPER, str(self.metrics)])
        scraper = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        p99 = self.alone()
        scraper.send_signal(2)
        return p99, int(scraper.communicate()[0])


def median_of(values):
    return f"{statistics.median(values):.3f} [{min(values):.3f}-{max(values):.3f}]"


def main():
    given = arguments()
    alone, ratios, twins, scrapes = [], [], [], 0
    with tempfile.TemporaryDirectory() as name, Setup(given, Path(name)) as setup:
        for number in range(given.rounds):
            seen = {}
            for turn in [(0, 1, 2), (2, 0, 1), (1, 2, 0)][number % 3]:
                if turn == 1:
                    seen[turn], count = setup.scraped()
                    scrapes += count
                else:
                    seen[turn] = setup.alone()
            alone.append(seen[0])
            ratios.append(seen[1] / seen[0])
            twins.append(seen[2] / seen[0])
    print(f"p99 alone, median of {given.rounds} rounds: {statistics.median(alone):,.0f} us")
    print(f"scraped / alone: {median_of(ratios)}")
    print(f"alone / alone:   {median_of(twins)}")
    rate = scrapes / (given.rounds * (given.seconds + 0.5))
    print(f"{scrapes} scrapes, {rate:,.0f} a second, {given.servers} servers in each")


if __name__ == "__main__":
    sys.exit(main())
