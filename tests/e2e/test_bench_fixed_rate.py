#!/usr/bin/python3
"""The instruments of a fixed rate from the outside: a short run of each measures, and leaves no
process behind.

    test_bench_fixed_rate.py BENCH BUILD
"""

import os
import subprocess
import sys
import unittest
from pathlib import Path

BENCH, BUILD = Path(sys.argv.pop(1)), Path(sys.argv.pop(1)).resolve()


def processes_of_build():
    """Pids of programs of this build."""
    pids = set()
    for link in Path("/proc").glob("[0-9]*/exe"):
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.startswith(str(BUILD)):
            pids.add(link.parent.name)
    return pids


class FixedRate(unittest.TestCase):
    def run_short(self, name, *words):
        before = processes_of_build()
        done = subprocess.run([sys.executable, "-B", BENCH / name, "--rounds", "1",
                               "--seconds", "1", "--rate", "1000", "--servers", "3",
                               "--build", BUILD, *words],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(processes_of_build() - before, set())
        return done.stdout

    def test_reloads_are_done_while_quantiles_are_measured(self):
        said = self.run_short("reload.py")
        self.assertRegex(said, r"^[1-9]\d* reloads asked for, [1-9]\d* done; 1000 requests/s")
        self.assertRegex(said, r"reloads every 100 ms +p50 [\d,]+ \[[\d,]+-[\d,]+\] us +p99 ")

    def test_scrapes_go_on_while_traffic_is_measured(self):
        said = self.run_short("scrapes.py")
        self.assertRegex(said, r"scraped / alone: \d+\.\d+ ")
        self.assertRegex(said, r"\n[1-9]\d* scrapes, [\d,]+ a second, 3 servers in each")


if __name__ == "__main__":
    unittest.main()
