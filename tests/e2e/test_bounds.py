#!/usr/bin/python3
"""memory_max bounds what clients can make ringway hold: half lines, half values, readers
that take nothing, big reads and thousands who say nothing, one by one and all at once in a
cgroup that ends who takes more. Who behaves is served meanwhile."""

import contextlib
import resource
import select
import socket
import sys
import threading
import time

import cases
from processes import until
from protocol import Client
from small_group import SmallGroup

MIB = 1 << 20
IDLE = 5000
HALF_LINE = b"get" + b" some-key" * (2_000_000 // 9)          # And no end.
NO_VALUE = b"SERVER_ERROR ringway: memory_max is reached: no room for a value this large\r\n"
NO_LINE = b"SERVER_ERROR ringway: memory_max is reached: no room for a line this large"


def many_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Crowd:
    """Clients that say all they are let say, and listen to nothing. In one thread."""

    def __init__(self, address):
        self.address = address
        self.talking = {}
        self.all = []
        self.over = False
        self.thread = threading.Thread(target=self.talk, daemon=True)
        self.thread.start()

    def add(self, text, count=1, receive_bytes=None):
        for _ in range(count):
            with contextlib.suppress(OSError):
                talker = socket.create_connection(self.address, 5)
                if receive_bytes:
                    talker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
                talker.setblocking(False)
                self.all.append(talker)
                self.talking[talker] = memoryview(text)

    def talk(self):
        while not self.over:
            talking = list(self.talking)
            sent = 0
            for talker in talking:
                try:
                    count = talker.send(self.talking[talker][:1 << 18])
                    sent += count
                    self.talking[talker] = self.talking[talker][count:]
                    if not self.talking[talker]:
                        del self.talking[talker]
                except BlockingIOError:
                    pass
                except OSError:
                    del self.talking[talker]
            if not sent:
                time.sleep(0.01)

    def count_open(self):
        """Those whom ringway has not closed."""
        poll = select.poll()
        for talker in self.all:
            poll.register(talker, select.POLLRDHUP)
        return len(self.all) - len(poll.poll(0))

    def end(self):
        self.over = True
        self.thread.join()
        for talker in self.all:
            talker.close()


class Stores:
    """Clients that store one value each, all at once. They come at a pace, in pieces: so whoever
    is let in has often said little when it is looked who stands still."""

    PIECE = 64 << 10
    PAUSE = 0.0005

    def __init__(self, address, count, value_bytes):
        self.clients = [Client(address, timeout=60) for _ in range(count)]
        self.left = {}
        for number, client in enumerate(self.clients):
            client.socket.setblocking(False)
            request = b"set w%d 0 0 %d\r\n" % (number, value_bytes) + bytes(value_bytes) + b"\r\n"
            self.left[client] = memoryview(request)
        self.over = False
        self.thread = threading.Thread(target=self.talk, daemon=True)
        self.thread.start()

    def talk(self):
        while self.left and not self.over:
            for client in list(self.left):
                with contextlib.suppress(BlockingIOError):
                    said = client.socket.send(self.left[client][:self.PIECE])
                    self.left[client] = self.left[client][said:]
                    if not self.left[client]:
                        del self.left[client]
                time.sleep(self.PAUSE)

    def hear(self, seconds):
        self.thread.join(seconds)
        replies = []
        for client in self.clients:
            client.socket.setblocking(True)
            client.socket.settimeout(seconds)
            replies.append(client.line())
        return replies

    def end(self):
        self.over = True
        self.thread.join()
        for client in self.clients:
            client.close()


class Bounds(cases.EndToEnd):
    LIMIT = 'memory_max = "64MiB"'

    def setUp(self):
        super().setUp()
        many_files()

    def begin(self, router=LIMIT, wrapped_in=(), **config):
        self.router = self.ringway(self.memcacheds(2), start=False, workers=1, timeout="2s",
                                   router=router, **config)
        self.router.wrapped_in = list(wrapped_in)
        self.router.start()
        self.routers.append(self.router)
        self.address = (self.router.host, self.router.port)
        self.good = self.client(self.router, timeout=10)
        self.good.set(b"small", b"v")
        self.good.set(b"large", bytes(900_000))

    def crowd(self):
        crowd = Crowd(self.address)
        self.addCleanup(crowd.end)
        return crowd

    def metric(self, name):
        return self.router.metrics()[f"ringway_{name}"]

    def look_for(self, seconds, step=lambda: None):
        """The most that the process had meanwhile."""
        most, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            most = max(most, self.router.private_bytes())
            step()
            time.sleep(0.02)
        return most

    def assert_served(self):
        self.assertEqual(self.good.set(b"k", b"v" * 5000), b"STORED\r\n")
        self.assertEqual(self.good.get(b"k"), {b"k": b"v" * 5000})

    def test_half_lines_are_bounded_and_refused_in_clear_words(self):
        self.begin()
        crowd = self.crowd()
        crowd.add(HALF_LINE, 100)
        most = self.look_for(3, self.assert_served)
        print(f"{most >> 20} MiB ", end="", flush=True)
        if not cases.SANITIZED:
            self.assertLess(most, 64 * MIB)
        # They were refused, not closed: the rest of their line is dropped.
        until("all to be said", 20, lambda: not crowd.talking)
        refused = 0
        for speaker in crowd.all:
            speaker.setblocking(True)
            speaker.settimeout(5)
            speaker.sendall(b"\r\nget small\r\n")
            line, rest = self.heard(speaker).split(b"\r\n", 1)
            self.assertEqual(rest, b"VALUE small 0 1\r\nv\r\nEND\r\n")
            refused += line == NO_LINE
        self.assertGreater(refused, 50)

    @staticmethod
    def heard(speaker):
        text = b""
        while not text.endswith(b"v\r\nEND\r\n"):
            piece = speaker.recv(65536)
            if not piece:
                break
            text += piece
        return text

    def test_thirty_half_lines_starve_nobody(self):
        self.begin()
        crowd = self.crowd()
        crowd.add(HALF_LINE, 30)
        waits = []
        for number in range(40):
            begun = time.monotonic()
            reply = self.good.set(b"big%d" % (number % 4), bytes(900_000))
            waits.append(time.monotonic() - begun)
            self.assertEqual(reply, b"STORED\r\n")
            self.assertEqual(len(self.good.get(b"large")[b"large"]), 900_000)
            time.sleep(0.05)
        print(f"the longest wait was {max(waits):.2f} s ", end="", flush=True)
        self.assertLess(max(waits), 2 * cases.SLOWNESS)

    def test_half_values_are_bounded(self):
        self.begin()
        crowd = self.crowd()
        crowd.add(b"set half 0 0 40000\r\n" + bytes(30_000), IDLE)
        most = self.look_for(3, self.assert_served)
        print(f"{most >> 20} MiB ", end="", flush=True)
        if not cases.SANITIZED:
            self.assertLess(most, 64 * MIB)
        self.assertGreater(self.metric("requests_shed_total"), 0)

    def test_a_refused_half_value_takes_the_old_one_with_it(self):
        self.begin()
        self.good.set(b"half", b"old")
        crowd = self.crowd()
        crowd.add(b"set half 0 0 900000 noreply\r\n" + bytes(500_000), 200)
        self.look_for(2.5, self.assert_served)
        self.assertGreater(self.metric("requests_shed_total"), 0)
        self.assertEqual(self.good.get(b"half"), {}, "an old value outlived its replacement")

    def test_large_values_take_turns_and_each_is_stored_or_refused_in_clear_words(self):
        self.begin()
        replies = []

        def store(number):
            with Client(self.address, timeout=20) as client:
                for turn in range(3):
                    replies.append(client.set(b"w%d.%d" % (number, turn), bytes(900_000)))

        threads = [threading.Thread(target=store, args=(number,)) for number in range(60)]
        for thread in threads:
            thread.start()
        most = self.look_for(1)
        for thread in threads:
            thread.join()
        stored = replies.count(b"STORED\r\n")
        print(f"{most >> 20} MiB, {stored} of {len(replies)} stored ", end="", flush=True)
        self.assertEqual(len(replies), 180)
        self.assertEqual(replies.count(NO_VALUE), 180 - stored)
        self.assertGreater(stored, 60)
        until("nobody to wait any more", 5, lambda: self.assert_nobody_waits())

    def test_large_values_at_once_are_all_stored(self):
        """Each of them has room, but for a moment."""
        self.begin()
        stores = Stores(self.address, 180, 900_000)
        self.addCleanup(stores.end)
        most = self.look_for(0.5)
        replies = stores.hear(60 * cases.SLOWNESS)
        print(f"{most >> 20} MiB ", end="", flush=True)
        self.assertEqual(replies.count(b"STORED"), 180, set(replies))
        self.assertEqual(self.metric("requests_shed_total"), 0)
        until("nobody to wait any more", 5, lambda: self.assert_nobody_waits())

    def assert_nobody_waits(self):
        before = self.metric("client_paused_seconds_total")
        time.sleep(0.3)
        self.good.get(b"small")
        return self.metric("client_paused_seconds_total") == before

    def test_who_owes_the_rest_of_a_request_stalls(self):
        self.begin(listener='client_stall_timeout = "1s"\nkeys_per_ask = 8\nvalue_max = "9MiB"')
        halves = [b"set k 0 0 1000000\r\n" + bytes(999_000), b"get a b c", b"set k 0 0 5\r\nab",
                  b"set big 0 0 9000000\r\n" + bytes(50_000)]
        clients = [self.client(self.router, timeout=10) for _ in halves]
        for client, half in zip(clients, halves, strict=True):
            client.send(half)
        slow = self.client(self.router, timeout=10)
        slow.send(b"set slow 0 0 8\r\n")
        for byte in b"12345678":
            time.sleep(0.4)
            slow.send(bytes([byte]))
        self.assertEqual(slow.ask(b"\r\n"), b"STORED\r\n")
        for client in clients:
            client.rest()  # Up to the end that ringway made.
        self.assertEqual(self.metric("client_stalls_total"), len(halves))
        until("their memory to be back", 3, lambda: self.metric("buffer_bytes") < 64 << 10)
        self.assertEqual(self.good.get(b"small"), {b"small": b"v"}, "an idle one does not stall")

    def test_all_at_once_in_a_small_cgroup(self):
        group = None
        try:
            group = SmallGroup(64 * MIB)
            self.addCleanup(group.remove)
        except OSError as error:
            print(f"no cgroup ({error}): RLIMIT_DATA instead ", end="", flush=True)
        wrapped = group.enter_by() if group else ["prlimit", f"--data={96 * MIB}"]
        limit = 'memory_max = "auto"' if group else 'memory_max = "48MiB"'
        self.begin(limit, wrapped_in=wrapped)
        seconds = 60 if cases.LONG else 8
        crowd = self.crowd()
        crowd.add(b"", IDLE)
        served, longest = 0, 0.0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(crowd.talking) < 100:
                crowd.add(b"get large\r\n" * 200, 10, receive_bytes=4096)
                crowd.add(b"get" + b" large" * 60 + b"\r\n", 5, receive_bytes=4096)
                crowd.add(HALF_LINE, 10)
                crowd.add(b"set half 0 0 1000000\r\n" + bytes(900_000), 10)
                crowd.add(b"set half 0 0 40000\r\n" + bytes(30_000), 50)
            begun = time.monotonic()
            self.assert_served()
            longest = max(longest, time.monotonic() - begun)
            served += 1
            self.assertIsNone(self.router.process.poll(), self.router.log()[-2000:])
            time.sleep(0.02)
        figures = self.router.metrics()
        print(f"{served} served, the slowest in {longest:.2f} s; "
              f"{(group.most_bytes() if group else self.router.private_bytes()) >> 20} MiB, "
              f"{figures['ringway_client_stalls_total']:.0f} readers ended, "
              f"{figures['ringway_requests_shed_total']:.0f} refused, "
              f"{len(crowd.all)} clients, {crowd.count_open()} of them open ",
              end="", flush=True)
        self.assertLess(longest, 4)
        self.assertGreater(served, seconds // 2)
        said = self.router.log().count("memory_max is reached")
        self.assertGreater(said, 0)
        self.assertLessEqual(said, 1 + seconds // 60)


if __name__ == "__main__":
    sys.exit(cases.main())
