#!/usr/bin/python3
"""What a service manager sees: readiness, reloads, the end, a watchdog, sockets of its own.
systemd is a socket that listens here; its unit is read by systemd-analyze.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import cases
from cases import EndToEnd, main
from processes import free_port, until
from protocol import Client

UNITS = Path(__file__).resolve().parents[2] / "configs" / "systemd"


class Notify:
    """NOTIFY_SOCKET's other end."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(5)

    def next(self):
        return self.socket.recv(4096).decode()

    def next_with(self, word, seconds=5):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            said = self.next()
            if word in said:
                return said
        raise AssertionError(f"no {word} within {seconds} s")


class ServiceManager(EndToEnd):
    def notified(self, **environment):
        notify = Notify(self.processes.folder)
        self.addCleanup(notify.socket.close)
        router = self.ringway(self.memcacheds(1), environment={
            "NOTIFY_SOCKET": notify.path, **environment})
        return notify, router

    def test_ready_reloading_ready_stopping(self):
        notify, router = self.notified()
        self.assertIn("STATUS=generation 1", notify.next_with("READY=1"))
        router.config.timeout = "3s"
        router.file.write_text(router.config.text())
        before = time.monotonic_ns() // 1000
        os.kill(router.pid, signal.SIGHUP)
        said = notify.next_with("RELOADING=1")
        at = int(said.split("MONOTONIC_USEC=")[1].split()[0])
        self.assertTrue(before <= at <= time.monotonic_ns() // 1000, (before, at))
        self.assertIn("STATUS=generation 2", notify.next_with("READY=1"))
        self.assertEqual(router.stop(), 0)
        notify.next_with("STOPPING=1")

    def test_what_a_full_queue_did_not_take_is_told_later(self):
        notify = Notify(self.processes.folder)
        self.addCleanup(notify.socket.close)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    other.sendto(b"full", notify.path)
        router = self.ringway(self.memcacheds(1), environment={"NOTIFY_SOCKET": notify.path})
        self.assertEqual(router.http("/readyz")[0], 200)
        time.sleep(0.2)
        notify.next_with("READY=1")

    def test_a_failed_reload_is_ready_again(self):
        notify, router = self.notified()
        notify.next_with("READY=1")
        router.file.write_text("[nonsense")
        os.kill(router.pid, signal.SIGHUP)
        notify.next_with("RELOADING=1")
        self.assertIn("generation 1", notify.next_with("READY=1"))

    def test_the_watchdog_is_fed_by_idle_workers_too(self):
        notify, _ = self.notified(WATCHDOG_USEC="400000")
        times = []
        for _ in range(5):
            notify.next_with("WATCHDOG=1")
            times.append(time.monotonic())
        # Each within the 400 ms after which it would bite.
        self.assertLess(max(b - a for a, b in zip(times, times[1:])), 0.4 * cases.SLOWNESS)

    def test_somebody_elses_watchdog_is_left_alone(self):
        notify, _ = self.notified(WATCHDOG_USEC="200000", WATCHDOG_PID="1")
        notify.next_with("READY=1")
        notify.socket.settimeout(1)
        self.assertRaises(TimeoutError, notify.next_with, "WATCHDOG=1")


class Activation(EndToEnd):
    def started_with(self, listening, router):
        """As systemd does: the socket is number 3, and LISTEN_PID is the process's own."""
        router.file.write_text(router.config.text())
        log = self.processes.folder / "activated.log"
        log.touch()
        pid = os.fork()
        if pid == 0:
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)
            output = os.open(log, os.O_CREAT | os.O_WRONLY)
            os.dup2(output, 1)
            os.dup2(output, 2)
            environment = {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
            os.execve(router.binary, [router.binary, "run", str(router.file)], environment)
        return pid, log

    def test_a_given_socket_is_listened_on_and_waiting_clients_are_served(self):
        router = self.ringway(self.memcacheds(1), start=False)
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((router.config.host, router.config.port))
            listening.listen(100)
            client = Client((router.config.host, router.config.port))
            pid, log = self.started_with(listening, router)
            try:
                self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n", log.read_text())
                os.kill(pid, signal.SIGTERM)
                _, status = until("the end", 10, lambda: self.ended(pid))
                pid = 0
                self.assertEqual(status, 0, log.read_text())
            finally:
                client.close()
                if pid:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            # It is still its giver's: clients wait for the next one.
            Client((router.config.host, router.config.port)).close()

    def test_a_given_socket_that_a_reload_leaves_unused_is_warned_of_and_used_again(self):
        router = self.ringway(self.memcacheds(1), start=False,
                              bind=[f"127.0.0.1:{free_port()}"])
        whole = router.config.text()
        left = router.config.bind[0]
        without = whole.replace(f', "{left}"', "")
        self.assertNotEqual(whole, without)
        host, port = left.rsplit(":", 1)
        with socket.create_server((host, int(port))) as listening:
            pid, log = self.started_with(listening, router)
            try:
                until("the start", 10, lambda: "started with" in log.read_text())
                warning = f"was given a socket on {left}, and no listener is there"
                for count in (1, 2):
                    self.assertEqual(self.served(left), b"STORED\r\n", log.read_text())
                    self.reloaded(router, without)
                    until("a warning", 5, lambda: log.read_text().count(warning) == count)
                    self.reloaded(router, without + "# The same.\n")
                    waiting = Client((host, int(port)))
                    self.addCleanup(waiting.close)
                    self.reloaded(router, whole)
                    self.assertEqual(waiting.set(b"k", b"v"), b"STORED\r\n", log.read_text())
                    self.assertEqual(log.read_text().count(warning), count)
            finally:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def served(self, bind):
        host, port = bind.rsplit(":", 1)
        with Client((host, int(port))) as client:
            return client.set(b"k", b"v")

    def reloaded(self, router, text):
        router.file.write_text(text)
        done = subprocess.run([router.binary, "reload", "--live", router.config.admin_bind],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @staticmethod
    def ended(pid):
        done, status = os.waitpid(pid, os.WNOHANG)
        return (done, status) if done else None


class Units(EndToEnd):
    def test_the_units_are_what_systemd_takes(self):
        analyze = shutil.which("systemd-analyze")
        if not analyze:
            self.skipTest("systemd-analyze is not installed")
        folder = self.processes.folder / "units"
        folder.mkdir()
        for unit in ("ringway.service", "ringway.socket"):
            text = (UNITS / unit).read_text().replace("/usr/bin/ringway", cases.BINARY)
            (folder / unit).write_text(text)
        done = subprocess.run([analyze, "verify", "--man=no", str(folder / "ringway.service"),
                               str(folder / "ringway.socket")],
                              capture_output=True, text=True, timeout=60, check=False)
        ours = [line for line in done.stderr.splitlines() if "ringway" in line]
        self.assertEqual((done.returncode, ours), (0, []), done.stderr)

    def test_the_unit_asks_where_the_samples_answer(self):
        """At the default address, which none of them changes; a test of samples runs it."""
        unit = (UNITS / "ringway.service").read_text()
        self.assertRegex(unit, r"(?m)^ExecReload=\S+ reload$")
        for name in ("minimal.toml", "sidecar.toml", "central.toml"):
            self.assertNotIn("[admin]", (UNITS.parent / name).read_text(), name)

    def test_the_unit_and_its_user_are_of_one_name(self):
        user = re.search(r"(?m)^User=(\w+)$", (UNITS / "ringway.service").read_text())[1]
        self.assertRegex((UNITS / "ringway.sysusers.conf").read_text(), rf"(?m)^u {user} - ")

    def test_the_drop_in_leaves_the_rest_to_the_unit(self):
        lines = (UNITS / "notify-reload.conf").read_text().splitlines()
        self.assertIn("Type=notify-reload", lines)
        self.assertIn("ExecReload=", lines)


if __name__ == "__main__":
    raise SystemExit(main())
