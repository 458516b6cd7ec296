#!/usr/bin/python3
"""Ends cleanly when told to, and starts at once on the same address whatever came before."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import cases
from processes import opened_for_writing, until
from protocol import Client


def fill(pipe):
    try:
        while True:
            os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        pass


class Signals(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(2)

    def check_ending(self, number, io, workers):
        router = self.ringway(self.servers, io=io, workers=workers)
        busy, idle = self.client(router), self.client(router)
        for _ in range(3):
            self.assertEqual(busy.set(b"k", b"v"), b"STORED\r\n")
            self.assertEqual(router.stop(number), 0, router.log())
            self.assert_no_report(router)
            self.assertEqual(idle.rest(), b"")
            router.start()
            busy, idle = self.client(router), self.client(router)

    def test_sigterm_over_io_uring(self):
        self.check_ending(signal.SIGTERM, "io_uring", 1)

    def test_sigterm_over_epoll(self):
        self.check_ending(signal.SIGTERM, "epoll", 1)

    def test_sigint_with_two_workers(self):
        self.check_ending(signal.SIGINT, "auto", 2)

    def check_killed(self, io):
        router = self.ringway(self.servers, io=io)
        for _ in range(5):
            client = self.client(router)
            client.send(b"get k\r\n" * 100)
            router.process.kill()
            router.process.wait()
            router.start()
            with Client((router.host, router.port)) as again:
                self.assertEqual(again.set(b"k", b"v"), b"STORED\r\n")

    def test_starts_at_once_after_sigkill_over_io_uring(self):
        self.check_killed("io_uring")

    def test_starts_at_once_after_sigkill_over_epoll(self):
        self.check_killed("epoll")

    def test_a_request_in_flight_is_answered_before_the_end(self):
        router = self.ringway(self.servers, timeout="400ms", drain="5s")
        client = self.client(router)
        client.set(b"k", b"v")
        for server in self.servers:
            server.freeze()
        client.send(b"get k\r\n")
        router.process.send_signal(signal.SIGTERM)
        self.assertRegex(client.rest().decode(), r"^SERVER_ERROR ringway: .*\r\n$")
        self.assertEqual(router.stop(), 0)

    def test_asked_twice_it_ends_at_once_whatever_it_waits_for(self):
        """A server that is silent, and a log that nobody reads."""
        if cases.SANITIZER == "thread":
            self.skipTest("this sanitizer flushes streams in _exit, which waits for the reader")
        router = self.ringway(self.servers, start=False, timeout="15s", drain="10s")
        os.mkfifo(router.processes.folder / "stderr")
        pipe = os.open(router.processes.folder / "stderr", os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, pipe)
        router.wrapped_in = ["/bin/sh", "-c", 'exec "$@" 2>stderr', "sh"]
        router.start()
        self.routers.append(router)
        client = self.client(router)
        client.set(b"k", b"v")
        for server in self.servers:
            server.freeze()
        client.send(b"get k\r\n")
        fill(pipe)
        time.sleep(0.1)
        router.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(router.process.poll(), "it waits for its clients")
        begun = time.monotonic()
        self.assertEqual(router.stop(), 0)
        self.assertLess(time.monotonic() - begun, 0.7 * cases.SLOWNESS)

    def test_sigusr1_opens_the_log_anew(self):
        log, moved = self.processes.folder / "a.log", self.processes.folder / "a.log.1"
        router = self.ringway(self.servers, router=f'[log]\nfile = "{log}"\nformat = "json"')
        until("the log to say so", 5, lambda: "started" in log.read_text())
        log.rename(moved)
        router.process.send_signal(signal.SIGUSR1)
        until("the log to be there again", 5, log.exists)
        self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")
        before = moved.read_text()
        self.assertEqual(router.stop(), 0)
        self.assertEqual(moved.read_text(), before)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertIn("stopped", lines[-1].values())

    def test_sighup_opens_the_log_anew_although_the_reload_fails(self):
        log, moved = self.processes.folder / "a.log", self.processes.folder / "a.log.1"
        router = self.ringway(self.servers, router=f'[log]\nfile = "{log}"')
        until("the log to say so", 5, lambda: "started" in log.read_text())
        router.file.write_text("[nonsense")
        log.rename(moved)
        router.process.send_signal(signal.SIGHUP)
        until("the reload to fail", 5, lambda: log.exists() and "reload:" in log.read_text())
        self.assertNotIn("reload:", moved.read_text())

    def test_signals_that_mean_something_elsewhere_neither_stop_nor_end_it(self):
        router = self.ringway(self.servers)
        unused = [signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2, signal.SIGALRM,
                  signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGXCPU,
                  signal.SIGSTKFLT, signal.SIGXFSZ, signal.SIGRTMIN, signal.SIGRTMAX]
        for number in unused * 2:
            router.process.send_signal(number)
            time.sleep(0.01)
            self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")
        told = {"SIGTTIN", "SIGTTOU", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGPOLL",
                "SIGPWR", "SIGXCPU", "SIGSTKFLT"}
        until("all to be told", 5, lambda: router.log().count("is not used here") == 12)
        self.assertLessEqual(told, set(re.findall(r"(SIG\w+) is not used here", router.log())))

    def test_signals_during_the_first_read_wait(self):
        router = self.ringway(self.servers, start=False)
        text = router.config.text()
        os.mkfifo(router.file)
        router.process = self.processes.start(
            router.name, [router.binary, "run", str(router.file)])
        self.routers.append(router)
        pipe = until("it to read", 5, lambda: opened_for_writing(router.file))
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN):
            router.process.send_signal(number)
        os.write(pipe, text.encode())
        os.close(pipe)
        until("it to be ready", 10, router.is_ready)
        # What came meanwhile is done now; a pipe is read once.
        until("the reload", 5, lambda: "is not a regular file" in router.log())
        self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")

    def begin(self, router, blocked=()):
        """Starts it, and says nothing to it yet; it inherits what is blocked."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        try:
            router.start(wait=False)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.routers.append(router)
        return router.process

    def blocks(self, process, number):
        status = Path(f"/proc/{process.pid}/status").read_text()
        return int(re.search(r"(?m)^SigBlk:\s+(\w+)", status)[1], 16) >> (number - 1) & 1

    def test_signals_right_after_exec_are_done_once_it_has_started(self):
        """Whoever starts it blocks them until then, as the kernel would end it before its first
        line: they are neither its end nor lost."""
        for number in (signal.SIGHUP, signal.SIGUSR1) * 3:
            router = self.ringway(self.servers, start=False)
            process = self.begin(router, blocked=[number])
            process.send_signal(number)
            until("it to be ready", 10, router.is_ready)
            if number == signal.SIGHUP:
                until("the reload", 5, lambda: router.status()["last_reload"])  # noqa: B023
            self.assertEqual(router.stop(), 0)

    def test_no_moment_of_the_start_lets_a_signal_end_it(self):
        for number in (signal.SIGHUP, signal.SIGUSR1) * 5:
            router = self.ringway(self.servers, start=False)
            process = self.begin(router)
            while not self.blocks(process, number):
                self.assertIsNone(process.poll(), router.log())
            end = time.monotonic() + 0.1 * cases.SLOWNESS
            while time.monotonic() < end:
                process.send_signal(number)
                self.assertIsNone(process.poll(), router.log())
            until("it to be ready", 10, router.is_ready)
            self.assertEqual(router.stop(), 0)

    def test_sigpipe_is_ignored(self):
        router = self.ringway(self.servers)
        router.process.send_signal(signal.SIGPIPE)
        self.assertEqual(self.client(router).set(b"k", b"v"), b"STORED\r\n")


if __name__ == "__main__":
    sys.exit(cases.main())
