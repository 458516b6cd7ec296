#!/usr/bin/python3
"""Nothing that has no reply is dropped in silence: what a server is too slow for waits, and what
is given up all the same is owed: its key is deleted there before anybody reads it."""

import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import cases
from processes import servers as servers_of
from processes import until
from protocol import Client

STALL_S = 0.2
# Each of 32 clients says so much; with --long as much as lost half of itself once.
EACH, EACH_LONG = 1000, 2000
OTHERS = 10_000


class NothingLost(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.server, = self.servers = self.memcacheds(1)

    def direct(self, server=None):
        server = server or self.server
        client = Client((server.host, server.port), timeout=20)
        self.addCleanup(client.close)
        return client

    def items(self):
        return int(self.direct().stats()[b"curr_items"])

    def fill(self, names, value=b"old"):
        """Stores them at the server itself, and waits until they are there."""
        client = self.direct()
        for begin in range(0, len(names), 1000):
            client.send(b"".join(b"set %b 0 0 %d noreply\r\n%b\r\n" % (name, len(value), value)
                                 for name in names[begin:begin + 1000]))
        self.assertEqual(client.ask(b"mn\r\n"), b"MN\r\n")

    def all_at_once(self, router, streams, replies=0):
        """Each stream by a client of its own; they stay until all was taken."""
        told = [None] * len(streams)

        def speak(number, stream):
            with Client((router.host, router.port), timeout=30) as client:
                client.send(stream + b"mn\r\n")
                told[number] = [client.line() for _ in range(replies + 1)]
        threads = [threading.Thread(target=speak, args=item) for item in enumerate(streams)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told

    def stall(self, seconds=STALL_S):
        self.server.freeze()
        timer = threading.Timer(seconds, self.server.thaw)
        timer.start()
        self.addCleanup(timer.join)

    def test_deletes_without_a_reply_wait_for_a_server_that_stalls(self):
        clients, each = 32, EACH_LONG if cases.LONG else EACH
        names = [b"k%d" % number for number in range(clients * each)]
        others = [b"other%d" % number for number in range(OTHERS)]
        router = self.ringway(self.servers)
        self.fill(names + others)
        self.client(router).get(b"k0")
        self.stall()
        self.all_at_once(router, [
            b"".join(b"delete %b noreply\r\n" % name
                     for name in names[client * each:(client + 1) * each])
            for client in range(clients)])
        until("what is owed to be paid", 10, lambda: self.items() <= len(others))
        self.assertEqual(self.items(), len(others), "and nothing else is deleted")

    def test_sets_without_a_reply_wait_for_a_server_that_stalls(self):
        """All are stored, and none of what nobody wrote is deleted."""
        clients, each = 32, EACH_LONG if cases.LONG else EACH
        router = self.ringway(self.servers)
        self.fill([b"other%d" % number for number in range(OTHERS)])
        self.client(router).get(b"k0")
        self.stall()
        self.all_at_once(router, [
            b"".join(b"set k%d 0 0 1 noreply\r\nx\r\n" % number
                     for number in range(client * each, (client + 1) * each))
            for client in range(clients)])
        self.assertEqual(self.items(), OTHERS + clients * each)
        metrics = router.metrics()
        self.assertEqual(metrics["ringway_server_shed_total"], 0)
        self.assertLessEqual(metrics["ringway_server_owed_deletes_sent_total"],
                             metrics["ringway_server_timeouts_total"])

    def test_large_values_wait_for_room(self):
        """More than a queue may hold: with a reply, and without."""
        value, pairs = b"v" * 1_000_000, 50 if cases.LONG else 10
        router = self.ringway(self.servers, timeout="5s", pool='server_queue_bytes_max = "8MiB"')
        streams = [b"".join(b"set k%d.%d 0 0 %d%b\r\n%b\r\n"
                            % (client, number, len(value), word, value) for number in range(2))
                   for client, word in enumerate([b"", b" noreply"] * pairs)]
        told = self.all_at_once(router, streams[::2], replies=2)
        self.assertEqual(told, [[b"STORED", b"STORED", b"MN"]] * pairs)
        self.all_at_once(router, streams[1::2])
        self.assertEqual(self.items(), 4 * pairs)

    def test_pipelined_sets_wait_out_a_pause(self):
        clients, each = 400 if cases.LONG else 200, 100
        router = self.ringway(self.servers, timeout="2s")
        self.client(router).get(b"k0")
        self.stall(0.25)
        told = self.all_at_once(router, [
            b"".join(b"set k%d 0 0 1\r\nx\r\n" % number
                     for number in range(client * each, (client + 1) * each))
            for client in range(clients)], replies=each)
        self.assertEqual(told, [[b"STORED"] * each + [b"MN"]] * clients)
        self.assertEqual(self.items(), clients * each)

    def test_at_its_time_a_request_that_waited_is_told_and_nobody_blamed(self):
        router = self.ringway(self.servers, timeout="400ms", pool="server_queue_max = 2")
        first, second, third = (self.client(router) for _ in range(3))
        first.get(b"k")
        self.server.freeze()
        first.send(b"get a\r\nget b\r\n")
        time.sleep(0.1)
        second.send(b"get c\r\nget d\r\nversion\r\n")
        begun = time.monotonic()
        self.assertRegex(second.line(), rb"^SERVER_ERROR ringway: server web1 \(.*\) of pool web "
                                        rb"(has had a full queue for 400ms|timed out after)")
        self.assertLess(time.monotonic() - begun, 0.4 + 0.5 * cases.SLOWNESS)
        self.server.thaw()

    def test_what_is_lost_on_its_way_is_owed_although_its_server_stays(self):
        """To a server that is stopped for a second, for so long that its connection is given up
        and no other is made: it is not ejected."""
        names = [b"k%d" % number for number in range(300)]
        router = self.ringway(self.servers, timeout="300ms",
                              pool="[pool.web.eject]\nfailures = 1000")
        self.fill(names)
        client = self.client(router)
        client.get(b"k0")
        self.server.freeze()
        for begin in range(0, len(names), 30):
            client.send(b"".join(b"delete %b noreply\r\n" % name
                                 for name in names[begin:begin + 30]) + b"mn\r\n")
            self.assertEqual(client.line(), b"MN")
        self.server.thaw()
        until("what is owed to be paid", 10, lambda: self.items() == 0)
        metrics = router.metrics()
        self.assertLessEqual(metrics["ringway_server_owed_deletes_sent_total"], len(names))

    def test_of_several_servers_the_one_that_stalled_keeps_nothing_old(self):
        """It is stopped for a second and not ejected, while deletes for all go by; 12 s later."""
        servers = self.servers + servers_of(self.processes, 2, prefix="more")
        names = [b"k%d" % number for number in range(3000)]
        router = self.ringway(servers)
        client = self.client(router, timeout=20)
        for begin in range(0, len(names), 100):
            client.send(b"".join(b"set %b 0 0 3 noreply\r\nold\r\n" % name
                                 for name in names[begin:begin + 100]) + b"mn\r\n")
            self.assertEqual(client.line(), b"MN")
        self.stall(1)
        for begin in range(0, len(names), 30):
            client.send(b"".join(b"delete %b noreply\r\n" % name
                                 for name in names[begin:begin + 30]))
            time.sleep(0.01)
        until("the stop to be over", 5, self.server_is_awake)
        self.assertEqual(client.ask(b"mn\r\n"), b"MN\r\n")
        self.assertEqual(router.metrics()["ringway_server_ejections_total"], 0)

        def left():
            return [int(self.direct(server).stats()[b"curr_items"]) for server in servers]
        until("all to be gone", 12, lambda: left() == [0, 0, 0])

    def server_is_awake(self):
        return ") T " not in Path(f"/proc/{self.server.process.pid}/stat").read_text()

    def test_a_real_client_at_its_defaults(self):
        """It asks for no replies and makes no pauses; each process has a client of its own."""
        if not find_spec("pymemcache"):
            self.skipTest("pymemcache is not installed")
        processes, each = (32, 2000) if cases.LONG else (4, 2000)
        router = self.ringway(self.servers)
        text = ("import sys\n"
                "from pymemcache.client.base import Client\n"
                f"client = Client(('127.0.0.1', {router.port}))\n"
                f"for number in range({each}):\n"
                "    client.set(f'{sys.argv[1]}.{number}', 'x')\n"
                "client.quit()\n")
        started = [self.processes.start(f"client{who}", [sys.executable, "-c", text, str(who)])
                   for who in range(processes)]
        until("them to be at it", 10, lambda: self.items() > 100)
        self.stall()
        self.assertIn(None, [process.poll() for process in started], "they are at it")
        for process in started:
            self.assertEqual(process.wait(60), 0, process.log.read_text())
        until("all to be stored", 10, lambda: self.items() == processes * each)

    def test_the_next_request_for_a_key_pays_what_is_owed_of_it(self):
        router = self.ringway(self.servers, timeout="200ms",
                              pool='backoff_min = "50ms"\nbackoff_max = "100ms"\n'
                                   "[pool.web.eject]\nfailures = 1000")
        client = self.client(router)
        for name in b"get", b"mg", b"add", b"several":
            with self.subTest(name):
                self.fill([b"k"])
                self.assertEqual(client.get(b"k"), {b"k": b"old"})
                self.server.freeze()
                client.send(b"delete k noreply\r\nmn\r\n")
                self.assertEqual(client.line(), b"MN")
                until("the debt to be on the board", 5, lambda:
                      router.metrics()["ringway_server_owed_live_keys"] == 1)
                self.server.thaw()
                asked = {b"get": b"get k\r\n", b"mg": b"mg k v\r\n",
                         b"add": b"add k 0 0 1\r\nx\r\n", b"several": b"get other k\r\n"}[name]
                told = until("an answer", 5, lambda: self.answer(client, asked))
                self.assertIn(told, (b"END\r\n", b"EN\r\n", b"STORED\r\n"))

    def answer(self, client, request):
        reply = client.ask(request)
        return b"" if reply.startswith(b"SERVER_ERROR") else reply


if __name__ == "__main__":
    sys.exit(cases.main())
