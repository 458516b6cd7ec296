#!/usr/bin/python3
"""Reloads that nobody notices: under load, with bad files between them, at every awkward
moment. The long form reloads 1,000 times, the short one 50.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import cases
from cases import EndToEnd, main
from processes import free_port, is_served, servers, until
from protocol import Client
from reload_load import LeavingClient, Wrong, crowd, run


class File:
    """A configuration whose parts come and go."""

    def __init__(self, base, fixed, web, alt):
        self.base = base  # processes.Config: ports
        self.fixed, self.web, self.alt = fixed, web, alt
        self.extra = None      # Another server of web: one of the last two.
        self.weight = 1
        self.first_name = "first"
        self.alt_name = "alt"
        self.route = "web"
        self.timeout = "2s"
        self.drain = "300ms"
        self.hash = "xxh3_64"
        self.hash_tag = ""
        self.side_port = None  # Another listener.
        self.more = ""

    def text(self):
        base = self.base
        web = [f"{self.web[0].address}:1 {self.first_name}",
               f"{self.web[1].address}:{self.weight} second",
               f"{self.web[2].address}:1 third"]
        if self.extra:
            web.append(f"{self.extra.address}:1 extra")
        side = ["[listener.side]", f'bind = "127.0.0.1:{self.side_port}"',
                'route = "fixed"'] if self.side_port else []
        return "\n".join([
            "[router]", f"workers = {base.workers}", f'io = "{base.io}"',
            f'drain_timeout = "{self.drain}"',
            "[metrics]", f'bind = "{base.metrics_bind}"', "[admin]", f'bind = "{base.admin_bind}"',
            "[listener.web]", f'bind = "127.0.0.1:{base.port}"', f'route = "{self.route}"',
            "[listener.fixed]", f'bind = "{base.bind[0]}"', 'route = "fixed"', *side,
            "[pool.fixed]", 'timeout = "2s"',
            f"servers = {json.dumps([s.address for s in self.fixed])}",
            f"[pool.{self.alt_name}]", 'timeout = "2s"',
            f"servers = {json.dumps([s.address for s in self.alt])}",
            "[pool.web]", f'timeout = "{self.timeout}"', f'hash = "{self.hash}"',
            f"servers = {json.dumps(web)}",
            *([f'hash_tag = "{self.hash_tag}"'] if self.hash_tag else []), self.more, ""])


BAD_FILES = {
    "syntax": lambda text: text + "\n[pool.web\n",
    "an unknown key": lambda text: text.replace("timeout =", "timeuot =", 1),
    "a route that leads nowhere": lambda text: text.replace('route = "fixed"', 'route = "nil"', 1),
    "an empty file": lambda text: "",
    "a template that lost its servers": lambda text: re.sub(
        r'(\[pool.web\]\n(?:.*\n){2})servers = .*', r'\1servers = ["127.0.0.1:1"]', text),
}


class ReloadTest(EndToEnd):
    def started(self, workers=2, **changed):
        fixed, web, alt = (self.memcacheds_named(name, count)
                           for name, count in (("fixed", 2), ("web", 5), ("alt", 2)))
        router = self.ringway(web[:3], start=False, workers=workers,
                              bind=[f"127.0.0.1:{free_port()}"])
        self.file = File(router.config, fixed, web, alt)
        for name, value in changed.items():
            setattr(self.file, name, value)
        router.config.text = self.file.text
        router.start()
        self.routers.append(router)
        return router

    def memcacheds_named(self, name, count):
        return servers(self.processes, count, prefix=name)

    def write(self, router, text=None):
        """As a careful tool does: whole or not at all."""
        fresh = router.file.with_suffix(".new")
        fresh.write_text(self.file.text() if text is None else text)
        os.replace(fresh, router.file)

    def reload(self, router, *flags):
        done = subprocess.run(
            [router.binary, "reload", "--live", router.config.admin_bind, *flags],
            capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_unchanged(self, router):
        """Whatever warnings stand before it."""
        code, said = self.reload(router)
        self.assertEqual((code, said.splitlines()[-1]), (0, "nothing has changed"))

    def reloaded(self, router, *flags):
        self.write(router)
        code, said = self.reload(router, *flags)
        self.assertEqual(code, 0, said + router.log()[-2000:])
        return said

    def generation(self, router):
        return router.status()["generation"]


def stats_of(server):
    with Client((server.host, server.port)) as client:
        client.send(b"stats\r\n")
        counts = {}
        while (line := client.line()) != b"END":
            counts[line.split()[1]] = line.split()[2]
        return counts


def total_connections(server):
    """How many connections this server has ever had, the one that asks among them."""
    return int(stats_of(server)[b"total_connections"])


def closed_connections(server):
    """How many connections this server has seen end; the one that asks is still open."""
    counts = stats_of(server)
    return int(counts[b"total_connections"]) - int(counts[b"curr_connections"])


class UnderLoad(ReloadTest):
    def change(self, number):
        """The nth change; what it undoes later differs from what it does now."""
        file, back = self.file, number // 12 % 2
        kind = number % 12
        if kind == 0:
            file.extra = file.web[3]
        elif kind == 1:
            file.weight = 1 if back else 2
        elif kind == 2:
            file.first_name = "first" if back else "erste"
        elif kind == 3:
            file.alt_name = "alt" if back else "other"
        elif kind == 4:
            file.route = "web" if back else file.alt_name
        elif kind == 5:
            file.timeout = "2s" if back else "3s"
            if not back:  # While it serves.
                file.alt_name = file.route = "serving"
        elif kind == 6:
            file.route = "web"
            file.side_port = None if back else file.side_port or free_port()
        elif kind == 7:
            file.more = "" if back else '[pool.web.health]\ninterval = "2s"\n'
        elif kind == 8:
            file.extra = file.web[4]  # Another machine of the same name.
        elif kind == 9:
            file.more = "" if back else "server_queue_max = 5000\n"
            file.hash = "xxh3_64" if back else "murmur"
        elif kind == 10:
            file.hash_tag = "" if back else "::"  # A client's keys are together then.
        else:
            file.extra = None

    def test_no_client_notices_reloads(self):
        router = self.started(workers=2)
        count = 1000 if cases.LONG else 25 if cases.SANITIZED else 50
        host, port = self.file.base.bind[0].rsplit(":", 1)
        clients = crowd((router.host, router.port), (host, int(port)))
        unchanged = [*self.file.fixed, *self.file.web[:3]]
        keeper = self.client_at(self.file.base.bind[0])
        self.assertEqual(keeper.set(b"kept", b"x"), b"STORED\r\n")
        before = [closed_connections(s) for s in unchanged]
        state = {"done": 0, "bad": 0, "process": None,
                 "until": count // 10, "joined": 0, "side": None}
        kinds = list(BAD_FILES)

        def each_round(now):
            process = state["process"]
            if process:
                if process.poll() is None:
                    return True
                said = process.stdout.read()
                good = 0 if state["expected"] else (1, 2)
                self.assertIn(process.returncode, (0,) if state["expected"] else good, said)
                process.stdout.close()
                state["process"] = None
                state["done"] += 1
                self.join_side(clients, state)
            if state["done"] >= state["until"]:
                return False
            number = state["done"]
            state["expected"] = number % 10 != 9
            if state["expected"]:
                self.change(number - number // 10)
                self.write(router)
            else:
                kind = kinds[number // 10 % len(kinds)]
                self.write(router, BAD_FILES[kind](self.file.text()))
                state["bad"] += 1
            state["process"] = subprocess.Popen(
                [router.binary, "reload", "--live", router.config.admin_bind, *(
                    ["--accept-moved"] if state["expected"] else [])],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            return True

        try:
            run(clients, each_round)
            warm = self.bytes_at_rest(router)
            state["until"] = count
            run(clients, each_round)
        except Wrong as wrong:
            self.fail(f"{wrong}\n{router.log()[-3000:]}")
        after = [closed_connections(s) for s in unchanged]
        leaving = [client for client in clients if isinstance(client, LeavingClient)]
        left = state["joined"] - len(leaving)
        clients = [client for client in clients if client not in leaving]
        self.assertEqual(len(clients), 200)
        self.assertGreater(left, 0)
        self.assertGreaterEqual(left, state["joined"] - 10, "of a listener that is gone")
        grown = self.bytes_at_rest(router) - warm
        for client in clients:
            client.socket.sendall(b"version\r\n")
            client.socket.setblocking(True)
            client.socket.settimeout(5)
            self.assertTrue(client.socket.recv(100).startswith(b"VERSION"))
            client.socket.close()
        self.assertEqual(keeper.get(b"kept"), {b"kept": b"x"})
        metrics = router.metrics()
        print(f"{count} reloads, {state['bad']} of them of bad files; 200 clients heard "
              f"{sum(c.replies for c in clients)} replies, {sum(c.missing for c in clients)} keys "
              f"were missing; {left} more were closed with their listener; memory grew by "
              f"{grown // 1024} KiB after the first {count // 10}, looked at without load")
        self.assertEqual(metrics["ringway_config_reload_failures_total"], state["bad"])
        self.assertEqual(metrics["ringway_request_errors_total"], 0)
        # The first look was a connection, too.
        closed = [b - a - 1 for a, b in zip(before, after)]
        self.assertEqual(closed, [0] * len(unchanged), "servers that every file had")
        # Fifty are too few to tell a small leak from a first time.
        most = 1 << 20 if cases.LONG else 4 << 20
        self.assertLess(grown, most if not cases.SANITIZED else 1 << 30)

    def join_side(self, clients, state):
        """Ten clients for a listener that has come; they are closed when it goes."""
        before, state["side"] = state["side"], self.file.side_port
        if self.file.side_port in (None, before):
            return
        clients += [LeavingClient(1000 + state["joined"] + number,
                                  ("127.0.0.1", self.file.side_port)) for number in range(10)]
        state["joined"] += 10

    def bytes_at_rest(self, router):
        """What load needs comes and goes: it is given back within seconds."""
        looks = []
        for _ in range(4):
            time.sleep(1)
            looks.append(router.private_bytes())
        return min(looks)

    def client_at(self, bind):
        host, port = bind.rsplit(":", 1)
        client = Client((host, int(port)))
        self.addCleanup(client.close)
        return client


def descriptors(router):
    """What is open, but for connections: these come and go."""
    connections = set()
    with open("/proc/net/tcp") as source:
        for line in list(source)[1:]:
            state, inode = line.split()[3], line.split()[9]
            if state != "0A":  # It listens.
                connections.add(f"socket:[{inode}]")
    folder, count = f"/proc/{router.pid}/fd", 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(f"{folder}/{name}") not in connections
    return count


class AllOrNothing(ReloadTest):
    def test_a_bad_file_changes_nothing_and_is_told_with_its_place(self):
        router = self.started()
        good = self.file.text()
        for what, spoil in BAD_FILES.items():
            with self.subTest(what):
                self.write(router, spoil(good))
                code, said = self.reload(router)
                self.assertIn(code, (1, 2), said)
                self.assertEqual(self.generation(router), 1)
                if code == 1:
                    self.assertRegex(said, r"ringway1\.toml(:\d+:\d+)?: error: ")
        failures = router.metrics()["ringway_config_reload_failures_total"]
        self.assertEqual(failures, len(BAD_FILES))
        until("the log to say so", 5, lambda: "error: " in router.log())
        os.remove(router.file)
        self.assertEqual(self.reload(router)[0], 1)
        self.assertIn("cannot read", self.reload(router)[1])
        self.write(router)
        self.assert_unchanged(router)

    def test_every_problem_is_told_at_once(self):
        router = self.started()
        self.write(router, self.file.text() + "\nnonsense = 1\n[listener.more]\nbind = 5\n")
        code, said = self.reload(router)
        self.assertEqual(code, 1)
        self.assertGreaterEqual(said.count("error: "), 2, said)

    def test_a_taken_address_keeps_the_old_snapshot_whole(self):
        router = self.started()
        self.file.side_port = self.file.alt[0].port
        self.file.weight = 3
        path, free = router.file.parent / "free.sock", free_port()
        self.file.more = ('[listener.free]\nroute = "web"\n'
                          f'bind = ["127.0.0.1:{free}", "unix:{path}"]\n'
                          '[listener.other]\nroute = "web"\n'
                          f'bind = "127.0.0.1:{self.file.alt[1].port}"\n')
        self.write(router)
        self.reload(router)  # Whatever the first one needs stays open.
        open_files = descriptors(router)
        for _ in range(3):
            code, said = self.reload(router)
            self.assertEqual(code, 1)
            self.assertEqual(said.count("another program listens there"), 2, "not all are told")
        # What could be opened is closed again.
        until("as many files as before", 5, lambda: descriptors(router) == open_files)
        self.assertFalse(path.exists())
        self.assertRaises(OSError, Client, ("127.0.0.1", free))
        self.assertEqual(self.generation(router), 1)

    def test_a_socket_that_somebody_removed_is_made_anew_with_its_new_mode(self):
        router = self.started()
        first, lost = (router.file.parent / f"{name}.sock" for name in ("first", "lost"))
        side = "".join(f'[listener.{path.stem}]\nbind = "unix:{path}"\nroute = "fixed"\n'
                       'mode = "%s"\n' for path in (first, lost))
        self.file.more = side % ("0666", "0666")
        self.reloaded(router)
        lost.unlink()
        self.file.more = side % ("0600", "0600")
        self.reloaded(router)
        until("the socket to be served again", 5, lambda: is_served(lost))
        modes = [path.stat().st_mode & 0o777 for path in (first, lost)]
        self.assertEqual((self.generation(router), modes), (3, [0o600, 0o600]))
        with Client(lost) as client:
            self.assertTrue(client.ask(b"version\r\n").startswith(b"VERSION"))

    def test_an_own_address_in_the_way_is_named(self):
        router = self.started()
        port, text = router.config.port, self.file.text()
        wide = text.replace(f'"127.0.0.1:{port}"', f'"0.0.0.0:{port}"')
        self.write(router, wide)
        code, said = self.reload(router)
        self.assertEqual(code, 1)
        self.assertIn(f"cannot listen on 0.0.0.0:{port}: listener web of this ringway still has "
                      f"127.0.0.1:{port}\n  take it away by a reload of its own", said)
        self.assertNotIn("another program", said)
        # As it says: without it first, and then as it is wanted.
        self.write(router, text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}"))
        self.assertEqual(self.reload(router)[0], 0)
        self.write(router, wide)
        self.assertEqual(self.reload(router)[0], 0)
        metrics = router.config.metrics_bind
        self.write(router, wide.replace(f'"{metrics}"', f'"127.0.0.1:{free_port()}"')
                   + f'[listener.new]\nroute = "web"\nbind = "{metrics}"\n')
        code, said = self.reload(router)
        self.assertEqual(code, 1)
        self.assertIn(f"[metrics] of this ringway has {metrics} until a restart", said)

    def test_the_interlock_names_what_would_allow_it(self):
        router = self.started()
        self.write(router, BAD_FILES["a template that lost its servers"](self.file.text()))
        code, said = self.reload(router)
        self.assertEqual(code, 2, said)
        accepted = re.search(r'accept_moved = "(\w{16})"', said)
        self.assertTrue(accepted, said)
        fresh = router.file.with_suffix(".new")
        fresh.write_text(router.file.read_text() +
                         f'[reload]\naccept_moved = "{accepted[1]}"\n')
        os.replace(fresh, router.file)
        self.assertEqual(self.reload(router)[0], 0)
        self.assertEqual(router.status()["config_hash"], accepted[1])

    def test_accept_moved_is_for_once(self):
        router = self.started()
        whole = self.file.text()
        self.write(router, BAD_FILES["a template that lost its servers"](whole))
        self.assertEqual(self.reload(router, "--accept-moved")[0], 0)
        self.write(router, whole)
        self.assertEqual(self.reload(router)[0], 0)
        self.write(router, BAD_FILES["a template that lost its servers"](whole))
        self.assertEqual(self.reload(router)[0], 2)

    def test_what_needs_a_restart_is_told_and_left(self):
        router = self.started()
        text = self.file.text().replace("workers = 2", "workers = 1")
        self.file.timeout = "3s"
        text = text.replace('timeout = "2s"', 'timeout = "3s"')
        self.write(router, text)
        code, said = self.reload(router)
        self.assertEqual(code, 0)
        self.assertIn("left as it was until a restart: [router] workers", said)
        self.assertEqual(router.status()["workers"], 2)
        self.assertEqual(router.status()["generations"], [2, 2])


class Asking(ReloadTest):
    def test_a_storm_of_hups_becomes_few_reloads(self):
        router = self.started()
        for number in range(200):
            if number % 20 == 0:
                self.file.weight = 1 + number // 20 % 2
                self.write(router)
            os.kill(router.pid, signal.SIGHUP)
        self.file.timeout = "9s"
        self.write(router)
        os.kill(router.pid, signal.SIGHUP)
        until("the last to count", 10, lambda: "timeout" in router.log())
        # One that finds nothing new is one, too.
        reloads = len(re.findall("reloaded, generation|nothing has changed", router.log()))
        self.assertLess(reloads, 60)
        self.assert_unchanged(router)

    def test_a_hup_with_an_unchanged_file_changes_nothing(self):
        router = self.started()
        client = self.client(router)
        for number in range(100):
            self.assertEqual(client.set(b"k%d" % number, b"v"), b"STORED\r\n")
        before = [total_connections(s) for s in self.file.web]
        self.assertTrue(all(router.metrics(n)["ringway_server_connections"] > 0
                            for n in ("first", "second", "third")))
        os.kill(router.pid, signal.SIGHUP)
        until("it to be said", 5, lambda: "nothing has changed" in router.log())
        self.assertEqual(self.generation(router), 1)
        for number in range(100):
            self.assertEqual(client.set(b"k%d" % number, b"v"), b"STORED\r\n")
        after = [total_connections(s) for s in self.file.web]
        self.assertEqual(after, [count + 1 for count in before])  # The look itself.

    def test_usr1_reloads_nothing(self):
        router = self.started()
        self.file.weight = 2
        self.write(router)
        os.kill(router.pid, signal.SIGUSR1)
        time.sleep(0.3)
        self.assertEqual(self.generation(router), 1)

    def test_watch_sees_a_symlink_swap(self):
        router = self.started()
        self.file.more = '[reload]\nwatch = "100ms"\n'
        folders = [router.file.parent / name for name in ("one", "two")]
        data = router.file.parent / "data"
        for folder in folders:
            folder.mkdir()
        (folders[0] / "x.toml").write_text(self.file.text())
        data.symlink_to(folders[0])
        router.file.unlink()
        router.file.symlink_to(data / "x.toml")
        self.assertEqual(self.reload(router)[0], 0)
        self.file.weight = 3
        (folders[1] / "x.toml").write_text(self.file.text())
        fresh = router.file.parent / "data.new"
        fresh.symlink_to(folders[1])
        os.replace(fresh, data)
        until("the change to be seen", 10, lambda: self.generation(router) == 3)

    def test_apply_at_waits_for_its_second(self):
        router = self.started()
        at = int(time.time()) + 3
        self.file.weight = 2
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        self.file.more = f"[reload]\napply_at = {date}\n"
        self.write(router)
        code, said = self.reload(router)
        self.assertEqual(code, 0)
        self.assertIn(f"applies at {date}: ", said)
        self.assertEqual((self.generation(router), router.status()["apply_at"]), (1, date))
        until("it to apply", 6, lambda: self.generation(router) == 2)
        self.assertGreaterEqual(time.time(), at)
        self.assertLess(time.time(), at + 2)
        self.assertIsNone(router.status()["apply_at"])

    def test_a_file_of_servers_is_read_again(self):
        router = self.started()
        names = router.file.parent / "web.servers"
        lines = [f"{server.address}:1 {name}  # one of them" for server, name in zip(
            self.file.web, ("first", "second", "third"))]
        names.write_text("\n".join(["# all", "", *lines, ""]))
        text = re.sub(r"(\[pool.web\]\n(?:.*\n){2})servers = .*",
                      r'\1servers_file = "web.servers"', self.file.text())
        self.write(router, text)
        self.assertEqual(self.reload(router)[0], 0)
        names.write_text("\n".join([*lines, f"{self.file.web[3].address}:1 extra"]))
        code, said = self.reload(router)
        self.assertEqual(code, 0)
        self.assertIn("1 server added", said)
        names.write_text(lines[0])
        self.assertEqual(self.reload(router)[0], 2)


class Listeners(ReloadTest):
    def side(self):
        return self.client_at(f"127.0.0.1:{self.file.side_port}")

    def client_at(self, bind):
        host, port = bind.rsplit(":", 1)
        client = Client((host, int(port)))
        self.addCleanup(client.close)
        return client

    def test_a_new_one_serves_and_a_removed_one_lets_its_clients_go_between_requests(self):
        router = self.started()
        self.file.side_port, self.file.drain = free_port(), "3s"
        self.reloaded(router)
        idle, half, port = self.side(), self.side(), self.file.side_port
        self.assertEqual(idle.set(b"k", b"v"), b"STORED\r\n")
        half.send(b"set half 0 0 10\r\n01234")
        self.file.side_port = None
        self.reloaded(router)
        self.assertRaises(OSError, Client, ("127.0.0.1", port))
        # For a moment both go on as if nothing had happened.
        self.assertEqual(idle.get(b"k"), {b"k": b"v"})
        self.assertEqual(idle.rest(), b"")
        time.sleep(0.5)
        half.send(b"56789\r\n")
        self.assertEqual(half.reply(), b"STORED\r\n")
        self.assertEqual(half.rest(), b"")
        until("it to be forgotten", 5, lambda: len(router.status()["listeners"]) == 2)

    def test_a_removed_one_is_served_on_its_old_route(self):
        router = self.started()
        self.file.drain = "3s"
        text = self.file.text()
        port = free_port()
        gone = (f'[listener.gone]\nbind = "127.0.0.1:{port}"\nroute = "gone"\n[pool.gone]\n'
                f'servers = ["{self.file.web[3].address}"]\n')
        self.write(router, text + gone)
        self.assertEqual(self.reload(router)[0], 0)
        client = self.client_at(f"127.0.0.1:{port}")
        self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")
        self.write(router, text)
        self.assertEqual(self.reload(router)[0], 0)
        self.assertEqual(client.get(b"k"), {b"k": b"v"})
        with Client((self.file.web[3].host, self.file.web[3].port)) as direct:
            self.assertEqual(direct.get(b"k"), {b"k": b"v"})
        client.close()
        until("pool and listener to be forgotten", 10,
              lambda: "gone" not in json.dumps({**router.status(), "last_reload": None}))
        until("its counters to end", 10, lambda: 'pool="gone"' not in router.http("/metrics")[2])

    def test_a_renamed_listener_keeps_its_clients_for_good(self):
        router = self.started()
        client = self.client(router)
        self.write(router, self.file.text().replace("[listener.web]", "[listener.other]"))
        self.assertEqual(self.reload(router)[0], 0)
        time.sleep(0.6)
        self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")

    def test_an_address_in_another_spelling_stays_open(self):
        router = self.started()
        client, port = self.client(router), router.config.port
        self.write(router, self.file.text().replace(f'"127.0.0.1:{port}"', f'"127.0.0.1:0{port}"'))
        code, said = self.reload(router)
        self.assertEqual(code, 0, said)
        time.sleep(0.6)
        self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")


class WhatSurvives(ReloadTest):
    def server(self, router, name):
        return router.server(name)

    def set_state(self, router, name, state):
        status, text = router.post(f"/pools/web/servers/{name}/state", f"state={state}")
        self.assertEqual(status, 200, text)

    def keys_of(self, router, server, count=200):
        """Keys of pool web that live on this server."""
        client = self.client(router)
        keys = [b"own:%d" % number for number in range(count)]
        for key in keys:
            self.assertEqual(client.set(key, b"first"), b"STORED\r\n")
        with Client((server.host, server.port)) as direct:
            found = direct.get(*keys)
        self.assertTrue(found)
        return list(found)

    def test_a_state_set_by_hand(self):
        router = self.started()
        self.set_state(router, "second", "maintenance")
        until("it to be out", 5, lambda: self.server(router, "second")["standing"] == "maintenance")
        for weight, name in ((2, "first"), (1, "erste"), (1, "first")):
            self.file.weight, self.file.first_name = weight, name
            self.reloaded(router, "--accept-moved")
            self.assertEqual(self.server(router, "second")["standing"], "maintenance")
        self.set_state(router, "second", "auto")
        until("it to be back", 5, lambda: self.server(router, "second")["standing"] == "up")

    def test_a_server_that_never_joined_can_be_drained_and_no_key_moves(self):
        router = self.started(more='[pool.web.eject]\nmode = "error"\n')
        client = self.client(router)
        keys = [b"key:%d" % number for number in range(200)]
        for key in keys:
            self.assertEqual(client.set(key, b"x"), b"STORED\r\n")
        self.file.web[3].kill()
        self.file.extra = self.file.web[3]
        self.reloaded(router, "--accept-moved")
        for state in ("drain", "maintenance", "up"):
            self.set_state(router, "extra", state)
            time.sleep(0.3)
            self.assertEqual(self.server(router, "extra")["standing"], "joining", state)
            for key in keys:
                self.assertEqual(client.get(key), {key: b"x"}, state)
        self.set_state(router, "extra", "drain")
        self.file.web[3].start()
        time.sleep(0.5)
        self.assertEqual(self.server(router, "extra")["standing"], "joining")
        self.set_state(router, "extra", "auto")
        until("it to join", 20, lambda: self.server(router, "extra")["standing"] == "up")
        self.assertEqual(router.metrics("extra")["ringway_server_joins_total"], 1)
        router.until_logged("does not join: its state is drain")

    def test_an_ejection_and_what_is_owed_meanwhile(self):
        router = self.started(more="""[pool.web.eject]
retry_after = "1s"
[pool.web.health]
interval = "500ms"
timeout = "300ms"
""", timeout="200ms")
        victim = self.file.web[1]
        keys = self.keys_of(router, victim)
        client = self.client(router)
        victim.freeze()
        until("it to be ejected", 20, lambda: self.ejected_by(client, router, keys))
        # Stored by a stand-in: what its home holds is old from now on.
        for key in keys:
            self.assertEqual(client.set(key, b"second"), b"STORED\r\n")
        owed = self.server(router, "second")["owed"]
        self.assertEqual(owed, len(keys))
        # The guard of this pool lets one go; reloads fall on every moment of its probes.
        for number in range(12):
            self.file.weight = 1 + number % 2
            self.file.first_name = "first" if number % 3 else "erste"
            self.reloaded(router, "--accept-moved")
            self.assertEqual(self.server(router, "second")["standing"], "ejected")
            self.assertGreaterEqual(self.server(router, "second")["owed"], owed)
            time.sleep(0.15)
        self.file.weight, self.file.first_name = 1, "first"
        self.reloaded(router, "--accept-moved")
        victim.thaw()
        until("it to be back", 20, lambda: self.server(router, "second")["standing"] == "up")
        for key in keys:
            self.assertNotEqual(client.get(key).get(key), b"first", "stale")
        self.assertEqual(router.metrics()["ringway_server_ejections_total"], 1)

    def ejected_by(self, client, router, keys):
        client.ask(b"get " + keys[0] + b"\r\n")
        return self.server(router, "second")["standing"] == "ejected"

    def test_counters(self):
        router = self.started()
        client = self.client(router)
        for number in range(50):
            client.set(b"k%d" % number, b"v")
        before = router.metrics()["ringway_requests_total"]
        self.file.weight, self.file.timeout = 3, "5s"
        self.reloaded(router)
        self.assertEqual(router.metrics()["ringway_requests_total"], before)
        client.set(b"k", b"v")
        self.assertEqual(router.metrics()["ringway_requests_total"], before + 1)


class Trickling:
    """A server whose value comes byte by byte, and never ends."""

    def __init__(self):
        self.asked, self.left = threading.Event(), threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            data = b""
            while b"get " not in data:
                fresh = connection.recv(4096)
                if not fresh:
                    return
                data += fresh
                if data.startswith(b"version\r\n"):
                    connection.sendall(b"VERSION 1.6.0\r\n")
                    data = data[9:]
            key = data.split(b"get ")[1].split()[0]
            connection.sendall(b"VALUE %b 0 1000\r\n" % key)
            self.asked.set()
            with contextlib.suppress(OSError):
                for _ in range(100):
                    connection.sendall(b"x")
                    time.sleep(0.15)
                return
            self.left.set()

    def close(self):
        self.socket.close()


class AwkwardMoments(ReloadTest):
    def test_a_server_that_goes_finishes_what_it_owes(self):
        router = self.started()
        self.file.extra, self.file.timeout = self.file.web[3], "20s"
        self.reloaded(router, "--accept-moved")
        client = self.client(router)
        keys = [b"k%d" % n for n in range(100)]
        until("the new server to have its keys", 5, lambda: self.extra_has(client, keys))
        self.file.extra.freeze()
        client.send(b"".join(b"get %b\r\n" % key for key in keys))
        time.sleep(0.1)
        gone, self.file.extra = self.file.extra, None
        self.reloaded(router, "--accept-moved")
        gone.thaw()
        for _ in keys:
            reply = client.reply()
            self.assertNotIn(b"ERROR", reply)

    def test_a_server_that_goes_and_never_ends_its_value_is_left_in_time(self):
        """It is never silent: a byte comes now and then."""
        slow = Trickling()
        self.addCleanup(slow.close)
        router = self.started()
        self.file.drain = "1s"
        text = self.file.text()
        port = free_port()
        more = (f'[listener.slow]\nbind = "127.0.0.1:{port}"\nroute = "slow"\n[pool.slow]\n'
                'timeout = "1s"\nread_retries = 0\nservers = [%s]\n'
                '[pool.slow.health]\ncheck = "off"\n')
        self.write(router, text + more % f'"{slow.address}", "{self.file.web[3].address}"')
        self.assertEqual(self.reload(router, "--accept-moved")[0], 0)
        client = Client(("127.0.0.1", port))
        self.addCleanup(client.close)
        client.send(b"".join(b"get k%d\r\n" % n for n in range(20)))
        self.assertTrue(slow.asked.wait(5))
        self.write(router, text + more % f'"{self.file.web[3].address}"')
        begun = time.monotonic()
        self.assertEqual(self.reload(router, "--accept-moved")[0], 0)
        self.assertTrue(slow.left.wait(6), "its connection is still open")
        self.assertGreater(time.monotonic() - begun, 0.5)

    def extra_has(self, client, keys):
        for key in keys:
            self.assertEqual(client.set(key, b"v"), b"STORED\r\n")
        with Client((self.file.extra.host, self.file.extra.port)) as direct:
            return bool(direct.get(*keys))

    def test_with_a_server_down(self):
        router = self.started()
        self.file.web[1].kill()
        client = self.client(router)
        for number in range(200):
            client.set(b"k%d" % number, b"v")
        for weight in (2, 1, 2):
            self.file.weight = weight
            self.reloaded(router)
        ejected = [s for p in router.status()["pools"] for s in p["servers"] if not s["live"]]
        self.assertLessEqual(len(ejected), 1)
        self.file.web[1].start()

    def test_during_a_drain(self):
        router = self.started()
        self.file.drain = "5s"
        self.reloaded(router)
        client = self.client(router)
        client.send(b"set k 0 0 2\r\n")
        os.kill(router.pid, signal.SIGTERM)
        time.sleep(0.05)
        code, said = self.reload(router)
        self.assertEqual((code, "stopping" in said or "cannot ask" in said), (1, True), said)
        client.send(b"ok\r\n")
        self.assertEqual(client.reply(), b"STORED\r\n")
        self.assertEqual(router.process.wait(10), 0)

    def test_while_a_client_is_in_the_middle_of_a_value(self):
        """Its server leaves the file, and its pool gets another name, between two pieces."""
        router = self.started(timeout="20s")
        self.file.extra = self.file.web[3]
        self.reloaded(router, "--accept-moved")
        client, reader = self.client(router), self.client(router)
        value = bytes(range(256)) * 4000
        keys = [b"big%d" % n for n in range(40)]
        until("the new server to have its keys", 5, lambda: self.extra_has(client, keys))
        with Client((self.file.extra.host, self.file.extra.port)) as direct:
            mine = list(direct.get(*keys))[:6]
        for key in mine:
            self.assertEqual(client.set(key, value), b"STORED\r\n")
        reader.send(b"get " + b" ".join(mine) + b"\r\n")
        first = reader.socket.recv(100)
        self.file.extra = None
        self.reloaded(router, "--accept-moved")
        writer = self.client(router)
        writer.send(b"set half 0 0 1000000\r\n" + bytes(400_000))
        text = self.file.text().replace("[pool.web", "[pool.net").replace(
            'route = "web"', 'route = "net"')
        self.write(router, text)
        self.assertEqual(self.reload(router, "--accept-moved")[0], 0)
        writer.send(bytes(600_000) + b"\r\n")
        self.assertEqual(writer.reply(), b"STORED\r\n")
        expected = b"".join(b"VALUE %b 0 %d\r\n%b\r\n" % (key, len(value), value)
                            for key in mine) + b"END\r\n"
        rest = bytearray(first)
        while len(rest) < len(expected):
            rest += reader.socket.recv(1 << 20)
        self.assertEqual(rest, expected)
        self.assertEqual(reader.set(b"k", b"v"), b"STORED\r\n")


class InPlace(ReloadTest):
    def test_checks_are_turned_on_and_become_more_frequent(self):
        router = self.started(more='[pool.web.health]\ncheck = "off"\n')
        client = self.client(router)
        for number in range(50):
            client.set(b"k%d" % number, b"v")
        self.file.more = '[pool.web.health]\ninterval = "200ms"\n'
        self.reloaded(router)
        until("checks", 10, lambda: router.server("second")["checks"] >= 3)
        self.file.more = '[pool.web.health]\ncheck = "off"\n'
        self.reloaded(router)
        time.sleep(0.3)
        checks = router.server("second")["checks"]
        time.sleep(0.7)
        self.assertEqual(router.server("second")["checks"], checks)

    def test_the_level_of_the_log(self):
        router = self.started(more='[log]\nlevel = "warning"\n')
        self.file.weight = 2
        self.reloaded(router)
        self.assertNotIn("generation 2", router.log())
        self.file.more = ""
        self.reloaded(router)
        until("it to be told again", 5, lambda: "generation 3" in router.log())

    def test_the_mode_of_a_unix_socket(self):
        router = self.started()
        path = router.file.parent / "side.sock"
        side = f'[listener.side]\nbind = "unix:{path}"\nroute = "fixed"\nmode = "%s"\n'
        self.file.more = side % "0666"
        self.reloaded(router)
        inode = path.stat().st_ino
        self.assertEqual(path.stat().st_mode & 0o777, 0o666)
        self.file.more = side % "0600"
        self.reloaded(router)
        self.assertEqual((path.stat().st_mode & 0o777, path.stat().st_ino), (0o600, inode))


if __name__ == "__main__":
    raise SystemExit(main())
