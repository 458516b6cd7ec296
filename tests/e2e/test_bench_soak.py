#!/usr/bin/python3
"""bench/soak from the outside: its verdict, by samples that are known, and a short run.

    test_bench_soak.py SOAK BUILD
"""

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

SOAK, BUILD = sys.argv.pop(1), sys.argv.pop(1)


def load():
    loader = importlib.machinery.SourceFileLoader("soak", SOAK)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


soak = load()


class Soak(unittest.TestCase):
    def test_what_grows_while_it_settles_is_no_leak(self):
        found = soak.verdict([(1, 100), (5, 900), (10, 1000), (50, 1000), (99, 1010)], 100)
        self.assertEqual(found["settled_kb"], 1000)
        self.assertAlmostEqual(found["growth"], 0.01)

    def test_a_peak_counts_although_it_went_away(self):
        found = soak.verdict([(10, 1000), (50, 1100), (99, 1000)], 100)
        self.assertGreater(found["growth"], soak.LIMIT)

    def test_slow_growth_is_found(self):
        found = soak.verdict([(second, 1000 + second) for second in range(1, 100)], 100)
        self.assertGreater(found["growth"], soak.LIMIT)

    def test_a_short_run_verifies_all_replies_and_keeps_its_samples(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "soak.json")
            done = subprocess.run(
                [sys.executable, SOAK, "--build", BUILD, "--minutes", "0.1", "--load", "0.05",
                 "--json", path], capture_output=True, text=True, timeout=90, check=False)
            self.assertIn("Memory", done.stdout, done.stderr)
            with open(path) as source:
                kept = json.load(source)
        self.assertGreaterEqual(len(kept["samples"]), 4)
        self.assertEqual({name: code for name, (code, _) in kept["words"].items()},
                         {"load-W1": 0, "load-W2": 0, "load-W4": 0, "ringway": 0})


if __name__ == "__main__":
    unittest.main()
