#!/usr/bin/python3
"""ringway before ringway: a sidecar before two routers of a central tier. One that is alive and
reaches none of its servers is ejected and comes back; one dead server behind it ejects nobody."""

import sys
import threading
import time

import cases
from processes import until
from protocol import Client

# Shorter than the defaults, so that the suite is short.
CENTRAL = """
connect_timeout = "300ms"
[pool.web.eject]
retry_after = "500ms"
[pool.web.health]
rise = 1
"""
SIDECAR = CENTRAL + 'interval = "300ms"\n'
# Three refused attempts of a central one with the back-offs between them until its server is out,
# of each of its servers; the guard holds the last one in the same time. Then the sidecar asks it,
# at the latest a quarter of a second after it last proved to be well.
LOST_S = 1.5 * (0.05 + 0.1) + 0.25
SLACK_S = cases.SLOWNESS
# Of a central one's servers: the first probe comes after a second, the next 1.5 s or 2 s later.
PROBED_S = 1.2 + 2.4
KEYS = [b"key:%d" % number for number in range(300)]


class Tier:
    """A router as a server of another one."""

    def __init__(self, router, name):
        self.router, self.name = router, name
        self.address = f"{router.host}:{router.port}"


class Load:
    """Clients that set and get keys one after another, and note what fails."""

    def __init__(self, router, keys, clients=4):
        self.router, self.keys = router, keys
        self.errors, self.done, self.over = [], 0, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True)
                        for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        with Client((self.router.host, self.router.port)) as client:
            while not self.over.is_set():
                for key in self.keys[number::len(self.threads)]:
                    self.note(client.ask(b"set %b 0 0 1\r\nx\r\n" % key))
                    self.note(client.ask(b"get %b\r\n" % key))
                    if self.over.is_set():
                        break

    def note(self, reply):
        self.done += 1
        if b"ERROR" in reply:
            self.errors.append((time.monotonic(), reply))

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Tiers(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.loads = []

    def tearDown(self):
        for load in self.loads:
            load.end()
        super().tearDown()

    def begin(self, central=CENTRAL, sidecar=SIDECAR, **options):
        self.behind = [self.memcacheds(3) for _ in range(2)]
        self.tiers = [Tier(self.ringway(servers, timeout="300ms", pool=central, **options),
                           f"central{number + 1}")
                      for number, servers in enumerate(self.behind)]
        self.sidecar = self.ringway(self.tiers, timeout="500ms", pool=sidecar)

    def load(self, keys=KEYS):
        load = Load(self.sidecar, keys)
        self.loads.append(load)
        until("the load to run", 5, lambda: load.done > 500)
        self.assertEqual(load.errors, [])
        return load

    def lose_all(self):
        for server in self.behind[0]:
            server.kill()
        return time.monotonic()

    def standing(self):
        return self.sidecar.standings()["central1"]

    def ejections(self):
        return self.sidecar.metrics()["ringway_server_ejections_total"]

    def errors_since(self, load, begun):
        return [reply for at, reply in load.errors if at > begun]

    def version_of(self, tier):
        with Client((tier.router.host, tier.router.port)) as client:
            return client.ask(b"version\r\n")

    def test_one_that_reaches_nobody_is_ejected_and_comes_back(self):
        for workers in cases.worker_counts():
            with self.subTest(workers=workers):
                self.begin(workers=workers)
                load = self.load()
                lost_at = self.lose_all()
                until("the ejection", LOST_S + SLACK_S, lambda: self.standing() == "ejected")
                print(f"ejected after {time.monotonic() - lost_at:.2f} s, "
                      f"{len(load.errors)} of {load.done} requests failed")
                time.sleep(0.3)
                begun = time.monotonic()
                time.sleep(1)
                self.assertEqual(self.errors_since(load, begun), [])
                self.assertEqual(self.version_of(self.tiers[0]),
                                 b"SERVER_ERROR ringway: pool web has no server that takes "
                                 b"traffic\r\n")
                self.assertRegex(self.version_of(self.tiers[1]), rb"^VERSION 1\.6\.18 ringway-")
                self.sidecar.until_logged(r'server central1 \(.*\) of pool web is ejected: it says '
                                 r'.*ringway: pool web has no server that takes traffic')
                for server in self.behind[0]:
                    server.start()
                until("the readmission", PROBED_S + 2.4 + SLACK_S, lambda: self.standing() == "up")
                # One that is up makes it able; the others are back a moment later.
                until("its servers to be back", PROBED_S + SLACK_S,
                      lambda: set(self.tiers[0].router.standings().values()) == {"up"})
                time.sleep(0.3)
                begun = time.monotonic()
                time.sleep(0.5)
                load.end()
                self.assertEqual(self.errors_since(load, begun), [])
                self.assertEqual(self.ejections(), 1)

    def test_with_no_traffic_its_checks_tell(self):
        self.begin()
        self.lose_all()
        # Its own servers are found out by checks, too; three of 5 s where nobody asks.
        with Client((self.tiers[0].router.host, self.tiers[0].router.port)) as direct:
            until("it to know", 5, lambda: [direct.ask(b"get %b\r\n" % key) for key in KEYS[:30]]
                  and b"ERROR" in self.version_of(self.tiers[0]))
        until("the ejection", 3 * 0.36 + SLACK_S, lambda: self.standing() == "ejected")

    def test_where_it_tells_its_failures_as_misses_its_checks_tell(self):
        self.begin(central='on_read_error = "miss"\n' + CENTRAL)
        load = self.load()
        self.lose_all()
        until("the ejection", LOST_S + 3 * 0.36 + SLACK_S, lambda: self.standing() == "ejected")
        load.end()

    def test_one_dead_server_behind_each_ejects_nobody_whatever_is_asked(self):
        # Their keys fail for as long as they are away.
        self.begin(central=CENTRAL.replace("[pool.web.eject]", '[pool.web.eject]\nmode = "error"'))
        for servers in self.behind:
            servers[0].kill()
        with Client((self.sidecar.host, self.sidecar.port)) as client:
            def errors():
                replies = {key: client.ask(b"get %b\r\n" % key) for key in KEYS}
                return {key: reply for key, reply in replies.items() if b"ERROR" in reply}
            until("both to have found out", 3 * cases.SLOWNESS,
                  lambda: all(b"is ejected" in reply for reply in errors().values()))
            dead = errors()
            self.assertTrue(len(KEYS) / 6 < len(dead) < len(KEYS) / 2, len(dead))
            load = self.load([key for key in KEYS if key not in dead])
            for _ in range(5):
                for key in dead:
                    self.assertIn(b"is ejected", client.ask(b"get %b\r\n" % key))
            load.end()
            self.assertEqual(load.errors, [])
            # And where nobody asks for anything else.
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                for key in dead:
                    self.assertIn(b"is ejected", client.ask(b"get %b\r\n" % key))
        metrics = self.sidecar.metrics()
        self.assertEqual(metrics["ringway_server_ejections_total"], 0)
        self.assertEqual(metrics["ringway_server_holds_total"], 0)
        # It is not asked after each row of errors.
        self.assertLess(metrics["ringway_server_checks_total"], 2 * 20 * cases.SLOWNESS)

    def test_one_that_has_too_many_clients_is_waited_for(self):
        self.begin(listener="clients_max = 1")
        held = [self.client(tier.router) for tier in self.tiers]
        for client in held:
            client.ask(b"version\r\n")
        client = self.client(self.sidecar)
        self.assertRegex(client.ask(b"get a\r\n"), rb"has too many connections")
        for one in held:
            one.close()
        until("a connection", 5, lambda: client.ask(b"get a\r\n") == b"END\r\n")


if __name__ == "__main__":
    sys.exit(cases.main())
