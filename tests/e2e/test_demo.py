#!/usr/bin/python3
"""scripts/demo as a newcomer meets it: what it prints can be pasted, and it ends what
it started, on Ctrl-C and by itself."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cases
from processes import until

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo.py"


def children_of(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


class Demo(cases.EndToEnd):
    def start(self, *options):
        self.demo = self.processes.start(
            "demo" + "-".join(options),
            [sys.executable, "-B", str(DEMO), "--ringway", cases.BINARY, *options])
        until("the demo to be up", 20, lambda: "Ctrl-C ends it." in self.output() or
              "Running for" in self.output() or self.demo.poll() is not None)
        self.assertIsNone(self.demo.poll(), self.output())
        self.children = children_of(self.demo.pid)
        self.assertEqual(len(self.children), 4, "three servers and ringway")

    def output(self):
        return self.demo.log.read_text()

    def assert_ended(self, seconds):
        self.assertEqual(self.demo.wait(seconds), 0, self.output())
        for child in self.children:
            self.assertFalse(os.path.exists(f"/proc/{child}"), self.output())

    def paste(self, pattern):
        line = re.search(pattern, self.output(), re.MULTILINE)[0]
        done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=10)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_shows_every_key_at_a_server(self):
        self.start()
        keys = re.findall(r"^  \S+ +-> web\d  127\.0\.0\.1:\d+$", self.output(), re.MULTILINE)
        self.assertEqual(len(keys), 8, self.output())

    def test_both_lines_to_paste_work_and_ctrl_c_ends_it(self):
        self.start()
        self.assertEqual(self.paste(r"printf .*$"),
                         "STORED\r\nVALUE hello 0 5\r\nworld\r\nEND\r\n")
        self.assertEqual(self.paste(r"/usr/bin/python3 -c .*$"), "b'from Python'\n")
        self.demo.send_signal(signal.SIGINT)
        self.assert_ended(10)

    def test_ends_by_itself_when_told_to(self):
        self.start("--for", "1s")
        self.assert_ended(10)

    def test_two_at_once_do_not_disturb_each_other(self):
        self.start()
        first = self.demo, self.children
        self.start("--for", "1s")
        self.assert_ended(10)
        self.demo, self.children = first
        self.assertIn("STORED", self.paste(r"printf .*$"))


if __name__ == "__main__":
    sys.exit(cases.main())
