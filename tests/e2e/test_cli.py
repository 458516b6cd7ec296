#!/usr/bin/python3
"""What an operator sees at the command line: answers, problems with their places, exit codes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cases
from processes import accepts, free_port, until
from protocol import Client

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
GOOD = re.search(r"```toml\n(.*?)```", README, re.DOTALL)[1]

BAD = """[listener.web]
bind  = "127.0.0.1:11311"
route = "wbe"
[pool.web]
timeuot = "250ms"
timeout = 250
servers = ["127.0.0.1:99999"]
"""


class Cli(cases.EndToEnd):
    def run_ringway(self, *arguments):
        done = subprocess.run([cases.BINARY, *arguments], capture_output=True, text=True,
                              timeout=20, stdin=subprocess.DEVNULL)
        self.assertIsNone(cases.REPORTS.search(done.stderr), done.stderr)
        return done.returncode, done.stdout + done.stderr

    def file(self, text, name="ringway.toml"):
        path = self.processes.folder / name
        path.write_text(text)
        return str(path)

    def test_version(self):
        code, output = self.run_ringway("--version")
        self.assertEqual(code, 0)
        self.assertRegex(output, r"ringway \d+\.\d+\.\d+")

    def test_help_names_every_subcommand(self):
        code, output = self.run_ringway("--help")
        self.assertEqual(code, 0)
        for word in ("run", "check"):
            self.assertRegex(output, rf"\b{word}\b")

    def test_without_arguments_it_says_how_to_use_it(self):
        code, output = self.run_ringway()
        self.assertNotEqual(code, 0)
        self.assertIn("--help", output)

    def test_an_unknown_option_is_an_error(self):
        self.assertNotEqual(self.run_ringway("--frobnicate")[0], 0)

    def test_check_accepts_the_five_lines_of_the_readme(self):
        code, output = self.run_ringway("check", self.file(GOOD))
        self.assertEqual(code, 0, output)

    def test_check_tells_every_problem_with_its_place_and_a_hint(self):
        path = self.file(BAD)
        code, output = self.run_ringway("check", path)
        self.assertEqual(code, 1)
        lines = [int(line) for line in re.findall(re.escape(path) + r":(\d+):\d+: error", output)]
        self.assertEqual(sorted(set(lines)), [3, 5, 6, 7], output)
        self.assertEqual(lines, sorted(lines), "in order of lines")
        self.assertIn("'timeout'", output)

    def test_check_points_at_a_syntax_error(self):
        path = self.file('[pool.web\nservers = ["127.0.0.1:11211"]\n')
        code, output = self.run_ringway("check", path)
        self.assertEqual(code, 1)
        self.assertRegex(output, re.escape(path) + r":1:\d+: error")

    def test_check_of_a_file_that_is_not_there_names_it(self):
        code, output = self.run_ringway("check", "/nonexistent/ringway.toml")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent/ringway.toml", output)

    def test_run_refuses_a_bad_file_with_the_same_words_as_check(self):
        path = self.file(BAD)
        code, output = self.run_ringway("run", path)
        self.assertEqual(code, 1)
        problems = [line for line in self.run_ringway("check", path)[1].splitlines()
                    if ": error" in line]
        for problem in problems:
            self.assertIn(problem, output)

    def test_what_a_start_finds_missing_check_and_diff_find_as_well(self):
        good = self.file(GOOD, "good.toml")
        for more in ('[admin]\ntoken_file = "/nowhere/token"', '[log]\nfile = "/proc/nowhere/log"',
                     '[admin]\nbind = "unix:/nowhere/at/all.sock"', '[pool.web]\npassword = "x"'):
            path = self.file(GOOD.replace("[pool.web]", more if "pool" in more else
                                          more + "\n[pool.web]"))
            code, output = self.run_ringway("run", path)
            self.assertEqual(code, 1, output)
            problem = next(line for line in output.splitlines() if ": error: " in line)
            for words in (("check", path), ("diff", good, path)):
                code, output = self.run_ringway(*words)
                self.assertEqual(code, 1, output)
                self.assertIn(problem, output)

    def test_what_check_says_of_a_file_that_runs_is_in_the_log_too(self):
        log = self.processes.folder / "told.log"
        router = self.ringway(self.memcacheds(2), start=False)
        router.config.router += f'\n[log]\nfile = "{log}"'
        router.config.pool += 'database = 1\nhash = "crc32"\ndistribution = "ketama"'
        router.start()
        self.routers.append(router)
        output = self.run_ringway("check", str(router.file))[1]
        for words in ("'database' is not yet supported", 'hash "crc32" has only 15 bits'):
            self.assertIn(words, output)
            self.assertIn(words, router.log(), "on standard error")
            self.assertRegex(log.read_text(), rf"warning .*{words}")

    def test_a_file_alone_is_short_for_run(self):
        servers = self.memcacheds(1)
        router = self.ringway(servers, start=False)
        router.file.write_text(router.config.text())
        router.process = self.processes.start("short", [cases.BINARY, str(router.file)])
        self.routers.append(router)
        until("ringway to be ready", 10, router.is_ready)
        self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")

    def test_no_number_of_workers_is_one_per_cpu_that_it_may_use(self):
        router = self.ringway(self.memcacheds(1), workers=0, start=False)
        router.wrapped_in = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))]
        router.start()
        self.routers.append(router)
        self.assertEqual(self.client(router).stats()[b"threads"], b"1")

    def test_one_line_without_a_file_is_a_sidecar(self):
        servers, port = self.memcacheds(3), free_port()
        path = self.processes.folder / "one.sock"
        process = self.processes.start("one-line", [
            cases.BINARY, "--listen", f"127.0.0.1:{port},unix:{path}",
            "--servers", ",".join(server.address for server in servers)])
        until("it to listen", 10, lambda: accepts("127.0.0.1", port))
        keys = [b"k%d" % number for number in range(60)]
        with Client(("127.0.0.1", port)) as client, Client(path) as other:
            for key in keys:
                self.assertEqual(client.set(key, b"of-" + key), b"STORED\r\n")
            self.assertEqual(other.get(*keys), {key: b"of-" + key for key in keys})
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0, process.log.read_text())
        self.assertIsNone(cases.REPORTS.search(process.log.read_text()))

    def test_one_line_names_what_is_wrong_with_it(self):
        for arguments, hint in ((("--listen", "127.0.0.1:1"), "--servers"),
                                (("--servers", "127.0.0.1:1"), "--listen"),
                                (("--listen", "nonsense", "--servers", "127.0.0.1:1"), "nonsense")):
            code, output = self.run_ringway(*arguments)
            self.assertNotEqual(code, 0)
            self.assertIn(hint, output)


if __name__ == "__main__":
    sys.exit(cases.main())
