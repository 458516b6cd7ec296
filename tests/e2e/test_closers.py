#!/usr/bin/python3
"""Servers that answer a request by closing the connection, as proxies do at commands that they do
not know: whoever asks for something else loses nothing, and nobody is connected to without end."""

import base64
import sys
import threading
import time

import cases
from fake_servers import FakeServer
from processes import until
from protocol import Client

NO_EJECTION = "[pool.web.eject]\nfailures = 0\n"


class Proxy(FakeServer):
    """Keeps what it is told, and closes its connection at each of `unknown`."""

    def __init__(self, unknown=(b"mg", b"ms", b"md"), name="web1"):
        self.unknown, self.items, self.closed = set(unknown), {}, 0
        super().__init__(name)

    def serve(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                verb, *words = line.split()
                if verb in self.unknown:
                    self.closed += 1
                    return
                connection.sendall(self.answer(verb, words, lines))

    def answer(self, verb, words, lines):
        if verb == b"version":
            return b"VERSION 0.5.0\r\n"
        if verb in (b"set", b"ms"):
            size = int(words[3 if verb == b"set" else 1])
            self.items[words[0]] = lines.read(size + 2)[:-2]
            return b"STORED\r\n" if verb == b"set" else b"HD\r\n"
        if verb in (b"delete", b"md"):
            known = self.items.pop(words[0], None) is not None
            return b"DELETED\r\n" if known else b"NOT_FOUND\r\n"
        if verb == b"mg":
            return b"HD\r\n" if words[0] in self.items else b"EN\r\n"
        value = self.items.get(words[0])
        found = b"VALUE %b 0 %d\r\n%b\r\n" % (words[0], len(value), value) if value else b""
        return found + b"END\r\n"


class Others:
    """Clients that set and get keys of their own, each waiting for its reply."""

    def __init__(self, router, count):
        self.router = router
        self.asked = {b"get": 0, b"set": 0}
        self.failed = {b"get": [], b"set": []}
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True)
                        for n in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        with Client((self.router.host, self.router.port)) as client:
            while not self.over.is_set():
                self.ask(client, b"get", b"get k%d\r\n" % number)
                self.ask(client, b"set", b"set k%d 0 0 1\r\nx\r\n" % number)

    def ask(self, client, verb, line):
        reply = client.ask(line)
        self.asked[verb] += 1
        if b"ERROR" in reply:
            self.failed[verb].append(reply)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Closers(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.others = []

    def tearDown(self):
        for others in self.others:
            others.end()
        super().tearDown()

    def begin(self, server, **config):
        self.server = server
        self.addCleanup(server.listener.close)
        self.router = self.ringway([server], **config)

    def ask_while(self, seconds, line, pause):
        """Replies of one client that asks every `pause` seconds."""
        replies, end = [], time.monotonic() + seconds
        with Client((self.router.host, self.router.port)) as client:
            while time.monotonic() < end:
                replies.append(client.ask(line))
                time.sleep(pause)
        return replies

    def check_others(self, workers):
        self.begin(Proxy(), workers=workers)
        others = Others(self.router, 8)
        self.others.append(others)
        # What is asked again comes out of the pool's retry_budget: a share of its traffic.
        until("traffic", 10, lambda: others.asked[b"get"] > 1000)
        replies = self.ask_while(4, b"mg k0\r\n", 0.1)
        others.end()
        print(f"{workers} workers: {self.server.closed} connections closed at {len(replies)} mg; "
              f"lost {len(others.failed[b'get'])} of {others.asked[b'get']} get, "
              f"{len(others.failed[b'set'])} of {others.asked[b'set']} set")
        self.assertGreater(others.asked[b"get"], 500)
        self.assertEqual(others.failed[b"get"], [])
        # What was sent and not answered when a connection ended may have been done: one of each
        # of the others at most.
        self.assertLessEqual(len(others.failed[b"set"]), 8 * self.server.closed)
        # Two or three at first, then after back-offs from 50 ms on, twice as long each time.
        self.assertLess(self.server.closed, workers * 12)
        for reply in replies:
            self.assertRegex(reply, rb"^SERVER_ERROR ringway: server web1 .*(closed the connection|"
                                    rb"reset the connection|closes connections at mg; next try in)")
        self.assertEqual(self.router.standings(), {"web1": "up"})
        self.assertNotIn("is ejected", self.router.log())

    def test_others_lose_no_read_and_next_to_no_write(self):
        for workers in cases.worker_counts():
            with self.subTest(workers=workers):
                self.check_others(workers)

    def test_with_nobody_else_it_is_not_ejected(self):
        self.begin(Proxy())
        self.ask_while(2, b"mg k0\r\n", 0.05)
        self.ask_while(1, b"ms k0 1\r\nx\r\n", 0.05)
        self.assertEqual(self.router.standings(), {"web1": "up"})
        self.assertEqual(self.ask_while(0.1, b"get k0\r\n", 0.01)[0], b"END\r\n")
        self.assertLess(self.server.connections, 30)

    def test_once_it_knows_the_command_it_is_asked(self):
        self.begin(Proxy(), pool='backoff_max = "500ms"\n')
        self.ask_while(1, b"mg k0\r\n", 0.05)
        self.server.unknown.clear()
        client = self.client(self.router)
        until("an answer", 2, lambda: client.ask(b"mg k0\r\n") == b"EN\r\n")
        self.assertEqual({client.ask(b"mg k0\r\n") for _ in range(20)}, {b"EN\r\n"})

    def test_an_owed_delete_at_which_it_closes_is_given_up(self):
        self.begin(Proxy())
        key = base64.b64encode(b"a key\nof bytes")
        client = self.client(self.router)
        for _ in range(2):
            self.assertRegex(client.ask(b"ms %b 1 b\r\nx\r\n" % key),
                             rb"(closed|reset) the connection")
        dropped = "ringway_server_owed_dropped_total"
        until("the debt to be given up", 8, lambda: self.router.metrics()[dropped] >= 1)
        before = self.server.connections
        time.sleep(3)
        self.assertLessEqual(self.server.connections - before, 1)
        self.assertEqual(self.router.server("web1")["owed"], 0)


class Everything(cases.EndToEnd):
    """A server that greets, and closes at whatever it is asked then."""

    def test_it_is_connected_to_after_back_offs_only(self):
        server = Proxy(unknown=(b"get", b"set", b"mg", b"ms", b"md", b"ma", b"touch", b"delete"))
        self.addCleanup(server.listener.close)
        router = self.ringway([server], pool=NO_EJECTION)
        lines = [b"get k\r\n", b"set k 0 0 1\r\nx\r\n", b"mg k\r\n", b"ms k 1\r\nx\r\n",
                 b"md k\r\n", b"ma k\r\n", b"touch k 0\r\n"]
        end, asked = time.monotonic() + 3, 0
        with Client((router.host, router.port)) as client:
            while time.monotonic() < end:
                self.assertRegex(client.ask(lines[asked % len(lines)]), rb"^SERVER_ERROR ringway: ")
                asked += 1
        print(f"{server.connections} connections for {asked} requests")
        self.assertGreater(asked, 1000)
        self.assertLess(server.connections, 60)

    def test_it_is_ejected(self):
        server = Proxy(unknown=(b"get", b"set"), name="proxy")
        self.addCleanup(server.listener.close)
        router = self.ringway([server, *self.memcacheds(1)])
        client = self.client(router)
        until("the ejection", 5, lambda: [client.ask(b"get k%d\r\n" % n) for n in range(20)]
              and "ejected" in router.standings().values())


if __name__ == "__main__":
    sys.exit(cases.main())
