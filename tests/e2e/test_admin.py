#!/usr/bin/python3
"""What a machine that watches ringway sees: health, readiness, metrics, status."""

import re
import socket
import sys
import time
import urllib.error
import urllib.request

import cases
from processes import accepts, until

SAMPLE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$')
COMMENT = re.compile(r"# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ (counter|gauge|histogram|summary))$")


class Admin(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(2)
        self.router = self.ringway(self.servers, workers=2)

    def test_healthy_and_ready(self):
        self.assertEqual(self.router.http("/healthz")[0], 200)
        self.assertEqual(self.router.http("/readyz")[0], 200)

    def test_metrics_are_prometheus_text(self):
        code, headers, body = self.router.http("/metrics")
        self.assertEqual(code, 200)
        self.assertIn("text/plain", headers["Content-Type"])
        self.assertTrue(body.endswith("\n"))
        for line in body.splitlines():
            with self.subTest(line=line):
                self.assertRegex(line, COMMENT if line.startswith("#") else SAMPLE)

    def test_requests_are_counted(self):
        before = self.router.metrics()
        client = self.client(self.router)
        client.set(b"a", b"1")
        client.get(b"a", b"b", b"c")
        after = self.router.metrics()
        for name, more in (("requests_total", 2), ("keys_total", 4), ("client_connections", 1),
                           ("client_connections_accepted_total", 1)):
            with self.subTest(name):
                name = f"ringway_{name}"
                self.assertEqual(after[name] - before[name], more)
        self.assertGreater(after["ringway_client_read_bytes_total"],
                           before["ringway_client_read_bytes_total"])

    def test_a_failing_server_shows_in_its_own_row(self):
        self.servers[0].kill()
        client = self.client(self.router)
        for number in range(50):
            client.ask(b"get k%d\r\n" % number)
        body = self.router.http("/metrics", admin=True)[2]
        rows = [line for line in body.splitlines()
                if line.startswith("ringway_server_connect_failures_total{")]
        failures = {name: sum(float(row.split()[-1]) for row in rows if f'server="{name}"' in row)
                    for name in ("web1", "web2")}
        self.assertGreater(failures["web1"], 0, rows)
        self.assertEqual(failures["web2"], 0, rows)

    def test_the_metrics_address_answers_nothing_else(self):
        for path in ("/", "/status", "/reload", "/metrics/x"):
            with self.subTest(path):
                self.assertEqual(self.router.http(path)[0], 404)

    def test_a_scrape_is_handed_out_again_within_a_second(self):
        def turns():
            body = self.router.http("/metrics")[2]
            return [line for line in body.splitlines() if "worker_turns_total" in line]
        def changes_at_once():
            before = turns()
            self.client(self.router).set(b"a", b"1")
            return turns() != before
        self.assertFalse(all(changes_at_once() for _ in range(5)))
        before = turns()
        until("a scrape to be made anew", 10, lambda: turns() != before)

    def test_who_trickles_keeps_no_probe_waiting(self):
        for port in (self.router.config.metrics_port, self.router.config.admin_port):
            trickling = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
            for byte in (b"G", b"E", b"T"):
                for client in trickling:
                    client.sendall(byte)
                until("an answer within 100 ms", 5, lambda: self.quick_probe(port))
            for client in trickling:
                client.close()

    def quick_probe(self, port):
        begun = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            self.assertEqual(answer.read(), b"ok\n")
        return time.monotonic() - begun < 0.1

    def test_status_tells_pools_and_servers(self):
        self.client(self.router).set(b"k", b"v")
        text = self.router.http("/status", admin=True)[2]
        for word in ("web", *(server.name for server in self.servers),
                     *(server.address for server in self.servers)):
            self.assertIn(word, text)
        self.assertIsInstance(self.router.status(), dict)

    def admin_request(self, request):
        with socket.create_connection(("127.0.0.1", self.router.config.admin_port)) as one:
            one.sendall(request.encode())
            answer = b""
            while more := one.recv(65536):
                answer += more
        return int(answer.split()[1])

    def test_a_foreign_name_is_refused_counted_and_logged_once_a_second(self):
        for _ in range(20):
            self.assertEqual(
                self.admin_request("GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403)
        self.assertEqual(self.router.metrics()["ringway_admin_refused_total"], 20)
        until("the log", 5, lambda: "refused GET /status" in self.router.log())
        self.assertLess(self.router.log().count("refused GET /status"), 20)

    def test_who_acts_is_in_the_log(self):
        self.assertEqual(self.router.post("/reload")[0], 200)
        until("the log", 5, lambda: re.search(r"admin: 127\.0\.0\.1:\d+ asks for POST /reload",
                                              self.router.log()))

    def test_the_token_is_read_again_by_a_reload(self):
        token = self.processes.folder / "token"
        token.write_text("old\nnot this\n")
        router = self.ringway(self.servers, admin=f'token_file = "{token}"')

        def asked(method, path, bearer):
            request = urllib.request.Request(
                f"http://127.0.0.1:{router.config.admin_port}{path}", method=method,
                headers={"Authorization": f"Bearer {bearer}"})
            try:
                return urllib.request.urlopen(request, timeout=5).status
            except urllib.error.HTTPError as answer:
                return answer.code

        self.assertEqual(asked("GET", "/status", "old"), 200)
        token.write_text("new\n")
        self.assertEqual(asked("GET", "/status", "new"), 401)
        self.assertEqual(asked("POST", "/reload", "old"), 200)
        self.assertEqual(asked("GET", "/status", "new"), 200)
        self.assertEqual(asked("GET", "/status", "old"), 401)
        token.write_text("")
        self.assertEqual(asked("POST", "/reload", "new"), 422)
        self.assertEqual(asked("GET", "/status", "new"), 200)
        until("the log", 5, lambda: "there is no token in the first line" in router.log())

    def test_http_addresses_may_be_off(self):
        router = self.ringway(self.servers, start=False)
        router.config.metrics_bind = router.config.admin_bind = "off"
        router.start(wait=False)
        self.routers.append(router)
        until("ringway to listen", 10, lambda: accepts(router.host, router.port))
        self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")
        with self.assertRaises(urllib.error.URLError):
            router.http("/healthz")


if __name__ == "__main__":
    sys.exit(cases.main())
