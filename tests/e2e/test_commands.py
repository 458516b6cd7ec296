#!/usr/bin/python3
"""What ringway answers by itself, refuses, or sends to every server; and what an error in
the middle of a pipeline leaves alone."""

import contextlib
import os
import re
import struct
import sys
import tempfile
import threading
import time

import cases
from fake_servers import FakeServer
from processes import Memcached, until
from protocol import Client

REFUSED = b"CLIENT_ERROR flush_all not allowed\r\n"
VERSION = rb"^VERSION 1\.6\.\d+ ringway-\d+\.\d+\.\d+$"


class Commands(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds()

    def items(self):
        """How many items each server holds, as it says itself."""
        counts = []
        for server in self.servers:
            with Client((server.host, server.port)) as direct:
                stats = direct.stats()
                counts.append((int(stats[b"curr_items"]), int(stats[b"cmd_flush"])))
        return counts

    def fill(self, client):
        for number in range(60):
            client.set(b"k%d" % number, b"v")
        self.assertTrue(all(items > 0 for items, _ in self.items()))

    def test_flush_all_is_refused_and_reaches_no_server(self):
        router = self.ringway(self.servers)
        client = self.client(router)
        self.fill(client)
        for line in (b"flush_all\r\n", b"flush_all 10\r\n"):
            self.assertEqual(client.ask(line), REFUSED)
        client.send(b"flush_all noreply\r\nflush_all 0 noreply\r\nmn\r\n")
        self.assertEqual(client.line(), b"MN", "a refused command that says noreply is silent")
        self.assertEqual([flushes for _, flushes in self.items()], [0, 0, 0])
        self.assertEqual(router.log().count('pool web has flush_all = "refused"'), 1,
                         "the operator is told whose limit it was, once a minute")

    def test_flush_all_goes_to_every_server_where_it_is_allowed(self):
        client = self.client(self.ringway(self.servers, pool='flush_all = "allowed"'))
        self.fill(client)
        self.assertEqual(client.ask(b"flush_all\r\n"), b"OK\r\n")
        self.assertEqual([flushes for _, flushes in self.items()], [1, 1, 1])
        client.send(b"flush_all noreply\r\nmn\r\n")
        self.assertEqual(client.line(), b"MN")
        self.assertEqual([flushes for _, flushes in self.items()], [2, 2, 2])

    def test_flush_all_over_a_dead_server_is_no_success(self):
        client = self.client(self.ringway(self.servers, pool='flush_all = "allowed"'))
        self.fill(client)
        self.servers[1].kill()
        self.assertRegex(client.ask(b"flush_all\r\n"), rb"^SERVER_ERROR ringway: server web2 ")

    # K is a key that is there, N one that holds a number, W one that is not; E is the exptime.
    WITH_EXPTIME = [b"set K 0 E 1\r\nx", b"replace K 0 E 1\r\nx", b"add W 0 E 1\r\nx",
                    b"append K 0 E 1\r\nx", b"prepend K 0 E 1\r\nx", b"cas K 0 E 1 1\r\nx",
                    b"touch K E", b"gat E K", b"gat E K N", b"ms K 1 TE\r\nx", b"ms W 1 TE\r\nx",
                    b"ms K 1 NE\r\nx", b"mg K v TE", b"mg W v NE", b"mg K v RE", b"md K I TE",
                    b"ma N TE", b"ma W NE J5", b"flush_all E"]
    EXPTIMES = [b"100", b"2147483647", b"2147483648", b"-2147483649", b"4294967295", b"4294967296",
                b"4294967396", b"99999999999", b"9223372036854775807", b"-9223372036854775808",
                b"9223372036854775808", b"99999999999999999999"]

    def test_exptimes_of_any_size_are_told_and_mean_what_memcached_says(self):
        """One memcached behind ringway, one asked directly; both are asked then what they hold."""
        behind, direct = self.servers[:2]
        router = self.ringway([behind], pool='flush_all = "allowed"')
        for exptime in self.EXPTIMES:
            for command in self.WITH_EXPTIME:
                if command == b"flush_all E" and exptime in (b"100", b"2147483647"):
                    continue  # Later, it would empty what comes after this.
                request = command.replace(b"E", exptime) + b"\r\n"
                with self.subTest(request):
                    ours, theirs = [self.said_and_held((server.host, server.port), address, request)
                                    for server, address in (
                                        (behind, (router.host, router.port)),
                                        (direct, (direct.host, direct.port)))]
                    self.assertEqual(ours[0], theirs[0])
                    self.assertTrue(all(abs(a - b) <= 3 for a, b in zip(ours[1], theirs[1])),
                                    (ours, theirs))

    def said_and_held(self, server, address, request):
        """The first line of the answer and what the server has of each key after it, but for the
        seconds left; and these, for two clocks tick apart."""
        with Client(server) as asking:
            asking.ask(b"flush_all\r\n")
            asking.set(b"K", b"v")
            asking.set(b"N", b"7")
            asking.ask(b"delete W\r\n")
        with Client(address) as client:
            client.send(request)
            said = client.line()
        with Client(server) as asking:
            held = b"".join(asking.ask(b"mg %b t s f\r\n" % key) for key in (b"K", b"N", b"W"))
        seconds = [int(found) for found in re.findall(rb"t(\d+)", held)]
        return (said, re.sub(rb"t\d+", b"t", held)), seconds

    def test_what_is_answered_here(self):
        router = self.ringway(self.servers)
        client = self.client(router)
        for line in (b"version", b"version foo", b"version a b c"):
            self.assertRegex(client.ask(line + b"\r\n").strip(), VERSION)
        self.assertEqual(client.ask(b"verbosity 1\r\n"), b"OK\r\n")
        for line in (b"stats slabs", b"stats items"):
            self.assertEqual(client.ask(line + b"\r\n"), b"END\r\n", line)
        self.assertEqual(client.ask(b"stats reset\r\n"),
                         b"CLIENT_ERROR stats reset not allowed\r\n")
        for line in (b"stats sizes", b"stats cachedump 1 1", b"slabs reassign 1 2",
                     b"lru mode flat", b"cache_memlimit 64", b"watch", b"verbosity"):
            self.assertEqual(client.ask(line + b"\r\n"), b"ERROR\r\n", line)
        stats = client.stats()
        for name in (b"version", b"threads", b"curr_connections", b"pool.web.servers_live"):
            self.assertIn(name, stats)
        self.assertEqual(stats[b"pool.web.servers"], b"3")
        self.assertEqual(int(stats[b"pid"]), router.process.pid)
        self.assertAlmostEqual(int(stats[b"time"]), time.time(), delta=2)
        self.assertIn(int(stats[b"uptime"]), range(10))
        client.send(b"verbosity 1 noreply\r\nmn\r\n")
        self.assertEqual(client.line(), b"MN")

    def test_settings_that_libraries_go_by(self):
        router = self.ringway(self.servers, listener='clients_max = 77\nvalue_max = "512KiB"')
        client = self.client(router)
        client.send(b"stats settings\r\n")
        self.assertEqual([client.line() for _ in range(3)],
                         [b"STAT maxconns 77", b"STAT item_size_max 524288", b"END"])

    def test_other_protocols_are_closed_at_once_and_named(self):
        """A binary set whose value is a command of the text protocol."""
        router = self.ringway(self.servers, listener='idle_timeout = "off"')
        value = b"\r\nset smuggled 0 0 1\r\nx\r\n"
        binary = struct.pack("!BBHBBHIIQ", 0x80, 1, 1, 8, 0, 0, 9 + len(value), 0, 0)
        hellos = {"binary": binary + bytes(8) + b"k" + value, "TLS": b"\x16\x03\x01\x02\x00\x01",
                  "Redis": b"*1\r\n$4\r\nPING\r\n",
                  "PROXY": b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"}
        for name, hello in hellos.items():
            for piece in (len(hello), 1):
                with self.subTest(name, piece=piece):
                    client = self.client(router, timeout=2)
                    ours = "%s:%d" % client.socket.getsockname()
                    with contextlib.suppress(ConnectionError):
                        for at in range(0, min(len(hello), 8), piece):
                            client.send(hello[at:at + piece])
                            time.sleep(0.01)
                    begun = time.monotonic()
                    with contextlib.suppress(ConnectionError):
                        self.assertEqual(client.rest(), b"")
                    self.assertLess(time.monotonic() - begun, 0.5 * cases.SLOWNESS)
                    line = until("the log to name it", 5, lambda name=name: [
                        line for line in router.log().splitlines()
                        if "closed" in line and name in line])
                    self.assertEqual(len(line), 1, "one line a minute")
                    if piece != 1:
                        self.assertIn(ours, line[0])
        page = router.http("/metrics")[2]
        for protocol in ("binary", "tls", "redis", "proxy"):
            counts = re.findall(r"ringway_clients_foreign_total\{[^}]*protocol=\"%s\"[^}]*\} (\d+)"
                                % protocol, page)
            self.assertEqual(sum(map(int, counts)), 2, protocol)
        client = self.client(router)
        self.assertEqual(client.get(b"smuggled"), {})
        self.assertEqual(client.get(b"*"), {}, "only first bytes count")

    def test_a_line_of_http_closes_without_a_word(self):
        router = self.ringway(self.servers)
        for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nset a 0 0 1\r\nx\r\n",
                     b"POST /set HTTP/1.0\r\n\r\nset a 0 0 1\r\nx\r\n"):
            client = self.client(router)
            client.send(b"version\r\n" + text)
            self.assertRegex(client.rest().strip(), VERSION)
        self.assertEqual(self.client(router).get(b"a"), {})
        self.assertEqual(self.client(router).ask(b"get HTTP/1.1\r\n"), b"END\r\n")

    def test_an_error_has_its_place_and_the_connection_lives_on(self):
        """However slow the reply owed before it is."""
        client = self.client(self.ringway(self.servers, timeout="5s"))
        self.fill(client)
        for server in self.servers:
            server.freeze()
        client.send(b"get k1\r\nfrobnicate\r\nset k2 0 0 2\r\nhiX\r\nincr k1 xx\r\nget k3 k4\r\n")
        for server in self.servers:
            server.thaw()
        self.assertEqual(client.reply(), b"VALUE k1 0 1\r\nv\r\nEND\r\n")
        self.assertEqual([client.line() for _ in range(4)],
                         [b"ERROR", b"CLIENT_ERROR bad data chunk", b"ERROR",
                          b"CLIENT_ERROR invalid numeric delta argument"])
        self.assertEqual(client.values(), {b"k3": b"v", b"k4": b"v"})

    def test_behind_quit_nothing_is_done(self):
        router = self.ringway(self.servers)
        client = self.client(router)
        client.send(b"set a 0 0 1\r\nx\r\nget a\r\nquit\r\nset a 0 0 1\r\ny\r\nget a\r\n")
        self.assertEqual(client.rest(), b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n")
        self.assertEqual(self.client(router).get(b"a"), {b"a": b"x"})

    def test_the_barrier_waits_for_the_slowest_server(self):
        client = self.client(self.ringway(self.servers, timeout="5s"), timeout=1)
        self.fill(client)
        self.servers[2].freeze()
        client.send(b"".join(b"ms k%d 1 q\r\nw\r\n" % number for number in range(60)) + b"mn\r\n")
        with self.assertRaises(TimeoutError):
            client.line()
        self.servers[2].thaw()
        self.assertEqual(client.line(), b"MN")
        for number in range(60):
            self.assertEqual(client.get(b"k%d" % number), {b"k%d" % number: b"w"})


class ListeningServer(FakeServer):
    """Says of every key that its value is the key, and remembers the lines that it read."""

    def __init__(self, name):
        self.lines = []
        super().__init__(name)

    def serve(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                command, *keys = line.split()
                if command == b"version":
                    connection.sendall(b"VERSION 1.6.18\r\n")
                    continue
                self.lines.append(line)
                if command.startswith(b"gat"):
                    del keys[0]
                connection.sendall(b"".join(b"VALUE %b 0 %d%b\r\n%b\r\n" % (
                    key, len(key), b" 7" if command.endswith(b"s") else b"", key)
                    for key in keys) + b"END\r\n")


class LongLines(cases.EndToEnd):
    def test_no_line_to_a_server_is_longer_than_it_reads(self):
        """Only one that begins with "get " or "gets " may be longer than 2 KiB."""
        servers = [ListeningServer("web1"), ListeningServer("web2")]
        for server in servers:
            self.addCleanup(server.listener.close)
        client = self.client(self.ringway(servers, timeout="5s"))
        long = [b"k%d" % n + b"x" * 240 for n in range(60)]
        keys = [*long[:40], b"short", b"short", *long, *long[5:10], b"short"]
        for line in (b"gat 0", b"gats -9223372036854775808", b"gat 2592000"):
            client.send(line + b" " + b" ".join(keys) + b"\r\nmn\r\n")
            for key in keys:
                self.assertEqual(client.line().split()[:2], [b"VALUE", key])
                self.assertEqual(client.bytes(len(key) + 2), key + b"\r\n")
            self.assertEqual(client.line(), b"END")
            self.assertEqual(client.line(), b"MN")
        for server in servers:
            lengths = [len(line) for line in server.lines]
            self.assertLessEqual(max(lengths), 2048)
            self.assertGreater(max(lengths), 1700, "as few lines as can be")
        client.ask(b"get " + b" ".join(keys[:60]) + b"\r\n")
        self.assertGreater(max(len(server.lines[-1]) for server in servers), 4000)


class HalfAServer(FakeServer):
    """Greets as memcached does, answers a get with half of a value, and dies of it."""

    def __init__(self, value_bytes):
        self.value_bytes = value_bytes
        super().__init__()

    def serve(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                if not line.startswith(b"get"):
                    connection.sendall(b"VERSION 1.6.18\r\n")
                    continue
                connection.sendall(b"VALUE k 0 %d\r\n" % self.value_bytes
                                   + bytes(self.value_bytes // 2))
                time.sleep(0.2)  # So that what may stream has left before the end.
                return


class PickyServer(FakeServer):
    """Takes no payload, and says so."""

    def serve(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"set"):
                    lines.readline()
                    connection.sendall(b"CLIENT_ERROR bad data chunk\r\n")
                else:
                    connection.sendall(b"END\r\n" if line.startswith(b"get")
                                       else b"VERSION 1.6.18\r\n")


class WideServer(FakeServer):
    """Announces a large value for the first key it is asked for, sends a bit of it, and as
    soon as all servers have come so far does what `ending` says."""

    value_bytes = 3 << 20

    def __init__(self, name, all_announced):
        self.ending, self.all_announced = "whole", all_announced
        super().__init__(name)

    def serve(self, connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                if not line.startswith(b"get"):
                    connection.sendall(b"VERSION 1.6.18\r\n")
                elif not self.answer(connection, line.split()[1]):
                    return

    def answer(self, connection, key):
        connection.sendall(b"VALUE %b 0 %d\r\n" % (key, self.value_bytes) + bytes(1000))
        with contextlib.suppress(threading.BrokenBarrierError):
            self.all_announced.wait(3)
        time.sleep(0.1)  # So that all is read that was sent.
        if self.ending == "dies":
            return False
        if self.ending == "is late":
            time.sleep(4.5)
        connection.sendall(bytes(self.value_bytes - 1000) + b"\r\nEND\r\n")
        return True


class ValuesSideBySide(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        barrier = threading.Barrier(4)
        self.servers = [WideServer(f"web{n}", barrier) for n in range(1, 5)]
        for server in self.servers:
            self.addCleanup(server.listener.close)
        router = self.ringway(self.servers, timeout="4s", listener=(
            'value_max = "1KiB"\nclient_output_max = "8MiB"\nstream_min = "4MiB"'),
            pool='backoff_min = "10ms"\nbackoff_max = "20ms"\n[pool.web.eject]\nfailures = 0')
        self.client = self.client(router, timeout=20)
        self.keys = b" ".join(b"k%d" % n for n in range(40))

    def values_before_the_error(self, ask):
        self.client.send(ask)
        count = 0
        while (line := self.client.line()).startswith(b"VALUE"):
            self.client.bytes(WideServer.value_bytes + 2)
            count += 1
        return count, line

    def test_what_servers_have_only_announced_counts_against_client_output_max(self):
        for ending in ("whole", "dies", "whole", "is late", "whole"):
            for server in self.servers:
                server.ending = ending
            count, line = self.values_before_the_error(b"get " + self.keys + b"\r\n")
            if ending == "whole":
                self.assertEqual(count, 2)
                self.assertIn(b"larger than client_output_max", line)
            else:
                self.assertEqual(count, 0)
                time.sleep(1.5 if ending == "is late" else 0.2)  # Until their connections end.


class ServersInTrouble(cases.EndToEnd):
    def test_a_connection_given_up_for_an_error_to_a_payload_speaks_against_nobody(self):
        server = PickyServer()
        self.addCleanup(server.listener.close)
        router = self.ringway([server], timeout="2s", pool="[pool.web.eject]\nfailures = 1")
        client = self.client(router)
        for number in range(1, 4):
            # The read is on its way on the same connection, and is asked again on the next.
            client.send(b"set k 0 0 1\r\nv\r\nget k\r\n")
            self.assertEqual(client.reply(), b"CLIENT_ERROR bad data chunk\r\n")
            self.assertEqual(client.reply(), b"END\r\n")
            self.assertEqual(server.connections, number + 1)
        self.assertEqual(router.metrics()["ringway_server_failures_total"], 0)
        self.assertEqual(router.standings(), {"web1": "up"})

    def half_a_value(self, value_bytes):
        server = HalfAServer(value_bytes)
        self.addCleanup(server.listener.close)
        router = self.ringway([server], timeout="2s", pool="[pool.web.eject]\nfailures = 0")
        client = self.client(router)
        client.send(b"get k\r\nversion\r\n")
        return router, client

    def test_a_server_lost_within_a_large_value_closes_that_client_and_is_counted(self):
        router, client = self.half_a_value(200_000)
        told = client.rest()
        self.assertTrue(told.startswith(b"VALUE k 0 200000\r\n"))
        self.assertLess(len(told), 200_000)
        self.assertEqual(router.metrics()["ringway_streams_broken_total"], 1)
        self.assertTrue(self.client(router).ask(b"version\r\n").startswith(b"VERSION"))

    def test_within_a_smaller_one_it_is_an_error_and_the_client_lives_on(self):
        router, client = self.half_a_value(50_000)
        self.assertRegex(client.line(), rb"^SERVER_ERROR ringway: server web1 .* closed")
        self.assertRegex(client.line(), VERSION)
        self.assertEqual(router.metrics()["ringway_streams_broken_total"], 0)

    def lose_a_server(self, setting):
        """The router with that setting, a client, and keys of which some were of a server that is
        gone and still in the ring."""
        servers = self.memcacheds(2)
        router = self.ringway(servers, pool=f"{setting}\n[pool.web.eject]\nfailures = 0")
        client = self.client(router)
        keys = [b"k%d" % number for number in range(40)]
        for key in keys:
            client.set(key, b"v")
        servers[0].kill()
        return router, client, keys

    def test_reads_may_miss_where_on_read_error_says_so(self):
        _, client, keys = self.lose_a_server('on_read_error = "miss"')
        found = client.get(*keys)
        self.assertTrue(0 < len(found) < len(keys))
        lost = next(key for key in keys if key not in found)
        self.assertEqual(client.ask(b"get %b\r\n" % lost), b"END\r\n")
        self.assertEqual(client.ask(b"mg %b v O7 k\r\n" % lost), b"EN O7 k%b\r\n" % lost)
        self.assertEqual(client.ask(b"mg %b v k t O7\r\n" % lost), b"EN k%b O7\r\n" % lost)
        self.assertEqual(client.ask(b"mg %b v O k\r\n" % lost), b"EN O k%b\r\n" % lost)
        self.assertEqual(client.ask(b"mg %b v k O\r\n" % lost), b"EN k%b O\r\n" % lost)
        self.assertEqual(client.ask(b"gat 100 %b\r\n" % lost), b"END\r\n")
        self.assertEqual(client.ask(b"gats 100 %b %b\r\n" % (lost, lost)), b"END\r\n")
        for write in (b"set %b 0 0 1\r\nx\r\n", b"delete %b\r\n", b"incr %b 1\r\n", b"md %b q\r\n",
                      b"touch %b 0\r\n"):
            self.assertRegex(client.ask(write % lost), rb"^SERVER_ERROR ringway: server web1 ")

    # What each write is told of a server that is gone; K is its key.
    NOT_STORED = [
        (b"set K 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"), (b"add K 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"),
        (b"replace K 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"),
        (b"append K 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"),
        (b"prepend K 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"),
        (b"cas K 0 0 1 7\r\nx\r\n", b"NOT_FOUND\r\n"), (b"delete K\r\n", b"NOT_FOUND\r\n"),
        (b"touch K 0\r\n", b"NOT_FOUND\r\n"), (b"incr K 1\r\n", b"NOT_FOUND\r\n"),
        (b"decr K 1\r\n", b"NOT_FOUND\r\n"), (b"ms K 1 O7 k\r\nx\r\n", b"NS O7 kK\r\n"),
        (b"ms K 1 q\r\nx\r\n", b"NS\r\n"), (b"md K k O7\r\n", b"NF kK O7\r\n"),
        (b"md K q\r\n", b"NF\r\n"), (b"ma K N0 O7\r\n", b"NF O7\r\n")]

    def test_writes_may_be_told_as_not_stored_where_on_write_error_says_so(self):
        router, client, keys = self.lose_a_server('on_write_error = "not_stored"')
        lost = next(key for key in keys if client.ask(b"get %b\r\n" % key).startswith(b"SERVER"))
        before = router.metrics()["ringway_request_errors_total"]
        for request, told in self.NOT_STORED:
            self.assertEqual(client.ask(request.replace(b"K", lost)), told.replace(b"K", lost))
        client.send(b"set %b 0 0 1 noreply\r\nx\r\ndelete %b noreply\r\nmn\r\n" % (lost, lost))
        self.assertEqual(client.line(), b"MN", "who asked for no reply gets none")
        errors = router.metrics()["ringway_request_errors_total"] - before
        self.assertEqual(errors, len(self.NOT_STORED) + 2, "in metrics they are errors")
        for read in (b"get %b\r\n", b"mg %b v\r\n", b"gat 0 %b\r\n"):
            self.assertRegex(client.ask(read % lost), rb"^SERVER_ERROR ringway: server web1 ")

    def test_what_is_told_as_not_stored_is_owed_as_if_nothing_was_told(self):
        """An append that was sent and not answered: who hears an error knows."""
        for told, owed in (("error", 0), ("not_stored", 1)):
            with self.subTest(told):
                server = self.memcacheds(1)[0]
                router = self.ringway([server], timeout="300ms", pool=f'on_write_error = "{told}"')
                client = self.client(router)
                client.set(b"k", b"v")
                server.freeze()
                client.ask(b"append k 0 0 1\r\nx\r\n")
                until("the connection to be given up", 5, lambda: router.metrics()[  # noqa: B023
                    "ringway_server_connections_lost_total"] == 1)
                self.assertEqual(router.metrics()["ringway_server_owed_live_keys"], owed)
                server.thaw()

    def test_what_a_server_says_itself_is_told_as_it_is(self):
        router = self.ringway(self.memcacheds(1), pool='on_write_error = "not_stored"')
        client = self.client(router)
        client.set(b"text", b"v")
        self.assertRegex(client.ask(b"incr text 1\r\n"), rb"^CLIENT_ERROR cannot increment")
        self.assertEqual(client.ask(b"set text 0 0 1\r\nx\r\n"), b"STORED\r\n")

    def test_what_a_server_refuses_to_read_is_a_miss_there_too(self):
        users = tempfile.NamedTemporaryFile("w")
        self.addCleanup(users.close)
        users.write("cache:secret\n")
        users.flush()
        os.chmod(users.name, 0o644)  # memcached is nobody.
        server = Memcached(self.processes, "web1", options=("-Y", users.name))
        router = self.ringway([server], pool='on_read_error = "miss"')
        client = self.client(router)
        self.assertEqual(client.ask(b"get a\r\n"), b"END\r\n")
        self.assertEqual(client.ask(b"get a b\r\n"), b"END\r\n")
        self.assertEqual(client.ask(b"mg a v O7\r\n"), b"EN O7\r\n")
        for write in (b"delete a\r\n", b"incr a 1\r\n", b"md a\r\n"):
            self.assertRegex(client.ask(write), rb"^CLIENT_ERROR unauthenticated")


if __name__ == "__main__":
    sys.exit(cases.main())
