#!/usr/bin/python3
"""Failing servers under verified load: ejected in time for all workers at once, their keys
elsewhere meanwhile, readmitted without a stale value, and nobody else's keys touched."""

import itertools
import socket
import struct
import sys
import time

import cases
from fault_load import FaultLoad
from injector import Injector
from processes import Memcached, until
from protocol import Client, owners

# Shorter than the defaults, so that the suite is short; the bounds below follow from them.
POOL = """
connect_timeout = "300ms"
[pool.web.eject]
retry_after = "500ms"
[pool.web.health]
rise = 1
"""
TIMEOUT_S, CONNECT_TIMEOUT_S = 0.2, 0.3
# Three refused attempts with two back-offs of 50 and 100 ms between them, +-50%.
KILLED_S = 1.5 * (0.05 + 0.1)
# One request's time, two attempts to connect, and those back-offs.
FROZEN_S = TIMEOUT_S + 2 * CONNECT_TIMEOUT_S + 1.5 * (0.05 + 0.1)
# The first probe comes after a second; then one each 1.5 s, +-20%.
PROBED_S = 1.8
SLACK_S = 0.3 * cases.SLOWNESS
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


class UnderLoad(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds()
        self.victim = self.servers[1]
        self.router = self.ringway(self.servers, workers=2, timeout="200ms", pool=POOL)
        self.load = FaultLoad((self.router.host, self.router.port))
        self.owner = owners(self.router, self.servers, list(self.load.keys))
        self.load.begin(self.owner)
        self.load.run(0.1)
        before = self.load.replies
        self.load.run(0.3)
        self.per_second = (self.load.replies - before) / 0.3

    def standing(self):
        return self.router.standings()[self.victim.name]

    def harm(self, how):
        self.load.harmed.add(self.victim.name)
        how()
        return time.monotonic()

    def ejected_within(self, seconds, harmed_at):
        """Until it is ejected; from then on nobody hears an error."""
        self.load.run_until("the ejection", seconds + SLACK_S,
                            lambda: self.standing() == "ejected")
        # What was asked before has its answer after a timeout at most.
        self.load.run(TIMEOUT_S + 0.1)
        count = len(self.load.errors)
        self.assertLess(self.load.errors[-1][0] - harmed_at, seconds + TIMEOUT_S + SLACK_S)
        # Errors come faster than answers of servers; its keys are a third of all.
        in_flight = len(self.load.clients) * self.load.depth
        self.assertLess(count, in_flight + self.per_second * (seconds + SLACK_S))
        self.assertLess(self.load.slowest_error, TIMEOUT_S + SLACK_S)
        self.load.run(0.5)
        self.assertEqual(self.load.errors[count:], [])

    def readmitted(self):
        self.load.run_until("the readmission", PROBED_S + SLACK_S, lambda: self.standing() == "up")
        self.load.run(0.1)
        self.load.healed(self.victim.name)
        self.load.run(0.5)
        self.load.finish()
        self.assertEqual(self.router.server(self.victim.name)["owed"], 0)

    def assert_all_at_home(self):
        """What is written now is where it was before, and nowhere else up to date."""
        keys = list(self.owner)[::7]
        with Client((self.router.host, self.router.port)) as client:
            for key in keys:
                self.assertEqual(client.set(key, b"home again"), b"STORED\r\n")
        for server in self.servers:
            with Client((server.host, server.port)) as direct:
                for key in keys:
                    at_home = direct.get(key).get(key) == b"home again"
                    self.assertEqual(at_home, self.owner[key] is server, (key, server.name))

    def test_a_killed_server_is_ejected_and_comes_back(self):
        self.ejected_within(KILLED_S, self.harm(self.victim.kill))
        self.victim.start()
        self.readmitted()
        self.assert_all_at_home()

    def test_a_frozen_server_is_ejected_and_comes_back(self):
        self.ejected_within(FROZEN_S, self.harm(self.victim.freeze))
        self.victim.thaw()
        self.readmitted()
        self.assert_all_at_home()

    def test_a_server_restarted_at_once_is_not_ejected(self):
        self.harm(lambda: (self.victim.kill(), self.victim.start()))
        self.load.run(1)
        self.load.healed(self.victim.name)
        self.load.run(0.3)
        self.load.finish()
        self.assertNotIn("is ejected", self.router.log())
        self.assert_all_at_home()


class WrittenAllTheTime(cases.EndToEnd):
    """Behind a slow network something new is owed with every answer to what was owed."""

    def test_a_server_comes_back_while_its_keys_are_written(self):
        servers = self.memcacheds()
        slow = Injector(self.processes, servers[1])
        router = self.ringway([servers[0], slow, servers[2]], timeout="2s", pool=POOL)
        numbers = itertools.count()
        client = self.client(router)
        slow.switch("refuse")

        def standing():
            for _ in range(50):
                client.send(b"".join(b"set key:%d 0 0 1 noreply\r\nx\r\n" % next(numbers)
                                     for _ in range(4)) + b"mn\r\n")
                client.line()
            return router.standings()[slow.name]

        until("the ejection", 5 * cases.SLOWNESS, lambda: standing() == "ejected")
        slow.switch("delay", seconds=0.15)
        until("the readmission", 8 * cases.SLOWNESS, lambda: standing() == "up")
        slow.switch("pass")
        until("all that is owed to be there", 3 * cases.SLOWNESS,
              lambda: router.server(slow.name)["owed"] == 0)


class Impatient(cases.EndToEnd):
    """Clients that wait less than ringway's timeout and then reset their connection."""

    def test_a_hung_server_is_found_though_nobody_waits_for_it(self):
        servers = self.memcacheds()
        router = self.ringway(servers, timeout="200ms",
                              pool=POOL.replace("rise = 1", 'rise = 1\ncheck = "off"'))
        victim = servers[1]
        owner = owners(router, servers, [b"key:%d" % number for number in range(50)])
        own = next(key for key, server in owner.items() if server is victim)
        victim.freeze()

        def asked_in_vain():
            with Client((router.host, router.port)) as client:
                client.send(b"get %b\r\n" % own)
                time.sleep(0.02)
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return router.standings()[victim.name] == "ejected"

        until("the ejection", FROZEN_S + 2 * SLACK_S + 1, asked_in_vain)
        victim.thaw()


class Owed(cases.EndToEnd):
    def test_what_was_refused_between_two_tries_is_owed_too(self):
        servers = self.memcacheds()
        pool = 'backoff_min = "400ms"\nbackoff_max = "400ms"\n' + POOL
        router = self.ringway(servers, timeout="200ms", pool=pool)
        victim = servers[1]
        owner = owners(router, servers, [b"key:%d" % number for number in range(200)])
        own = [key for key, server in owner.items() if server is victim]
        client = self.client(router)
        for key in own:
            client.set(key, b"old")
        victim.freeze()
        said = []
        while len(own) > 1 and router.standings()[victim.name] == "up":
            said.append(client.ask(b"delete %b\r\n" % own[-1]))
            if b"next try in" in said[-1]:
                break
            own.pop()
        self.assertIn(b"next try in", said[-1])
        refused = own[-1]
        until("the ejection", 5 * cases.SLOWNESS,
              lambda: client.ask(b"touch %b 0\r\n" % own[0])
              and router.standings()[victim.name] == "ejected")
        victim.thaw()
        until("the readmission", 5 * cases.SLOWNESS,
              lambda: router.standings()[victim.name] == "up")
        self.assertEqual(client.get(refused), {}, "a stale value")


# What each router is told about its pool, and whether it has the backup.
MODES = {
    "rehash": ("", False),
    "backup": ('mode = "backup"', True),
    "none-left": ('mode = "backup"', False),
    "none-left-error": ('mode = "backup"\nthen = "error"', False),
    "error": ('mode = "error"', False),
    "miss": ('mode = "error"', False),
    "keep": ('on_readmit = "keep"', False),
}


class Mode(cases.EndToEnd):
    """One server is frozen before routers of every mode at once; each has keys of its own."""

    def setUp(self):
        super().setUp()
        self.members = self.memcacheds(4)
        self.backup = Memcached(self.processes, "spare")
        self.victim = self.members[2]
        self.routers_by_mode, self.through = {}, {}
        self.lost, self.safe = {}, {}
        for mode, (rule, backed) in MODES.items():
            servers = [*self.members, self.backup] if backed else self.members
            pool = POOL.replace("[pool.web.eject]", "[pool.web.eject]\n" + rule)
            router = self.ringway(servers, timeout="200ms", options={"spare": "backup = true"},
                                  pool='on_read_error = "miss"\n' * (mode == "miss") + pool)
            keys = [b"%b:%d" % (mode.encode(), number) for number in range(60)]
            owner = owners(router, self.members, keys)
            self.assertEqual(len(owner), len(keys))  # A backup has none of them.
            self.lost[mode] = [key for key in keys if owner[key] is self.victim]
            self.safe[mode] = [key for key in keys if owner[key] is not self.victim]
            self.routers_by_mode[mode], self.through[mode] = router, self.client(router)
        self.victim.freeze()
        until("all to eject it", FROZEN_S + SLACK_S, self.asked_and_all_say("ejected"))

    def asked_and_all_say(self, standing):
        def condition():
            for mode, client in self.through.items():
                client.send(b"get %b\r\n" % self.lost[mode][0])
            for client in self.through.values():
                client.reply()
            return all(router.standings()[self.victim.name] == standing
                       for router in self.routers_by_mode.values())
        return condition

    def where(self, keys):
        """{key: names of the live servers that have it}"""
        found = {key: [] for key in keys}
        for server in [*self.members, self.backup]:
            if server is not self.victim:
                with Client((server.host, server.port)) as direct:
                    for key in direct.get(*keys):
                        found[key].append(server.name)
        return found

    def assert_refused_at_once(self, mode, request):
        begun = time.monotonic()
        reply = self.through[mode].ask(request)
        self.assertRegex(reply, rb"^SERVER_ERROR ringway: server web3 \(.*is ejected")
        # As opposed to after a timeout; other programs on the machine hold up any answer.
        self.assertLess(time.monotonic() - begun, 0.75 * TIMEOUT_S * cases.SLOWNESS)

    def check_meanwhile(self):
        for mode, client in self.through.items():
            with self.subTest(mode, what="keys of live servers stay where they are"):
                for key in self.safe[mode]:
                    self.assertEqual(client.get(key), {key: b"of-" + key})
        for mode in ("rehash", "none-left", "keep"):
            with self.subTest(mode):
                for key in self.lost[mode]:
                    self.assertEqual(self.through[mode].set(key, b"moved"), b"STORED\r\n")
                places = list(self.where(self.lost[mode]).values())
                self.assertTrue(all(len(names) == 1 for names in places), places)
                self.assertEqual({name for names in places for name in names},
                                 {"web1", "web2", "web4"})
        with self.subTest("backup takes exactly the keys of the ejected server"):
            for key in self.lost["backup"]:
                self.assertEqual(self.through["backup"].set(key, b"moved"), b"STORED\r\n")
            self.assertEqual(set(map(tuple, self.where(self.lost["backup"]).values())),
                             {("spare",)})
            self.assertNotIn(["spare"], self.where(self.safe["backup"]).values())
        for mode in ("error", "none-left-error"):
            with self.subTest(mode):
                self.assert_refused_at_once(mode, b"get %b\r\n" % self.lost[mode][0])
                self.assert_refused_at_once(mode, b"set %b 0 0 1\r\nx\r\n" % self.lost[mode][0])
                self.assert_refused_at_once(mode, b"delete %b\r\n" % self.lost[mode][1])
        with self.subTest("miss"):
            client, (lost, other, *_), safe = (self.through["miss"], self.lost["miss"],
                                               self.safe["miss"][0])
            self.assertEqual(client.get(lost), {})
            self.assertEqual(client.get(lost, safe, other), {safe: b"of-" + safe})
            self.assertEqual(client.ask(b"mg %b v k O7\r\n" % lost), b"EN k%b O7\r\n" % lost)
            self.assert_refused_at_once("miss", b"set %b 0 0 1\r\nx\r\n" % lost)
            self.assert_refused_at_once("miss", b"md %b\r\n" % other)

    def check_afterwards(self):
        """The first key of each was written meanwhile, the second deleted, the last left alone.
        rehash and backup wrote all before: they delete what they wrote."""
        for mode, client in self.through.items():
            with self.subTest(mode):
                written, deleted = self.lost[mode][:2]
                kept = mode == "keep"
                self.assertEqual(client.get(written), {written: b"of-" + written} if kept else {})
                self.assertEqual(client.get(deleted), {deleted: b"of-" + deleted} if kept else {})
                if mode in ("error", "miss", "none-left-error"):
                    untouched = self.lost[mode][-1]
                    self.assertEqual(client.get(untouched), {untouched: b"of-" + untouched})
                self.assertEqual(client.set(written, b"at home"), b"STORED\r\n")
                with Client((self.victim.host, self.victim.port)) as direct:
                    self.assertEqual(direct.get(written), {written: b"at home"})

    def test_keys_go_where_the_mode_says_and_come_home_without_a_stale_one(self):
        self.check_meanwhile()
        for mode, client in self.through.items():
            client.set(self.lost[mode][0], b"meanwhile")
            client.delete(self.lost[mode][1])
        self.victim.thaw()
        until("all to readmit it", PROBED_S + SLACK_S, self.asked_and_all_say("up"))
        self.check_afterwards()


class Guard(cases.EndToEnd):
    """Half of a pool may leave the ring, never the last; the others are held."""

    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(4)
        self.keys = [b"guard:%d" % number for number in range(60)]

    def ask_all(self, router, client):
        client.send(b"".join(b"get %b\r\n" % key for key in self.keys))
        for _ in self.keys:
            client.reply()
        return sorted(router.standings().values())

    def times_of_errors(self, client):
        """In seconds, the shortest first."""
        times = []
        for key in self.keys:
            begun = time.monotonic()
            self.assertRegex(client.ask(b"get %b\r\n" % key),
                             rb"^SERVER_ERROR ringway: server web\d .* is held: it refused")
            times.append(time.monotonic() - begun)
        return sorted(times)

    def test_all_down_half_are_ejected_the_others_held_and_all_fails_at_once(self):
        wanted = {2: ["ejected", "held"], 3: ["ejected", "held", "held"],
                  4: ["ejected", "ejected", "held", "held"]}
        routers = {count: self.ringway(self.servers[:count], pool=POOL) for count in wanted}
        clients = {count: self.client(router) for count, router in routers.items()}
        for server in self.servers:
            server.kill()
        for count, router in routers.items():
            until(f"the guard over {count}", KILLED_S + SLACK_S,
                  lambda: self.ask_all(router, clients[count]) == wanted[count])  # noqa: B023
            # The log has a thread of its own: its line may come a moment after the standing.
            held = "is held in the ring although it refused the connection"
            until("the log to say so", SLACK_S, lambda: held in router.log())  # noqa: B023
            self.assertEqual(router.metrics()["ringway_server_holds_total"],
                             wanted[count].count("held"))
        for count, client in clients.items():
            # Whatever ringway waits for, each of them would wait for, however often; other
            # programs on the machine hold up some, or all for a while.
            for _ in range(10):
                times = self.times_of_errors(client)
                fast, middle = times[len(times) // 10], times[len(times) // 2]
                if fast < 0.001 * cases.SLOWNESS and middle < 0.02 * cases.SLOWNESS:
                    break
            self.assertLess(fast, 0.001 * cases.SLOWNESS)
            self.assertLess(middle, 0.02 * cases.SLOWNESS)
        for server in self.servers:
            server.start()
        for count, router in routers.items():
            until(f"all {count} to be back", 2 * PROBED_S + SLACK_S,
                  lambda: set(router.standings().values()) == {"up"})  # noqa: B023
            for key in self.keys:
                self.assertEqual(clients[count].set(key, b"x"), b"STORED\r\n")

    def test_a_held_server_is_ejected_when_another_comes_back(self):
        router = self.ringway(self.servers[:3], pool=POOL)
        client = self.client(router)
        for server in self.servers[:2]:
            server.kill()
        until("one out, one held", KILLED_S + SLACK_S,
              lambda: self.ask_all(router, client) == ["ejected", "held", "up"])
        ejected = next(name for name, how in router.standings().items() if how == "ejected")
        next(server for server in self.servers if server.name == ejected).start()
        until("the other one to be let out", PROBED_S + SLACK_S,
              lambda: self.ask_all(router, client) == ["ejected", "up", "up"])
        for key in self.keys:
            self.assertEqual(client.set(key, b"x"), b"STORED\r\n")


if __name__ == "__main__":
    sys.exit(cases.main())
