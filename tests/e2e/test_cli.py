#!/usr/bin/python3
"""What an operator sees at the command line: answers, problems with their places, exit codes."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

import cases
from name_server import SILENT, NameServer, why_not
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
        for more in ('[admin]\ntoken_file = "/nowhere/token"', '[log]\nfile = "/dev/null/log"',
                     '[admin]\nbind = "unix:/nowhere/at/all.sock"',
                     f'[admin]\nbind = "unix:{self.processes.folder}/a.sock"\ngroup = "nobodies"',
                     f'[listener.taken]\nroute = "cache"\nbind = "unix:{self.processes.folder}"',
                     '[pool.cache]\npassword = "x"'):
            path = self.file(GOOD.replace("[pool.cache]", more if "pool" in more else
                                          more + "\n[pool.cache]"))
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

    # --- Words ---

    def test_a_mistyped_subcommand_is_told_the_likely_one(self):
        for words, likely in ((("chek", "ringway.toml"), "check"), (("relaod",), "reload"),
                              (("help", "improt"), "import")):
            code, output = self.run_ringway(*words)
            self.assertEqual(code, 1, output)
            self.assertIn(f"'{words[-2] if words[0] == 'chek' else words[-1]}' is no subcommand",
                          output)
            self.assertIn(f"did you mean '{likely}'?", output)
        self.assertIn("known here: help, run, check", self.run_ringway("zzzzzz")[1])
        self.assertIn("cannot read nowhere.toml", self.run_ringway("nowhere.toml")[1])

    def test_a_mistyped_option_is_told_the_likely_one(self):
        for words, likely in ((("check", "--pritn", "x"), "--print"),
                              (("reload", "--toekn-file=x"), "--token-file"),
                              (("--versoin",), "--version")):
            code, output = self.run_ringway(*words)
            self.assertEqual(code, 1, output)
            self.assertIn(f"did you mean '{likely}'?", output)

    def test_options_of_twemproxy_are_told_what_is_here(self):
        for words in (("-t", "-c", "n.yml"), ("-c", "n.yml"), ("--conf-file=n.yml", "-d")):
            code, output = self.run_ringway(*words)
            self.assertEqual(code, 1, output)
            self.assertIn("is an option of twemproxy: here `ringway FILE` runs", output)

    def test_help_and_version_in_every_usual_form(self):
        self.assertEqual(self.run_ringway("-V"), self.run_ringway("--version"))
        self.assertEqual(self.run_ringway("help"), self.run_ringway("--help"))
        self.assertEqual(self.run_ringway("help", "check"), self.run_ringway("check", "--help"))
        self.assertEqual(self.run_ringway("help", "check")[0], 0)

    def test_behind_two_dashes_nothing_is_an_option(self):
        path = self.file(GOOD)
        for words in ((path, "--", "-k"), (path, "--", "--json"), ("--", path, "--"),
                      (path, "--", "[a]"), ("--json", path, "--", "-k")):
            code, output = self.run_ringway("explain", *words)
            self.assertEqual(code, 0, output)
            self.assertIn(words[-1], output)
        for words in (("check", "--", path), ("import", "--", "-nowhere.yml"), ("--", path + "x")):
            self.assertNotIn("not expected", self.run_ringway(*words)[1], words)

    def test_a_full_disk_is_an_error_for_everything_that_prints(self):
        path = self.file(GOOD)
        nutcracker = self.file("a:\n  listen: 127.0.0.1:1\n  servers:\n   - h:1:1\n", "n.yml")
        router = self.ringway(self.memcacheds(1))
        admin = router.config.admin_bind
        for words in (("--help",), ("--version",), ("help", "run"), (), ("check", path),
                      ("check", "--print", path), ("import", nutcracker), ("diff", path, path),
                      ("diff", "--json", path, path), ("explain", path, "k"),
                      ("explain", "--json", path, "k"), ("explain", "--live", admin, "k"),
                      ("reload", "--live", admin),
                      ("verify", str(router.file), "--keys", "1", "--through",
                       f"{router.host}:{router.port}")):
            with self.subTest(words), open("/dev/full", "w") as full:
                done = subprocess.run([cases.BINARY, *words], stdout=full, text=True, timeout=20,
                                      stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 1)
                self.assertIn("the output could not be written", done.stderr)

    def test_output_that_nobody_wants_is_no_error(self):
        self.assertEqual(self.run_ringway("check", self.file(GOOD))[0], 0)
        done = subprocess.run(["sh", "-c", 'exec "$0" check "$1" >&-', cases.BINARY,
                               self.file("[", "bad.toml")], capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 1)

    # --- import ---

    def test_an_imported_pool_serves_with_one_server_of_three_left(self):
        servers = self.memcacheds(3)
        port = free_port()
        lines = "".join(f"   - {server.address}:1 {server.name}\n" for server in servers)
        old = self.file(f"alpha:\n  listen: 127.0.0.1:{port}\n  timeout: 200\n"
                        "  auto_eject_hosts: true\n  server_retry_timeout: 60000\n"
                        "  server_failure_limit: 0\n  servers:\n" + lines, "n.yml")
        code, toml = self.run_ringway("import", old)
        self.assertEqual(code, 0, toml)
        path = self.file('[metrics]\nbind = "off"\n[admin]\nbind = "off"\n' + toml)
        self.processes.start("imported", [cases.BINARY, path])
        until("it to listen", 10, lambda: accepts("127.0.0.1", port))
        with Client(("127.0.0.1", port)) as client:
            for server in servers[:2]:
                server.kill()

            def errors():
                return sum(client.ask(b"get k%d\r\n" % number) != b"END\r\n"
                           for number in range(60))

            until("both to be ejected, and no key to be without a server",
                  5 * cases.SLOWNESS, lambda: errors() == 0)
            self.assertEqual(errors(), 0)

    # --- reload and whom it speaks to ---

    def stranger(self, answer):
        """The address of one that answers every request so, and then says nothing more."""
        listening = socket.create_server(("127.0.0.1", 0))
        asked = []

        def serve():
            while True:
                try:
                    peer = listening.accept()[0]
                except OSError:
                    return
                peers.append(peer)
                asked.append(peer.recv(4096))
                reply = answer(asked[-1])
                peer.sendall(reply or b"")
                if reply:
                    peer.close()

        peers = []
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(lambda: [one.close() for one in (*peers, listening)])
        return f"127.0.0.1:{listening.getsockname()[1]}", asked

    def test_reload_knows_a_stranger_and_orders_nothing_of_him(self):
        token = self.file("secret\n", "token")
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
        address, asked = self.stranger(lambda _: page)
        for words in (("reload",), ("explain", "k")):
            code, output = self.run_ringway(*words, "--live", address, "--token-file", token)
            self.assertEqual(code, 1, output)
            self.assertIn("no state of a ringway; is it the [admin] bind of a running ringway?",
                          output)
        self.assertTrue(all(request.startswith(b"GET /status ") for request in asked), asked)
        self.assertNotIn(b"secret", b"".join(asked))

    def test_reload_gives_up_in_time_and_says_that_it_may_still_come_about(self):
        state = b'HTTP/1.1 200 OK\r\n\r\n{"config_hash": "0"}'
        address, asked = self.stranger(lambda request: state if b"GET" in request else None)
        begun = time.monotonic()
        code, output = self.run_ringway("reload", "--live", address, "--timeout", "300ms")
        self.assertLess(time.monotonic() - begun, 3 * cases.SLOWNESS)
        self.assertEqual(code, 1)
        self.assertIn("timed out", output)
        self.assertIn("may still come about", output)
        self.assertIn("longer than 300ms", output)
        self.assertEqual(len(asked), 2)
        for wrong in ("0s", "soon"):
            self.assertEqual(self.run_ringway("reload", "--timeout", wrong)[0], 1)

    def test_reload_has_one_time_limit_for_all_it_asks(self):
        """And orders nothing when it is over."""
        token = self.file("secret\n", "token")

        def slow(request):
            time.sleep(0.6)
            return (b'HTTP/1.1 200 OK\r\n\r\n{"config_hash": "0"}' if b"Bearer" in request else
                    b"HTTP/1.1 401 Unauthorized\r\n\r\n")

        address, asked = self.stranger(slow)
        code, output = self.run_ringway("reload", "--live", address, "--token-file", token,
                                        "--timeout", "1s")
        self.assertEqual(code, 1, output)
        self.assertIn("timed out", output)
        self.assertNotIn("may still come about", output)
        self.assertEqual([request.split()[0] for request in asked], [b"GET", b"GET"])

    def test_reload_of_the_metrics_address_is_told_so(self):
        router = self.ringway(self.memcacheds(1))
        code, output = self.run_ringway("reload", "--live", router.config.metrics_bind)
        self.assertEqual(code, 1)
        self.assertIn("answers GET /status with 404", output)

    def test_reload_says_what_is_wrong_with_the_token(self):
        token = self.file("secret\n", "token")
        router = self.ringway(self.memcacheds(1), start=False)
        text = router.config.text()
        router.config.text = lambda: text.replace("[admin]\n",
                                                  f'[admin]\ntoken_file = "{token}"\n')
        router.start()
        self.routers.append(router)
        admin = router.config.admin_bind
        self.assertIn("wants a token", self.run_ringway("reload", "--live", admin)[1])
        count = re.search(r"\nringway_admin_refused_total (\d+)", router.http("/metrics")[2])[1]
        self.assertEqual(count, "0", "to ask whether a token is wanted is no guess")
        wrong = self.file("other\n", "other")
        self.assertIn("refuses the token",
                      self.run_ringway("reload", "--live", admin, "--token-file", wrong)[1])
        self.assertEqual(
            self.run_ringway("reload", "--live", admin, "--token-file", token)[0], 0)

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
        self.assertIn("no metrics and no admin address", process.log.read_text())
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


@unittest.skipIf(why_not(), why_not())
class Lookups(cases.EndToEnd):
    def test_check_asks_all_names_at_once(self):
        names = NameServer()
        self.addCleanup(names.close)
        hosts = [f"mc-{number}.test" for number in range(12)]
        names.names = dict.fromkeys(hosts, SILENT) | {hosts[3]: ["127.0.0.1"]}
        path = self.processes.folder / "names.toml"
        path.write_text('[listener.web]\nbind = "127.0.0.1:11311"\nroute = "web"\n[pool.web]\n'
                        'servers = ["mc-{0..11}.test:11211"]\n')
        begun = time.monotonic()
        done = subprocess.run([names.asking(cases.BINARY, self.processes.folder), "check",
                               "--strict-dns", path], capture_output=True, text=True, timeout=60)
        took = time.monotonic() - begun
        print(f"12 names, 11 of them silent for a second each: {took:.2f} s")
        self.assertLess(took, 5 * cases.SLOWNESS, "of 11 s and more, one after another")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(re.findall(r"server (\S+):11211 does not resolve", done.stderr),
                         hosts[:3] + hosts[4:])


    def test_reload_waits_for_a_name_no_longer_than_it_says(self):
        names = NameServer()
        self.addCleanup(names.close)
        names.names = {"router.test": SILENT}
        done = subprocess.run([names.asking(cases.BINARY, self.processes.folder), "reload",
                               "--live", "router.test:9311", "--timeout", "200ms"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not resolve: timed out", done.stderr)


if __name__ == "__main__":
    sys.exit(cases.main())
