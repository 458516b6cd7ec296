#!/usr/bin/python3
"""bench/compare from the outside: it measures what it starts, says who failed, and
leaves nothing behind, however it ends.

    test_bench_harness.py COMPARE BUILD
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

COMPARE, BUILD = sys.argv.pop(1), sys.argv.pop(1)
FAKE = os.path.join(BUILD, "bench", "fake", "bench_fake")


def command(*arguments):
    """Over a fake server in the place of a proxy: no peer needs to be installed."""
    return [sys.executable, COMPARE, "--build", BUILD, "--quick", "--workload", "W7",
            "--peer", f"fake={FAKE} --listen {{listen}}", "--baseline", "fake", *arguments]


def descendants(pid):
    """Living processes whose parents lead to `pid`."""
    parents = {}
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parents[int(entry)] = int(stat.read().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
    found, frontier = set(), {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return found


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Harness(unittest.TestCase):
    def test_a_short_run_measures_and_keeps_every_burst(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.json")
            done = subprocess.run(command("--only", "fake,direct", "--json", path),
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path) as out:
                result = json.load(out)["results"][0]
        self.assertEqual(len(result["rounds"]), 3)
        self.assertGreater(result["candidates"]["fake"]["cpu_us"]["median"], 0)
        self.assertIsNone(result["candidates"]["direct"]["cpu_us"])
        self.assertIn("fake-again", result["noise"])
        self.assertIn("| fake-again", done.stdout)

    def test_a_candidate_that_cannot_start_is_named_and_the_others_go_on(self):
        done = subprocess.run(
            command("--peer", "broken=/bin/false", "--only", "fake,broken"),
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED broken", done.stdout)
        self.assertRegex(done.stdout, r"\| fake +\| \d")

    def test_a_candidate_that_answers_wrongly_is_out(self):
        wrong = f"wrong={FAKE} --listen {{listen}} --value 5000"
        done = subprocess.run(command("--peer", wrong, "--only", "fake,wrong"),
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("wrong_length", done.stdout)

    def leaves_nothing(self, number):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        run = subprocess.Popen(command("--only", "fake,direct"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TMPDIR": folder.name})
        deadline = time.monotonic() + 20
        while len(descendants(run.pid)) < 6 and time.monotonic() < deadline:
            time.sleep(0.05)
        children = descendants(run.pid)
        self.assertGreaterEqual(len(children), 6)  # Servers, two fakes, three generators.
        run.send_signal(number)
        run.wait(20)
        time.sleep(0.3)
        self.assertEqual([pid for pid in children if is_alive(pid)], [])

    def test_an_interrupt_leaves_nothing_behind(self):
        self.leaves_nothing(signal.SIGINT)

    def test_a_termination_leaves_nothing_behind(self):
        self.leaves_nothing(signal.SIGTERM)

    def test_not_even_a_kill_leaves_anything_behind(self):
        self.leaves_nothing(signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
