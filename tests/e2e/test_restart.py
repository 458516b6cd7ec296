#!/usr/bin/python3
"""A restart is short, loses nothing that was sent before it, and no end is waited for longer
than it may take: not a log that nobody reads, nor a thread that stands still.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cases
import name_server
from processes import until
from protocol import Client

RESTARTS = 20 if "--long" in sys.argv else 3
DEFAULT_DRAIN = "20s"


class Counting(threading.Thread):
    """One connection of a pool: counts on, comes back when it is closed, and asks again what was
    not answered."""

    def __init__(self, address, key, pause):
        super().__init__(daemon=True)
        self.address, self.key, self.pause = address, key, pause
        self.done, self.wrong, self.longest, self.ending = 0, [], 0.0, False

    def run(self):
        answered_at = time.monotonic()
        client = None
        while not self.ending:
            try:
                client = client or Client(self.address)
                reply = client.ask(b"incr %b 1\r\n" % self.key)
            except OSError:
                if client:
                    client.close()
                client = None
                time.sleep(0.002)
                continue
            now = time.monotonic()
            self.longest = max(self.longest, now - answered_at)
            answered_at = now
            self.done += 1
            if reply != b"%d\r\n" % self.done:
                self.wrong.append((self.done, reply))
                return
            time.sleep(self.pause)
            answered_at = time.monotonic()


class Blasting(threading.Thread):
    """Writes without wanting replies until it is told to stop."""

    def __init__(self, address, number, stop):
        super().__init__(daemon=True)
        self.client, self.number, self.stop = Client(address, timeout=60), number, stop
        self.taken, self.problem = 0, None

    def run(self):
        batch, value = 50, bytes(100)
        try:
            while not self.stop.is_set():
                keys = range(self.taken, self.taken + batch)
                self.client.send(b"".join(
                    b"set k%d-%d 0 0 100 noreply\r\n%b\r\n" % (self.number, key, value)
                    for key in keys))
                self.taken += batch
        except OSError as problem:
            self.problem = problem


class Restart(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(2)

    def sets_done(self):
        total = 0
        for server in self.servers:
            with Client((server.host, server.port)) as direct:
                total += int(direct.stats()[b"cmd_set"])
        return total

    def check_pooled_clients(self, io):
        router = self.ringway(self.servers, drain=DEFAULT_DRAIN, io=io, workers=2)
        client = self.client(router)
        counting = []
        for number in range(20):
            key = b"counter%d" % number
            self.assertEqual(client.set(key, b"0"), b"STORED\r\n")
            # From always asking to mostly idle.
            counting.append(Counting((router.host, router.port), key, (number % 5) * 0.01))
        client.close()
        for one in counting:
            one.start()
        for _ in range(RESTARTS):
            time.sleep(0.2)
            began = time.monotonic()
            self.assertEqual(router.stop(), 0, router.log())
            took = time.monotonic() - began
            self.assertLess(took, 0.5 * cases.SLOWNESS)
            router.start(wait=False)
            until("all to count on", 10, lambda: all(c.is_alive() for c in counting))
            time.sleep(0.3)
        for one in counting:
            one.ending = True
        for one in counting:
            one.join()
        self.assertEqual([one.wrong for one in counting if one.wrong], [])
        longest = max(one.longest for one in counting)
        print(f"longest gap of 20 clients over {RESTARTS} restarts, {io}: {longest * 1e3:.0f} ms")
        self.assertLess(longest, 0.5 * cases.SLOWNESS)
        with Client((router.host, router.port)) as direct:
            for one in counting:
                value = direct.get(one.key)[one.key].strip()
                self.assertEqual(int(value), one.done, one.key)

    def owing(self, drain):
        """Owes k to a server that takes traffic: it was stopped for longer than a timeout."""
        server, = self.servers = self.memcacheds(1)
        router = self.ringway(self.servers, timeout="200ms", drain=drain,
                              pool='backoff_min = "10ms"\nbackoff_max = "20ms"\n'
                                   "[pool.web.eject]\nfailures = 1000")
        client = self.client(router)
        self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")
        server.freeze()
        client.send(b"delete k noreply\r\nmn\r\n")
        self.assertEqual(client.line(), b"MN")
        until("the debt to be on the board", 5, lambda:
              router.metrics()["ringway_server_owed_live_keys"] == 1)
        return server, router

    def test_what_is_owed_is_paid_before_the_end(self):
        server, router = self.owing(DEFAULT_DRAIN)
        server.thaw()
        began = time.monotonic()
        self.assertEqual(router.stop(), 0, router.log())
        self.assertLess(time.monotonic() - began, 0.7 * cases.SLOWNESS)
        with Client((server.host, server.port)) as direct:
            self.assertEqual(direct.get(b"k"), {})
        self.assertNotIn("stay owed", router.log())

    def test_what_stays_owed_is_told_and_waited_for_no_longer_than_clients(self):
        server, router = self.owing("1s")
        began = time.monotonic()
        self.assertEqual(router.stop(), 0, router.log())
        self.assertLess(time.monotonic() - began, 1 + 0.7 * cases.SLOWNESS)
        self.assertIn("stopping: 1 keys stay owed", router.log())
        server.thaw()

    def test_pooled_clients_over_io_uring(self):
        self.check_pooled_clients("io_uring")

    def test_pooled_clients_over_epoll(self):
        self.check_pooled_clients("epoll")

    def test_idle_clients_cost_nothing(self):
        router = self.ringway(self.servers, drain=DEFAULT_DRAIN)
        clients = [self.client(router) for _ in range(8)]
        for client in clients:
            self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")
        time.sleep(0.3)
        began = time.monotonic()
        self.assertEqual(router.stop(), 0)
        self.assertLess(time.monotonic() - began, 0.25 * cases.SLOWNESS)
        for client in clients:
            self.assertEqual(client.rest(), b"")

    def check_what_was_sent_is_there(self, io):
        queues = "server_queue_max = 1000000\nserver_queue_bytes_max = \"1GiB\""
        router = self.ringway(self.servers, drain=DEFAULT_DRAIN, io=io, timeout="10s", pool=queues)
        stop = threading.Event()
        writers = [Blasting((router.host, router.port), n, stop) for n in range(64)]
        for writer in writers:
            writer.start()
        time.sleep(0.5)
        stop.set()
        router.process.send_signal(signal.SIGTERM)
        for writer in writers:
            writer.join()
        self.assertEqual([w.problem for w in writers if w.problem], [])
        self.assertEqual(router.process.wait(30), 0, router.log())
        self.assertEqual(self.sets_done(), sum(writer.taken for writer in writers))

    def test_what_was_sent_before_is_there_over_io_uring(self):
        self.check_what_was_sent_is_there("io_uring")

    def test_what_was_sent_before_is_there_over_epoll(self):
        self.check_what_was_sent_is_there("epoll")


# Whoever traces a thread has to fetch it when it has died, or its process would never be over.
STOP_THREAD = """
import ctypes, os, sys
thread, attach, wait_all = int(sys.argv[1]), 16, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(attach, thread, 0, 0) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(thread, wait_all)
print("stopped", flush=True)
os.waitpid(thread, wait_all)
"""


def worker_thread(pid):
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if int(task.name) != pid and name.startswith(("ringway", "worker")):
            return int(task.name)
    raise AssertionError("no worker's thread")


class Bounded(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(1)

    def ends_within(self, router, seconds):
        began = time.monotonic()
        code = router.process.wait(seconds * cases.SLOWNESS + 5)
        self.assertEqual(code, 0)
        self.assertLess(time.monotonic() - began, seconds * cases.SLOWNESS)

    def full_pipe(self):
        """Its other end is kept open and never read."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        os.write(write, bytes(4096))
        return write

    def started_on_a_full_pipe(self, signals, **config):
        router = self.ringway(self.servers, start=False, **config)
        router.file.write_text(router.config.text())
        pipe = self.full_pipe()
        router.process = self.processes.adopt(
            subprocess.Popen([router.binary, "run", str(router.file)], stderr=pipe))
        os.close(pipe)
        until("it to be ready", 10, router.is_ready)
        for number in signals:
            router.process.send_signal(number)
            time.sleep(0.05)
        return router

    def test_warnings_that_nobody_reads_do_not_keep_the_start(self):
        log = self.processes.folder / "its.log"
        router = self.started_on_a_full_pipe(
            [signal.SIGTERM], router=f'[log]\nfile = "{log}"', pool='dns_refresh = "7s"')
        self.ends_within(router, 2)
        self.assertIn("dns_refresh has no effect", log.read_text())

    def test_a_log_that_nobody_reads(self):
        self.ends_within(self.started_on_a_full_pipe([signal.SIGTERM]), 2)

    def test_a_log_that_nobody_reads_and_a_second_signal(self):
        self.ends_within(self.started_on_a_full_pipe([signal.SIGTERM, signal.SIGTERM]), 0.6)

    def test_a_log_pipe_that_nobody_opened_is_an_error_at_once(self):
        pipe = self.processes.folder / "log.pipe"
        os.mkfifo(pipe)
        router = self.ringway(self.servers, start=False, router=f'[log]\nfile = "{pipe}"')
        router.start(wait=False)
        self.assertEqual(router.process.wait(5), 1)
        self.assertIn("it is a pipe that nobody reads", router.log())

    def check_worker_that_stands_still(self, signals, seconds):
        router = self.ringway(self.servers)
        self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")
        with self.standing_still(worker_thread(router.pid)):
            for number in signals:
                router.process.send_signal(number)
                time.sleep(0.05)
            self.ends_within(router, seconds)
        return router

    @contextlib.contextmanager
    def standing_still(self, thread):
        with subprocess.Popen([sys.executable, "-c", STOP_THREAD, str(thread)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tracer:
            if tracer.stdout.readline() != "stopped\n":
                self.skipTest(f"threads cannot be stopped here: {tracer.stderr.read()}")
            try:
                yield
            finally:
                tracer.kill()

    def test_a_worker_that_stands_still(self):
        router = self.check_worker_that_stands_still([signal.SIGTERM], 6)
        self.assertIn("worker 0 stands still", router.log())

    def test_a_worker_that_stands_still_and_a_second_signal(self):
        self.check_worker_that_stands_still([signal.SIGTERM, signal.SIGINT], 0.6)

    def test_http_clients_that_stop_in_the_middle(self):
        router = self.ringway(self.servers)
        ports = [router.config.metrics_port, router.config.admin_port]
        for port in ports * 6:
            slow = Client(("127.0.0.1", port))
            self.addCleanup(slow.close)
            slow.send(b"POST /reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n1")
        router.process.send_signal(signal.SIGTERM)
        self.ends_within(router, 2)

    def silent_name_server(self):
        """(It, a router that will ask it and is not started, a configuration with its name.)"""
        why_not = name_server.why_not()
        if why_not:
            self.skipTest(why_not)
        names = name_server.NameServer()
        self.addCleanup(names.close)
        names.names["never.example"] = name_server.SILENT
        router = self.ringway(self.servers, start=False)
        router.config.pool = ""
        router.binary = names.asking(cases.BINARY, self.processes.folder)
        text = router.config.text().replace("servers = [", 'servers = ["never.example:11211", ')
        return names, router, text

    def ends_while_it_asks(self, names, router):
        until("it to ask", 5, lambda: names.asked)
        router.process.send_signal(signal.SIGTERM)
        self.ends_within(router, 1)
        self.assertIn("stopped", router.log())

    def test_a_name_server_that_is_silent(self):
        names, router, text = self.silent_name_server()
        router.config.text = lambda: text
        router.start()
        self.ends_while_it_asks(names, router)

    def test_a_reload_that_waits_for_a_name_server_that_is_silent(self):
        names, router, text = self.silent_name_server()
        router.start()
        router.file.write_text(text)
        router.process.send_signal(signal.SIGHUP)
        self.ends_while_it_asks(names, router)


if __name__ == "__main__":
    sys.exit(cases.main())
