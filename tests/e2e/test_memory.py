#!/usr/bin/python3
"""memory_max: who holds the most waits, large values are refused in clear words, small
clients go on, and all of it comes back once the reader reads."""

import socket
import sys
import time

import cases
from processes import until
from protocol import Client

MIB = 1 << 20
MEMORY_MAX = 64 * MIB
# Less what the process, receiving and reuse need, and a quarter for what is no buffer.
FOR_BUFFERS = (MEMORY_MAX - 20 * MIB) * 3 // 4
SHORT = FOR_BUFFERS * 3 // 4
FULL = FOR_BUFFERS * 7 // 8        # Nobody between requests is read, and the deaf are ended.
LARGE = 500_000                    # Of the values that the deaf ask for...
LARGE_LINE = b"get" + b" large" * 60 + b"\r\n"   # ...and one of their requests: 30 MB.
VALUE = b"VALUE large 0 %d\r\n%b\r\n" % (LARGE, bytes(LARGE))
REFUSED = b"SERVER_ERROR ringway: memory_max is reached: no room for a value this large\r\n"
ON_ITS_WAY = 2 * MIB               # A value per server.


class MemoryMax(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.start()

    def start(self):
        # Each worker has its part of memory_max: with several, one may be short and another not.
        self.router = self.ringway(self.memcacheds(2), workers=1, timeout="5s",
                                   router=f'memory_max = "{MEMORY_MAX}B"')
        self.address = (self.router.host, self.router.port)
        self.small = self.client(self.router)
        self.small.set(b"small", b"v")
        self.small.set(b"large", bytes(LARGE))
        self.before = self.router.private_bytes()

    def metric(self, name):
        return self.router.metrics()[f"ringway_{name}"]

    def lent(self):
        return self.metric("buffer_bytes")

    def deaf(self, text=LARGE_LINE):
        client = Client(self.address, timeout=20)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        self.addCleanup(client.close)
        client.send(text)
        return client

    def short_of_memory(self):
        """Clients that do not read, until memory is short; not full. How much of the first answer
        the kernel takes differs, and with it the block that holds the rest."""
        for _ in range(10):
            deaf = self.until_short()
            if self.lent() < FULL and self.metric("client_stalls_total") == 0:
                return deaf
            for client in deaf:
                client.close()
            self.router.stop()
            self.start()
        self.fail("memory is full whenever it is short")

    def until_short(self):
        deaf = []
        # The kernel takes part of what was said, some of it late, and makes room again.
        while len(deaf) < 4 or self.lent() <= SHORT:
            self.assertLess(len(deaf), 20, "memory never becomes short")
            before = self.metric("server_replies_total")
            deaf.append(self.deaf())
            until("the server to have said all", 5 * cases.SLOWNESS,
                  lambda: self.metric("server_replies_total") > before)
            time.sleep(0.1)
        return deaf

    def read_all(self, client):
        """What a client gets that asked for 60 large values: values, then END or the refusal."""
        count = 0
        while (line := client.line()).startswith(b"VALUE large"):
            client.bytes(LARGE + 2)
            count += 1
        self.assertIn(line + b"\r\n", (b"END\r\n", REFUSED))
        self.assertTrue(count == 60 or line != b"END")
        return count

    def test_what_is_held_stays_bounded_and_comes_back(self):
        deaf, most_lent, most_private = self.short_of_memory(), 0, 0
        for _ in range(20):
            most_lent = max(most_lent, self.lent())
            most_private = max(most_private, self.router.private_bytes() - self.before)
            time.sleep(0.05)
        counts = [self.read_all(client) for client in deaf]
        until("memory to come back", 5, lambda: self.lent() < 64 << 10)
        print(f"{most_lent:.0f} bytes lent, {most_private} of the process; {counts} values told ",
              end="", flush=True)
        self.assertLess(most_lent, FOR_BUFFERS + ON_ITS_WAY)
        if not cases.SANITIZED:
            self.assertLess(most_private, MEMORY_MAX)
        self.assertLess(min(counts), 60, "nobody was refused anything")
        for client in (*deaf, self.small):
            self.assertEqual(client.set(b"large", bytes(LARGE)), b"STORED\r\n")
            self.assertEqual(client.ask(b"get large\r\n"), VALUE + b"END\r\n")

    def test_small_clients_go_on(self):
        self.short_of_memory()
        for number in range(200):
            key = b"small%d" % number
            self.assertEqual(self.small.set(key, b"v" * number), b"STORED\r\n")
            self.assertEqual(self.small.get(key), {key: b"v" * number})

    def test_a_large_value_waits_until_enough_of_those_who_read_nothing_are_gone(self):
        deaf = self.short_of_memory()
        self.assertEqual(self.small.set(b"fits", bytes(60_000)), b"STORED\r\n")
        self.assertEqual(self.metric("client_stalls_total"), 0)
        begun = time.monotonic()
        self.small.send(b"set large 0 0 %d\r\n" % LARGE + bytes(10_000))
        time.sleep(0.1)  # It is not read any more: what is mostly here would be read to its end.
        self.small.send(bytes(LARGE - 10_000) + b"\r\n")
        self.assertEqual(self.small.line(), b"STORED")
        self.assertLess(time.monotonic() - begun, 3 * cases.SLOWNESS)
        ended = self.metric("client_stalls_total")
        self.assertGreater(ended, 0)
        self.assertLess(ended, len(deaf), "more were ended than had to be")
        self.router.until_logged("memory_max is reached")

    def test_what_will_never_fit_is_refused_in_clear_words_and_the_stream_lives_on(self):
        router = self.ringway(self.memcacheds(2), workers=1, timeout="5s",
                              listener='value_max = "40MiB"\nkeys_per_ask = 2',
                              router=f'memory_max = "{MEMORY_MAX}B"')
        client = self.client(router, timeout=20)
        client.set(b"k", b"old")
        for line in (b"set k 0 0 30000000", b"add other 0 0 30000000", b"ms k 30000000 O7"):
            client.send(line + b"\r\n" + b"flush_all\r\n" * 2_727_272 + bytes(8)
                        + b"\r\nset k2 0 0 70000\r\n" + bytes(70000) + b"\r\n")
            self.assertEqual(client.line() + b"\r\n", REFUSED)
            self.assertEqual(client.line(), b"STORED")
        self.assertEqual(client.get(b"k"), {}, "an old value outlived its replacement")
        self.assertEqual(router.metrics()["ringway_requests_shed_total"], 3)
        self.assertEqual(self.small.set(b"k", bytes(2 * MIB)),
                         b"SERVER_ERROR object too large for cache\r\n")

    def test_the_biggest_reader_is_paused_until_it_reads(self):
        deaf = self.short_of_memory()
        paused, requests = self.metric("client_pauses_total"), self.metric("requests_total")
        deaf[0].send(b"get small\r\n" * 1000)
        until("it to be paused", 3, lambda: self.metric("client_pauses_total") > paused)
        self.assertLess(self.metric("requests_total") - requests, 10)
        for client in deaf:
            self.read_all(client)
        reply = b"VALUE small 0 1\r\nv\r\nEND\r\n"
        self.assertEqual(deaf[0].bytes(1000 * len(reply)), 1000 * reply)

    def test_those_who_leave_give_it_back_too(self):
        for client in self.short_of_memory():
            client.close()
        until("them to be gone", 5, lambda: self.metric("client_connections") == 1)
        self.assertLess(self.lent(), 64 << 10)
        self.assertEqual(self.small.set(b"large", bytes(LARGE)), b"STORED\r\n")


if __name__ == "__main__":
    sys.exit(cases.main())
