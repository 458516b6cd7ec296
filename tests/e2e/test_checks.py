#!/usr/bin/python3
"""Servers that nobody asks: found by checks, kept out or out of sight by the file, spared
when all they lack is a free connection; and what a flapping one costs."""

import re
import sys
import time

import cases
from injector import Injector
from processes import Memcached, until
from protocol import Client, owners

SLACK_S = 0.3 * cases.SLOWNESS
PROBED_S = 1.8


def pool(extra="", eject="", **health):
    health = {"rise": 1, **health}
    return "\n".join(['connect_timeout = "300ms"', extra, "[pool.web.eject]",
                      'retry_after = "500ms"', eject, "[pool.web.health]",
                      *(f"{key} = {value}" for key, value in health.items()), ""])


def stat(server, name):
    with Client((server.host, server.port)) as client:
        client.send(b"stats\r\nmn\r\n")
        found = 0
        while (line := client.line()) != b"MN":
            if line.startswith(b"STAT " + name.encode() + b" "):
                found = int(line.split()[2])
        return found


class Checks(cases.EndToEnd):
    def test_idle_servers_that_hang_or_die_are_found_by_the_checks_that_can(self):
        servers = self.memcacheds(4)
        hung, dead = servers[:2]
        quick = {"interval": '"200ms"', "timeout": '"200ms"', "fall": 2}
        checked = self.ringway(servers, pool=pool(**quick))
        by_tcp = self.ringway(servers, pool=pool(**quick, check='"tcp"'))
        unchecked = self.ringway(servers, pool=pool(**quick, check='"off"'))
        time.sleep(0.5)  # Connected by now.
        hung.freeze()
        dead.kill()
        # Two checks, each at most 240 ms after the last and 200 (or, connecting, 300) ms long.
        until("the hung one to be found", 2 * 0.24 + 0.2 + 0.3 + SLACK_S,
              lambda: checked.standings()["web1"] == checked.standings()["web2"] == "ejected")
        until("the dead one to be found", 1 + SLACK_S,
              lambda: by_tcp.standings()["web2"] == "ejected")
        self.assertEqual(by_tcp.standings()["web1"], "up")
        self.assertEqual(set(unchecked.standings().values()), {"up"})
        self.assertEqual(unchecked.metrics()["ringway_server_checks_total"], 0)
        hung.thaw()
        dead.start()
        until("all to be back", 2 * PROBED_S + SLACK_S, lambda: all(
            set(router.standings().values()) == {"up"} for router in (checked, by_tcp)))

    def test_states_in_the_file(self):
        servers = self.memcacheds(4)
        drained, parked = servers[1:3]
        before = stat(parked, "total_connections")
        router = self.ringway(
            servers, pool=pool(interval='"200ms"', timeout='"200ms"'),
            options={"web2": 'state = "drain"', "web3": 'state = "maintenance"'})
        wanted = {"web1": "up", "web2": "drained", "web3": "maintenance", "web4": "up"}
        self.assertEqual(router.standings(), wanted)
        owner = owners(router, servers, [b"key:%d" % number for number in range(100)])
        self.assertEqual({server.name for server in owner.values()}, {"web1", "web4"})
        until("a check of the drained one", 1 + SLACK_S,
              lambda: router.metrics("web2")["ringway_server_connections"] == 1)
        time.sleep(0.5)
        self.assertEqual(router.metrics("web3")["ringway_server_connects_total"], 0)
        # owners() and the two questions asked here; not one of ringway's.
        self.assertEqual(stat(parked, "total_connections"), before + 2)
        drained.kill()
        parked.kill()
        time.sleep(0.8)
        self.assertEqual(router.standings(), wanted)

    def test_a_full_server_is_not_ejected_while_another_connection_works(self):
        full = Memcached(self.processes, "web1", options=("-c", "30"))
        servers = [full, *self.memcacheds(2)[1:]]
        router = self.ringway(servers, workers=2, pool=pool(
            'backoff_max = "100ms"', 'failures = 2\nwindow = "1s"', interval='"300ms"', fall=2))
        with Client((full.host, full.port)) as direct:
            direct.set(b"x", b"x")
            clients = [self.client(router) for _ in range(4)]
            key = next(b"k%d" % number for number in range(100)
                       if clients[0].set(b"k%d" % number, b"1") and
                       direct.get(b"k%d" % number))
        fillers = self.fill(full)
        lucky = [client for client in clients if self.value_for(client, key)]
        unlucky = [client for client in clients if client not in lucky]
        self.assertTrue(lucky and unlucky)
        refused, end = 0, time.monotonic() + 2.5
        while time.monotonic() < end:
            # Nobody asks on the connection that works: traffic does not prove it meanwhile.
            for client in unlucky:
                refused += b"too many connections" in client.ask(b"get %b\r\n" % key)
            time.sleep(0.01)
        self.assertGreater(refused, 10)
        self.assertTrue(all(self.value_for(client, key) for client in lucky))
        self.assertEqual(router.standings()["web1"], "up")
        self.assertEqual(router.metrics()["ringway_server_ejections_total"], 0)
        self.assertGreater(router.metrics("web1")["ringway_server_connection_limit_total"], 2)
        for filler in fillers:
            filler.close()
        until("everybody to get a connection", 8, lambda: all(
            self.value_for(client, key) for client in clients))

    def value_for(self, client, key):
        return client.ask(b"get %b\r\n" % key).startswith(b"VALUE")

    def fill(self, server):
        """Takes all the connections that are left."""
        taken = []
        while True:
            client = Client((server.host, server.port))
            self.addCleanup(client.close)
            try:
                if not client.ask(b"version\r\n").startswith(b"VERSION"):
                    return taken
            except ConnectionError:
                return taken
            taken.append(client)


class Flapping(cases.EndToEnd):
    def test_the_time_out_doubles_and_the_log_stays_short(self):
        servers = self.memcacheds(3)
        relay = Injector(self.processes, servers[0])
        router = self.ringway([relay, *servers[1:]], workers=2, timeout="200ms",
                              pool=pool(eject="failures = 2").replace('"500ms"', '"1500ms"'))
        owner = owners(router, servers, [b"key:%d" % number for number in range(100)])
        lost = next(key for key, server in owner.items() if server is servers[0])
        clients = [self.client(router) for _ in range(4)]
        away = []
        for _ in range(3 if cases.LONG else 2):
            relay.switch("reset")
            until("the ejection", 2 + SLACK_S,
                  lambda: self.ask_all(clients, lost) and router.standings()["web1"] == "ejected")
            begun = time.monotonic()
            relay.switch("pass")
            until("the readmission", 10, lambda: router.standings()["web1"] == "up")
            away.append(time.monotonic() - begun)
        for times, seconds in enumerate(away):
            self.assertGreater(seconds, 1.5 * 2 ** times - 0.1)
            self.assertLess(seconds, 1.5 * 2 ** times + PROBED_S + SLACK_S)

    def test_a_server_that_flaps_costs_ten_lines_a_minute(self):
        servers = self.memcacheds(2)
        relay = Injector(self.processes, servers[0])
        router = self.ringway([relay, servers[1]], workers=2, timeout="200ms",
                              pool=pool('backoff_min = "1ms"\nbackoff_max = "2ms"',
                                        eject="failures = 0"))
        clients = [self.client(router) for _ in range(4)]
        lost = [b"key:%d" % number for number in range(8)]
        relay.switch("reset")
        end = time.monotonic() + 1
        while time.monotonic() < end:
            for key in lost:
                self.ask_all(clients, key)
        self.assertGreater(router.metrics("web1")["ringway_server_connections_lost_total"], 20)
        lines = re.findall(r"^.*server web1 .*$", router.log(), re.M)
        self.assertLessEqual(len(lines), 10, lines)
        self.assertGreater(len(lines), 0)

    def ask_all(self, clients, key):
        for client in clients:
            client.send(b"get %b\r\n" % key)
        return [client.reply() for client in clients]


if __name__ == "__main__":
    sys.exit(cases.main())
