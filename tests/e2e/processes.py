"""Real programs, started and ended by one owner: free ports, memcached servers that
can be killed, frozen and restarted, and ringway itself. Whatever a Processes started
it ends, and nothing else; if it is killed itself, the kernel ends them.
"""

import ctypes
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

# Below the ports that the kernel gives to outgoing connections, so that no
# connection of a test takes the port of a server that is about to start.
PORTS = range(20000, 32000)
PORTS_EACH = 1000
NOBODY = 65534
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Ports:
    """The ports of this program. A port is free from when it is handed out until its
    server has bound it, so neither another call nor another program that runs at the
    same time may be given it meanwhile: each program claims a share of PORTS for as
    long as it lives, and goes through its share in order.
    """

    def __init__(self):
        self.claim, self.own, self.left = None, None, iter(())

    def next(self):
        self.own = self.own or self.claimed()
        port = next(self.left, None)
        if port is None:
            self.left = iter(self.own)
            port = next(self.left)
        return port

    def claimed(self):
        starts = list(PORTS[::PORTS_EACH])
        random.shuffle(starts)
        for start in starts:
            self.claim = socket.socket(socket.AF_UNIX)
            try:
                self.claim.bind(f"\0ringway-test-ports-{start}")
                return range(start, start + PORTS_EACH)
            except OSError:
                self.claim.close()
        raise RuntimeError(f"{len(starts)} other programs hold all ports for tests")


own_ports = Ports()


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(PORTS_EACH):
        port = own_ports.next()
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise RuntimeError(f"no free port on {host}")


def until(what, seconds, condition):
    """Waits for condition() to be true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


def is_served(path):
    """Whether somebody listens on a unix socket: its file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True


def opened_for_writing(pipe):
    """None as long as nobody reads from it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Processes:
    def __init__(self, folder=None):
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="ringway-")
        self.folder = Path(folder or self._temporary.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self._started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def start(self, name, command, as_nobody=False, environment=None):
        log = self.folder / f"{name}.log"
        account = NOBODY if as_nobody and os.geteuid() == 0 else None
        with open(log, "ab") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.folder, preexec_fn=end_with_parent, user=account, group=account,
                extra_groups=[] if account else None, start_new_session=True,
                env={**os.environ, **(environment or {})})
        process.log = log
        return self.adopt(process)

    def adopt(self, process):
        self._started.append(process)
        return process

    def end(self):
        """By force, newest first: what must end well was ended by its test."""
        for process in reversed(self._started):
            if process.poll() is None:
                process.kill()
                process.wait()
        self._started.clear()
        if self._temporary:
            self._temporary.cleanup()


def accepts(host, port):
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


class Memcached:
    """One real memcached on loopback."""

    def __init__(self, processes, name, port=None, options=(), host="127.0.0.1"):
        self.processes, self.name, self.options = processes, name, options
        self.host, self.port = host, port or free_port(host)
        self.process = None
        self.start()

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def start(self):
        # -U 0: no UDP; -R: as many requests of one connection in a row as there are.
        self.process = self.processes.start(self.name, [
            "/usr/bin/memcached", "-l", self.host, "-p", str(self.port), "-U", "0", "-t", "1",
            "-m", "256", "-c", "4096", "-R", "1000", *self.options], as_nobody=True)
        until(f"{self.name} to listen", 5, self._is_up)

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"memcached ended: {self.process.log.read_text()[-500:]}")
        return accepts(self.host, self.port)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        for stat in list(threads):
            until(f"{self.name} to stop", 5, lambda: ") T " in stat.read_text())  # noqa: B023

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


def servers(processes, count=3, prefix="web"):
    return [Memcached(processes, f"{prefix}{number + 1}") for number in range(count)]


class Ringway:
    """ringway with a configuration of its own, on free ports."""

    def __init__(self, processes, binary, config, name="ringway", environment=None):
        self.processes, self.binary, self.name = processes, binary, name
        self.environment = environment
        self.config = config
        self.file = processes.folder / f"{name}.toml"
        self.process = None
        self.wrapped_in = []  # A command that becomes ringway.

    def start(self, wait=True):
        self.file.write_text(self.config.text())
        self.process = self.processes.start(
            self.name, [*self.wrapped_in, self.binary, "run", str(self.file)],
            environment=self.environment)
        if wait:
            until("ringway to be ready", 10, self.is_ready)
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ringway ended with {self.process.returncode}:\n{self.log()}")
        try:
            return self.http("/readyz")[0] == 200
        except OSError:
            return False

    @property
    def pid(self):
        return self.process.pid

    @property
    def host(self):
        return self.config.host

    @property
    def port(self):
        return self.config.port

    def log(self):
        return self.process.log.read_text(errors="replace")

    def until_logged(self, pattern, seconds=5):
        """A thread of its own writes the log: what is seen elsewhere may not be there yet."""
        try:
            until(f"a log line with {pattern!r}", seconds,
                  lambda: re.search(pattern, self.log(), re.S))
        except AssertionError as error:
            raise AssertionError(f"{error}; the log: {self.log()}") from None

    def stop(self, with_signal=signal.SIGTERM, seconds=10):
        """Returns the exit code, -N if it died of signal N."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"ringway runs {seconds} s after signal {with_signal}; its "
                                 f"log:\n{self.log()[-3000:]}") from None

    def http(self, path, admin=False):
        """(status, headers, body) of a GET of the metrics or of the admin address."""
        port = self.config.admin_port if admin else self.config.metrics_port
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()

    def post(self, path, body=""):
        """(status, body) of a POST to the admin address."""
        url = f"http://127.0.0.1:{self.config.admin_port}{path}"
        try:
            with urllib.request.urlopen(url, data=body.encode(), timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def metrics(self, server=None):
        """Sums over all labels: {"ringway_requests_total": 12.0, ...}; or of one server.

        Of the admin address: the other one hands out the same for a second."""
        sums = {}
        for line in self.http("/metrics", admin=True)[2].splitlines():
            if server and f'server="{server}"' not in line:
                continue
            if found := re.match(r"(\w+)(?:\{.*\})? (\S+)", line):
                sums[found[1]] = sums.get(found[1], 0.0) + float(found[2])
        return sums

    def status(self):
        return json.loads(self.http("/status", admin=True)[2])

    def server(self, name):
        """The server of that name, as /status has it."""
        servers = [s for pool in self.status()["pools"] for s in pool["servers"]]
        return next(s for s in servers if s["name"] == name)

    def standings(self):
        """{name: "up", "ejected", ...} of the first pool."""
        return {s["name"]: s["standing"] for s in self.status()["pools"][0]["servers"]}

    def resident_bytes(self):
        text = Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.M)[1])

    def private_bytes(self):
        """What the process would give back if it ended."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return 1024 * sum(int(kb) for kb in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.M))


class Config:
    """A configuration on free ports; keywords are what a test wants otherwise."""

    def __init__(self, servers, workers=1, io="auto", timeout="500ms", drain="200ms",
                 host="127.0.0.1", bind=(), pool="", router="", listener="", options=None,
                 admin=""):
        self.servers, self.workers, self.io = servers, workers, io
        self.timeout, self.drain = timeout, drain
        self.host, self.port = host, free_port(host)
        self.metrics_port, self.admin_port = free_port(), free_port()
        self.metrics_bind = f"127.0.0.1:{self.metrics_port}"
        self.admin_bind = f"127.0.0.1:{self.admin_port}"
        self.bind = list(bind)
        self.pool, self.router, self.listener, self.admin = pool, router, listener, admin
        self.options = options or {}  # Of servers, by name: "backup = true".

    def text(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        bind = [f"{host}:{self.port}", *self.bind]
        servers = ", ".join(self._server(server) for server in self.servers)
        return "\n".join([
            "[router]", f"workers = {self.workers}", f'io = "{self.io}"',
            f'drain_timeout = "{self.drain}"', self.router,
            "[metrics]", f'bind = "{self.metrics_bind}"',
            "[admin]", f'bind = "{self.admin_bind}"', self.admin,
            "[listener.web]", f"bind = {json.dumps(bind)}", 'route = "web"', self.listener,
            "[pool.web]", f'timeout = "{self.timeout}"', f"servers = [{servers}]",
            self.pool, ""])

    def _server(self, server):
        options = self.options.get(server.name)
        if not options:
            return f'"{server.address}:1 {server.name}"'
        return f'{{ address = "{server.address}", name = "{server.name}", {options} }}'
