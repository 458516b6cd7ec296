#!/usr/bin/python3
"""Servers taken out and back by hand, over the admin address, under traffic: no request
fails, and what is asked for is told."""

import sys

import cases
from processes import until
from protocol import owners

KEYS = [b"user:%d" % number for number in range(90)]
SOON_S = 5 * cases.SLOWNESS


class States(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds()
        self.router = self.ringway(self.servers, workers=cases.worker_counts()[-1],
                                   pool="[pool.web.health]\ninterval = \"500ms\"")
        owner = owners(self.router, self.servers, KEYS)
        self.victim = self.servers[1]
        self.own = [key for key in KEYS if owner[key] is self.victim]
        self.through = self.client(self.router)
        self.direct = self.client(self.victim)

    def set_state(self, state):
        status, text = self.router.post(f"/pools/web/servers/{self.victim.name}/state",
                                        f"state={state}")
        self.assertEqual(status, 200, text)

    def status(self):
        return self.router.server(self.victim.name)

    def until_stands(self, standing):
        until(f"the server to be {standing}", SOON_S,
              lambda: self.status()["standing"] == standing)

    def victim_stats(self):
        return {name: int(value) for name, value in self.direct.stats().items()
                if name in (b"cmd_set", b"curr_connections")}

    def assert_all_can_be_set(self):
        for key in KEYS:
            self.assertEqual(self.through.set(key, b"x"), b"STORED\r\n")

    def test_drain_sends_keys_elsewhere_and_goes_on_checking(self):
        self.set_state("drain")
        self.until_stands("drained")
        sets = self.victim_stats()[b"cmd_set"]
        self.assert_all_can_be_set()
        self.assertEqual(self.victim_stats()[b"cmd_set"], sets)
        checks = self.status()["checks"]
        until("another check", SOON_S, lambda: self.status()["checks"] > checks)
        self.assertEqual(self.status()["state"]["by_hand"], "drain")
        self.assertEqual(self.router.metrics()["ringway_server_state_by_hand"], 1)
        pool = self.router.status()["pools"][0]
        self.assertEqual((pool["up"], pool["by_hand"], pool["out"]), (2, 1, 0))

    def test_maintenance_leaves_no_connection(self):
        self.set_state("maintenance")
        self.until_stands("maintenance")
        # Ours, and memcached counts one for its listener.
        until("its connections to end", SOON_S,
              lambda: self.victim_stats()[b"curr_connections"] <= 2)
        self.assert_all_can_be_set()
        self.assertEqual(self.victim_stats()[b"curr_connections"], 2)

    def test_auto_brings_it_back_with_nothing_stale(self):
        for key in self.own:
            self.through.set(key, b"old")
        self.set_state("maintenance")
        self.until_stands("maintenance")
        for key in self.own:
            self.through.set(key, b"new")
        until("its writes to be owed", SOON_S,
              lambda: self.status()["owed"] == len(self.own))
        self.assertEqual(self.router.metrics()["ringway_server_owed_keys"], len(self.own))
        self.set_state("auto")
        self.until_stands("up")
        self.assertEqual(self.status()["owed"], 0)
        for key in self.own:
            self.assertEqual(self.through.get(key), {}, "a stale value")
        self.assertIsNone(self.status()["state"]["by_hand"])
        metrics = self.router.metrics(self.victim.name)
        self.assertEqual(metrics["ringway_server_maintenances_total"], 1)
        self.assertEqual(metrics["ringway_server_readmissions_total"], 1)

    def test_a_place_that_becomes_free_goes_to_a_held_server(self):
        """Of three one may be out: the second to fail is held until the first leaves by hand."""
        other = self.servers[2]
        standings = self.router.standings
        for server, standing in ((self.victim, "ejected"), (other, "held")):
            server.kill()
            until(f"{server.name} to be {standing}", 3 * SOON_S,
                  lambda: standings()[server.name] == standing)  # noqa: B023
        self.set_state("maintenance")
        until("the held one to leave", SOON_S, lambda: standings()[other.name] == "ejected")
        self.assert_all_can_be_set()

    def test_one_that_fails_on_its_way_back_holds_no_keys_that_others_serve(self):
        """The guard lets one of three go: the second can only stay as it was."""
        self.set_state("maintenance")
        self.until_stands("maintenance")
        self.servers[2].kill()
        until("the third to be ejected", 3 * SOON_S,
              lambda: self.router.standings()[self.servers[2].name] == "ejected")
        self.victim.kill()
        self.set_state("auto")
        until("a probe to fail", SOON_S,
              lambda: "stays out although it is asked to be up" in self.router.log())
        self.assertEqual(self.status()["standing"], "maintenance")
        self.assert_all_can_be_set()
        self.victim.start()
        self.until_stands("up")

    def test_with_all_of_them_drained_keys_fail_and_are_counted(self):
        for server in self.servers:
            self.assertEqual(self.router.post(f"/pools/web/servers/{server.name}/state",
                                              "state=drain")[0], 200)
        until("all to be drained", SOON_S,
              lambda: set(self.router.standings().values()) == {"drained"})
        self.assertRegex(self.through.ask(b"get user:1\r\n"),
                         rb"^SERVER_ERROR ringway: server web\d .* is drained")
        metrics = self.router.metrics()
        self.assertEqual(metrics["ringway_pool_no_server_total"], 1)
        self.assertEqual(metrics["ringway_server_drains_total"], len(self.servers))

    def test_a_wrong_name_or_state_is_told_what_there_is(self):
        status, text = self.router.post("/pools/web/servers/nobody/state", "state=up")
        self.assertEqual(status, 404)
        self.assertIn(self.victim.name, text)
        status, text = self.router.post("/pools/nowhere/servers/x/state?state=up")
        self.assertEqual((status, text), (404, "no pool 'nowhere'; there are: web\n"))
        status, text = self.router.post(f"/pools/web/servers/{self.victim.name}/state?state=off")
        self.assertEqual(status, 400)
        self.assertIn("state=maintenance", text)


if __name__ == "__main__":
    sys.exit(cases.main())
