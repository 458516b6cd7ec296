#!/usr/bin/python3
"""With preconnect every connection is there before the first request, stays although nobody
uses it, and is made again when its server was away."""

import sys
import time

import cases
from processes import until

WORKERS, LANES, SERVERS = 2, 2, 3
ALL = WORKERS * LANES * SERVERS
# Until the server is readmitted: retry_after, probes, and the machine is busy with the test.
BACK_S = 15 * cases.SLOWNESS


class Preconnect(cases.EndToEnd):
    def start(self, pool):
        self.servers = self.memcacheds(SERVERS)
        self.router = self.ringway(self.servers, workers=WORKERS,
                                   pool=f"server_connections = {LANES}\n{pool}")

    def connections(self):
        return self.router.metrics().get("ringway_server_connections", 0)

    def until_connected(self, count, seconds):
        until(f"{count} connections", seconds, lambda: self.connections() == count)

    def test_connections_are_there_without_any_request_and_stay(self):
        self.start('preconnect = true\nserver_idle_timeout = "500ms"')
        self.until_connected(ALL, 5)
        connects = self.router.metrics()["ringway_server_connects_total"]
        time.sleep(2)
        self.assertEqual(self.connections(), ALL)
        self.assertEqual(self.router.metrics()["ringway_server_connects_total"], connects)
        self.assertEqual(self.router.metrics()["ringway_requests_total"], 0)

    def test_a_server_that_was_away_gets_its_connections_back(self):
        self.start("preconnect = true")
        self.until_connected(ALL, 5)
        self.servers[1].kill()
        self.until_connected(ALL - WORKERS * LANES, 5)
        until("its ejection", 5 * cases.SLOWNESS,
              lambda: self.router.server("web2")["standing"] == "ejected")
        self.servers[1].start()
        self.until_connected(ALL, BACK_S)
        self.assertEqual(self.router.server("web2")["standing"], "up")
        self.assertEqual(self.router.metrics()["ringway_requests_total"], 0)

    def test_without_it_only_checks_connect(self):
        self.start("[pool.web.health]\ncheck = \"off\"")
        time.sleep(1)
        self.assertEqual(self.connections(), 0)


if __name__ == "__main__":
    sys.exit(cases.main())
