#!/usr/bin/python3
"""What an operator must see of the process as a whole: what runs and what is written, the last
reload, what waits for a restart, what the workers stand on; and the log's words about it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cases
from injector import Injector
from processes import is_served, until
from protocol import Client

NOT_ROOT = "only root can become somebody else"


class Reloads(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.router = self.ringway(self.memcacheds(3), workers=2)
        self.text = self.router.file.read_text()

    def reload(self, text):
        """(HTTP status, what is said) of a reload with this file."""
        self.router.file.write_text(text)
        return self.router.post("/reload")

    def metric(self, name):
        return self.router.metrics()[f"ringway_config_{name}"]

    def test_before_any_reload(self):
        status = self.router.status()
        self.assertIsNone(status["last_reload"])
        self.assertEqual(status["restart_pending"], [])
        self.assertEqual((status["file"], status["file_differs"]), (str(self.router.file), False))
        self.assertEqual(status["file_hash"], status["config_hash"])
        self.assertLess(abs(status["uptime_seconds"] - (time.time() - self.started())), 1)
        self.assertRegex(status["started_at"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual((self.metric("last_reload_ok"), self.metric("restart_pending")), (1, 0))

    def started(self):
        return self.router.metrics()["process_start_time_seconds"]

    def test_a_good_reload(self):
        before = self.router.status()
        self.assertEqual(self.reload(self.text.replace('"500ms"', '"400ms"'))[0], 200)
        status = self.router.status()
        last = status["last_reload"]
        self.assertEqual((last["outcome"], last["ok"], last["file"]),
                         ("done", True, str(self.router.file)))
        self.assertIn("timeout", last["text"])
        said = subprocess.run([self.router.binary, "diff", self.router.file, self.router.file],
                              capture_output=True, text=True, timeout=20, check=True).stdout
        self.assertIn(f"file_hash {status['file_hash']}\n", said)
        self.assertNotEqual(status["config_hash"], before["config_hash"])
        self.assertEqual(status["file_hash"], status["config_hash"])
        self.assertFalse(status["file_differs"])

    def test_what_waits_for_a_restart_is_told_and_does_not_run(self):
        before = self.router.status()
        self.assertEqual(self.reload(self.text.replace("workers = 2", "workers = 3"))[0], 200)
        status = self.router.status()
        self.assertEqual(status["restart_pending"], ["[router] workers"])
        self.assertEqual(status["config_hash"], before["config_hash"])
        self.assertNotEqual(status["file_hash"], before["file_hash"])
        self.assertFalse(status["file_differs"])
        self.assertEqual(self.metric("restart_pending"), 1)
        self.assertEqual(self.reload(self.text)[0], 200)
        status = self.router.status()
        self.assertEqual((status["restart_pending"], self.metric("restart_pending")), ([], 0))
        self.assertEqual(status["file_hash"], before["file_hash"])

    def test_after_a_refusal_the_file_on_disk_is_what_a_restart_would_take(self):
        before = self.router.status()
        moved = re.sub(r'servers = \["([^"]+)", .*\]', r'servers = ["\1"]', self.text)
        code, said = self.reload(moved)
        words = "the file on disk is not what runs: a restart would take it"
        self.assertEqual(code, 409, said)
        self.assertIn(words, said)
        until("the log to say so", 2, lambda: "error reload: " + words in self.router.log())
        status = self.router.status()
        last = status["last_reload"]
        self.assertEqual((last["outcome"], last["ok"], status["file_differs"]),
                         ("refused", False, True))
        self.assertIn(words, last["text"])
        self.assertEqual(status["config_hash"], before["config_hash"])
        # What accept_moved and `ringway diff` speak of.
        self.assertIn(f'accept_moved = "{status["file_hash"]}"', said)
        self.assertEqual(self.metric("last_reload_ok"), 0)
        success = self.metric("last_success_timestamp_seconds")
        time.sleep(1.1)
        self.assertEqual(self.reload(self.text)[0], 200)
        self.assertEqual(self.metric("last_reload_ok"), 1)
        self.assertGreater(self.metric("last_success_timestamp_seconds"), success)
        self.assertFalse(self.router.status()["file_differs"])

    def test_a_file_that_is_none_is_what_a_restart_would_fail_on(self):
        code, said = self.reload("[nonsense")
        self.assertGreaterEqual(code, 400, said)
        self.assertIn("the file on disk is not what runs, and a restart would fail on it", said)
        status = self.router.status()
        self.assertEqual((status["file_hash"], status["file_differs"]), (None, True))
        self.assertEqual(status["last_reload"]["outcome"], "failed")


class Engines(cases.EndToEnd):
    """What the workers stand on."""

    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(1)

    def engines(self, router):
        """{engine: workers} by metrics, which must agree with the rest."""
        body = router.http("/metrics")[2]
        counts = {name: int(count) for name, count in
                  re.findall(r'ringway_workers\{engine="(\w+)"\} (\d+)', body)}
        status = router.status()
        self.assertEqual(counts, {name: status["engines"].count(name)
                                  for name in ("io_uring", "epoll")})
        self.assertEqual({status["io"]}, set(status["engines"]))
        until("the log to say so", 5,
              lambda: f"workers over {status['io']} (" in router.log())
        return counts

    def test_asked_for(self):
        router = self.ringway(self.servers, workers=3, io="epoll")
        self.assertEqual(self.engines(router), {"io_uring": 0, "epoll": 3})
        self.assertEqual(router.metrics()["ringway_io_fallback"], 0)

    def limited(self, kib, workers=4):
        """ringway as somebody whose locked memory has this limit."""
        router = self.ringway(self.servers, start=False, workers=workers)
        binary = self.processes.folder / "ringway"
        if not binary.exists():
            shutil.copy(cases.BINARY, binary)
        router.binary = str(binary)
        router.wrapped_in = ["/usr/bin/prlimit", f"--memlock={kib << 10}:{kib << 10}",
                             "/usr/bin/setpriv", "--reuid=65533", "--regid=65533",
                             "--clear-groups", "--inh-caps=-all"]
        router.start()
        self.routers.append(router)
        return router

    def test_all_or_none_of_the_workers_have_io_uring(self):
        if os.geteuid() != 0:
            self.skipTest(NOT_ROOT)
        with_all = self.ringway(self.servers, workers=4)
        if self.engines(with_all)["io_uring"] != 4:
            self.skipTest("io_uring is not allowed here")
        seen = set()
        for kib in (64, 512, 1024, 2048, 4096, 8192):
            router = self.limited(kib)
            counts = self.engines(router)
            self.assertIn(counts, ({"io_uring": 4, "epoll": 0}, {"io_uring": 0, "epoll": 4}))
            fallback = counts["epoll"] > 0
            self.assertEqual(router.metrics()["ringway_io_fallback"], fallback)
            seen.add(self.reason(router))
            self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")
            router.stop()
        print(*sorted(seen), sep="; ", end=" ", flush=True)
        self.assertTrue(any(one.startswith("for ") for one in seen), "none was short for some only")

    def refused(self, error, tries):
        """(ringway of three workers whose first tries to have a ring end so, when each tried)."""
        strace = shutil.which("strace")
        if not strace:
            self.skipTest("strace, which makes a system call fail, is not installed")
        calls = self.processes.folder / "calls"
        router = self.ringway(self.servers, start=False, workers=3)
        # -D: what is started is ringway, and strace looks on.
        router.wrapped_in = [strace, "-D", "-f", "-qqq", "-ttt", "-o", str(calls),
                             "-e", "trace=io_uring_setup", "-e", "signal=none",
                             "-e", f"inject=io_uring_setup:error={error}:when=1..{tries}"]
        router.start()
        self.routers.append(router)
        tried = {}
        for thread, at in re.findall(r"(?m)^(\d+) +([\d.]+) io_uring_setup", calls.read_text()):
            tried.setdefault(thread, []).append(float(at))
        self.assertEqual(len(tried), 3, calls.read_text())
        return router, list(tried.values())

    def test_who_finds_no_memory_tries_once_more(self):
        if self.engines(self.ringway(self.servers, workers=2))["epoll"]:
            self.skipTest("io_uring is not allowed here")
        router, tried = self.refused("ENOMEM", 1)
        self.assertEqual(self.engines(router), {"io_uring": 3, "epoll": 0})
        self.assertEqual(router.metrics()["ringway_io_fallback"], 0)
        for first, second in tried:
            self.assertTrue(0.2 <= second - first < 1, tried)
        router.stop()
        router, tried = self.refused("ENOMEM", 2)
        self.assertEqual(self.engines(router), {"io_uring": 0, "epoll": 3})
        self.assertEqual(router.metrics()["ringway_io_fallback"], 1)
        self.assertIn("it found no memory", self.reason(router))
        self.assertEqual([len(times) for times in tried], [2, 2, 2])

    def test_what_is_forbidden_is_not_tried_again(self):
        router, tried = self.refused("EPERM", 1)
        self.assertEqual(self.engines(router), {"io_uring": 0, "epoll": 3})
        self.assertEqual(router.metrics()["ringway_io_fallback"], 1)
        self.assertEqual([len(times) for times in tried], [1, 1, 1])

    def reason(self, router):
        return re.search(r"workers over \w+ \((.*?)[;)]", router.log())[1]

    def test_threads_have_names_and_http_stands_behind_traffic(self):
        named = f'[pool.named]\nservers = ["localhost:{self.servers[0].port}"]'
        router = self.ringway(self.servers, workers=2, pool=named)
        tasks = Path(f"/proc/{router.pid}/task")
        nice, names = {}, []
        for task in tasks.iterdir():
            # The name is in brackets, and niceness the 17th number behind it.
            name, numbers = re.match(r"\d+ \((.*)\) (.*)", (task / "stat").read_text()).groups()
            names.append(name)
            nice[name] = int(numbers.split()[16])
        self.assertEqual(sorted(names), ["http", "http-maker", "log", "names", "ringway",
                                         "worker 0", "worker 1"])
        self.assertEqual(nice["worker 0"], nice["worker 1"])
        for http in ("http", "http-maker"):
            self.assertGreater(nice[http], nice["worker 0"], http)
        self.assertGreater(nice["http-maker"], nice["http"], "probes go before bodies")


class JsonLog(cases.EndToEnd):
    def test_what_happened_to_whom_and_why_are_fields(self):
        servers = self.memcacheds(2)
        relay = Injector(self.processes, servers[0])
        router = self.ringway([relay, servers[1]], timeout="200ms",
                              router='[log]\nformat = "json"',
                              pool='backoff_min = "1ms"\nbackoff_max = "2ms"\n[pool.web.eject]\n'
                                   'retry_after = "100ms"')
        client = self.client(router)
        relay.switch("reset")
        until("the ejection", 5, lambda: [client.ask(b"get k%d\r\n" % n) for n in range(8)]
              and router.standings()["web1"] == "ejected")
        relay.switch("pass")
        until("the readmission", 10, lambda: router.standings()["web1"] == "up")
        router.post("/reload")
        self.assertEqual(router.stop(), 0)
        lines = [json.loads(line) for line in router.log().splitlines() if line[0] == "{"]
        events = {line["event"]: line for line in lines if "event" in line}
        for name in ("started", "listening", "server_connection", "server_ejected", "server_up",
                     "reload_unchanged", "stopping", "stopped"):
            self.assertIn(name, events, lines)
        ejected = events["server_ejected"]
        self.assertEqual((ejected["pool"], ejected["server"]), ("web", "web1"))
        self.assertIn(ejected["cause"], ejected["message"])
        self.assertNotIn("cause", events["server_up"])


    # What happens below: an event, and what it must tell beside its message.
    EVENTS = {
        "started": {}, "listening": {"listener": "web"}, "stopping": {"cause": "SIGTERM"},
        "draining": {}, "stopped": {}, "signal_unused": {},
        "admin_asked": {"client": "127.0.0.1"}, "client_foreign": {"listener": "web"},
        "request_refused": {"listener": "web", "cause": "flush_all refused"},
        "state_asked": {"pool": "web", "server": "web2"},
        "server_connection": {"pool": "web", "server": "web1"},
        "reload_failed": {"cause": "unknown key"}, "reload_done": {}, "reload_scheduled": {},
        "schedule_dropped": {}, "socket_lost": {"listener": "side", "address": "unix:"},
        "sweep_failed": {"cause": "there is a folder"}, "listener_gone": {"listener": "side"},
        "reload_warning": {"cause": "warning"},
    }

    def test_every_line_is_json_with_an_event_whatever_happens(self):
        servers, path = self.memcacheds(2), self.processes.folder / "side.sock"
        router = self.ringway(servers, router='[log]\nformat = "json"\nlevel = "debug"',
                              pool=f'[listener.side]\nroute = "web"\nbind = "unix:{path}"')
        good, client = router.file.read_text(), self.client(router)
        client.ask(b"flush_all\r\n")
        with socket.create_connection((router.host, router.port)) as foreign:
            foreign.sendall(b"\x80" + 23 * b"\0")
            foreign.recv(1)
        router.process.send_signal(signal.SIGUSR2)
        router.post("/pools/web/servers/web2/state", "state=drain")
        servers[0].kill()
        until("the loss to be told", 5, lambda: [client.ask(b"get k%d\r\n" % n) for n in range(8)]
              and '"server_connection"' in router.log())
        path.unlink()
        path.mkdir()
        path.rmdir()
        until("the loss to be found", 10, lambda: '"socket_lost"' in router.log())
        until("the socket", 5, lambda: is_served(path))
        path.unlink()
        path.mkdir()
        until("that to be told", 10, lambda: '"sweep_failed"' in router.log())
        path.rmdir()
        until("the socket", 10, lambda: is_served(path))
        with Client(path):
            future = '[reload]\napply_at = 2099-01-01T00:00:00Z\n'
            for text in (good.replace("timeout", "timeuot"), good + future,
                         good + '[pool.other]\nservers = ["127.0.0.1:1"]\n',
                         re.sub(r"\[listener.side\][^\[]*", "", good)):
                router.file.write_text(text)
                router.post("/reload")
            until("its clients to be told", 5, lambda: '"listener_gone"' in router.log())
        self.assertEqual(router.stop(), 0)
        lines = [json.loads(line) for line in router.log().splitlines()]
        self.assertEqual([line for line in lines if not line.get("event")], [])
        for event, told in self.EVENTS.items():
            of_it = [line for line in lines if line["event"] == event]
            self.assertTrue(of_it, (event, lines))
            for field, part in told.items():
                self.assertTrue(any(part in line.get(field, "") for line in of_it), (field, of_it))


class LastWord(cases.EndToEnd):
    def test_the_last_line_about_a_server_that_flapped_is_how_it_stands(self):
        """Six lines in a minute in which five are allowed: the last is written at the end at the
        latest, and without an end when its minute is over."""
        servers = self.memcacheds(2)
        relay = Injector(self.processes, servers[0])
        router = self.ringway([relay, servers[1]], timeout="200ms",
                              pool='backoff_min = "1ms"\nbackoff_max = "2ms"\n[pool.web.eject]\n'
                                   'retry_after = "100ms"\n[pool.web.health]\nrise = 1')
        client, begun = self.client(router), time.monotonic()
        for _ in range(3):
            relay.switch("reset")
            until("the ejection", 5, lambda: [client.ask(b"get k%d\r\n" % n) for n in range(8)]
                  and router.standings()["web1"] == "ejected")
            relay.switch("pass")
            until("the readmission", 20, lambda: router.standings()["web1"] == "up")
        self.assertLess(time.monotonic() - begun, 50)
        until("the log to say it is ejected", 2, lambda: self.last(router)[0] == "is ejected")
        if cases.LONG:
            time.sleep(62 - (time.monotonic() - begun))
        else:
            self.assertEqual(router.stop(), 0)
        self.assertRegex("".join(self.last(router)), r"^is up again after .* \(\d+s ago\)$")

    def last(self, router):
        """(its first two words, the rest) of the last line about how it stands."""
        return re.findall(r"(?m)server web1 \S+ of pool web (is ejected|is up again)(.*)$",
                          router.log())[-1]


if __name__ == "__main__":
    sys.exit(cases.main())
