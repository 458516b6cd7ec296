"""Child processes: each pinned to a core, measured by its pid, and ended by its pid.

A child also dies with its parent (PR_SET_PDEATHSIG), so that even a harness that
is killed leaves nothing behind.
"""

import ctypes
import os
import random
import resource
import select
import signal
import socket
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Failed(Exception):
    """Something that was started did not do what it was started for."""


def free_port(taken=set()):
    """A port of 127.0.0.1 below the range that outgoing connections use."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port
    raise Failed("no free port")


def _before_exec(core):
    def prepare():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, {core})
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return prepare


class Child:
    def __init__(self, name, command, core, log_path, pipes=False):
        self.name = name
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log,
                stderr=log, preexec_fn=_before_exec(core),
                start_new_session=True)  # Ctrl-C reaches us alone; we end our children.

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def last_words(self):
        try:
            with open(self.log_path, errors="replace") as log:
                return " | ".join(log.read().strip().splitlines()[-3:])
        except OSError:
            return ""

    def cpu_ns(self):
        """Time of all threads on a CPU, and time they were ready but another had it."""
        ran = waited = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{task}/schedstat") as stat:
                    times = stat.read().split()
            except OSError:
                continue  # A thread that ended meanwhile.
            ran, waited = ran + int(times[0]), waited + int(times[1])
        return ran, waited

    def rss_kb(self):
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return None

    def ask(self, line, timeout_s):
        """Writes a line to the child and returns the line it answers."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.read_line(timeout_s)

    def read_line(self, timeout_s):
        # A child writes a whole line at once and only when asked: no partial lines.
        ready, _, _ = select.select([self.process.stdout], [], [], timeout_s)
        answer = self.process.stdout.readline() if ready else b""
        if not answer:
            why = "ended" if ready else f"gave no answer in {timeout_s:.0f} s"
            raise Failed(f"{self.name} {why}: {self.last_words()}")
        return answer.decode()

    def end(self):
        if not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_until_listening(address, child, timeout_s=8):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not child.alive():
            raise Failed(f"{child.name} ended at once: {child.last_words()}")
        if _can_connect(address):
            return
        time.sleep(0.05)
    raise Failed(f"{child.name} does not listen on {address}: {child.last_words()}")


def _can_connect(address):
    unix = address.startswith("unix:")
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as probe:
        probe.settimeout(1)
        try:
            if unix:
                probe.connect(address[len("unix:"):])
            else:
                host, port = address.rsplit(":", 1)
                probe.connect((host, int(port)))
        except OSError:
            return False
    return True
