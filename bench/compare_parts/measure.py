"""One workload, measured: all candidates up at once over the same servers, then short
bursts in shuffled order, round after round.

The proxies have one core to themselves, and only one of them has work at any time; the
generators and the servers share another.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time

from . import candidates as candidate_types
from .processes import Child, Failed, free_port, wait_until_listening

_CORES = sorted(os.sched_getaffinity(0))
PROXY_CORE, LOAD_CORE = _CORES[0], _CORES[min(1, len(_CORES) - 1)]
SERVERS = 4
WARM_BURST_S = 0.2
SYSCALL_BURST_S = 0.5
PATIENCE_S = 20  # Beyond the burst itself: the generator's own limit for replies is 5 s.


class Contestant:
    """A candidate in the ring: its process and the generator that is connected to it."""

    def __init__(self, candidate, place):
        self.candidate, self.place = candidate, place
        self.name = candidate.name
        self.proxy = None
        self.generator = None
        self.failures = []
        self.facts = {"rss_mb": None, "kb_per_connection": None, "syscalls_per_request": None}

    @property
    def target(self):
        return self.place.listen if self.proxy else self.place.servers[0]

    @property
    def up(self):
        return not self.failures

    def burst(self, seconds):
        before = self.proxy.cpu_ns() if self.proxy else (0, 0)
        answer = json.loads(self.generator.ask(f"burst {seconds}", seconds + PATIENCE_S))
        after = self.proxy.cpu_ns() if self.proxy else (0, 0)
        if not answer["ok"]:
            wrong = {key: value for key, value in answer.items() if key != "latency_us" and value}
            raise Failed(f"{self.name} answered wrongly: {wrong} {self.generator.last_words()}")
        requests = answer["requests"]
        return {
            "requests": requests,
            "cpu_us": (after[0] - before[0]) / 1e3 / requests if self.proxy and requests else None,
            "waited": (after[1] - before[1]) / 1e9 / answer["seconds"] if self.proxy else None,
            "requests_per_second": answer["requests_per_second"],
            "p50_us": answer["latency_us"]["p50"],
            "p99_us": answer["latency_us"]["p99"],
            "p999_us": answer["latency_us"]["p999"],
        }


class Match:
    """Everything that runs for one workload; a context manager that ends it all."""

    def __init__(self, workload, candidates, settings, say):
        self.workload, self.settings, self.say = workload, settings, say
        self.candidates = candidates
        self.folder = os.path.join(settings.folder, workload.name)
        self.children = []
        self.contestants = []
        self.random = random.Random(settings.seed)

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        try:
            self._start_servers()
            for candidate in self.candidates:
                self._start_candidate(candidate)
        except BaseException:
            self._end_all()
            raise
        return self

    def __exit__(self, *exception):
        self._end_all()
        return False

    def _end_all(self):
        for child in reversed(self.children):
            child.end()

    def _child(self, name, command, core, pipes=False):
        child = Child(name, command, core, os.path.join(self.folder, name + ".log"), pipes)
        self.children.append(child)
        return child

    def _tool(self, name):
        return os.path.join(self.settings.build, "bench", name.removeprefix("bench_"), name)

    # Servers --------------------------------------------------------------------------

    def _address(self, name):
        if self.workload.over_unix:
            return f"unix:{self.folder}/{name}.sock"
        return f"127.0.0.1:{free_port()}"

    def _start_servers(self):
        self.servers = [self._address(f"server{i}") for i in range(SERVERS)]
        if self.settings.servers == "fake":
            listen = [word for address in self.servers for word in ("--listen", address)]
            child = self._child("servers", [self._tool("bench_fake"), "--check", "--value",
                                            self.workload.value, *listen], LOAD_CORE)
            started = [child] * SERVERS
        else:
            started = [self._child(f"memcached{i}", self._memcached(address), LOAD_CORE)
                       for i, address in enumerate(self.servers)]
        for address, child in zip(self.servers, started):
            wait_until_listening(address, child)

    @staticmethod
    def _memcached(address):
        words = ["memcached", "-t", "1", "-m", "512", "-c", "16384", "-U", "0"]
        if os.getuid() == 0:
            words += ["-u", "root"]
        if address.startswith("unix:"):
            return words + ["-s", address.removeprefix("unix:")]
        host, port = address.split(":")
        return words + ["-l", host, "-p", port]

    # Candidates -----------------------------------------------------------------------

    def _start_candidate(self, candidate):
        folder = os.path.join(self.folder, candidate.name)
        os.makedirs(folder, exist_ok=True)
        place = candidate_types.Place(folder, self._address(candidate.name), free_port(),
                                      self.servers)
        contestant = Contestant(candidate, place)
        self.contestants.append(contestant)
        self._attempt(contestant, lambda: self._bring_up(contestant))

    def _bring_up(self, contestant):
        command = contestant.candidate.command(contestant.place)
        if command is not None:
            contestant.proxy = self._child(contestant.name, command, PROXY_CORE)
            wait_until_listening(contestant.place.listen, contestant.proxy)
        rss_kb = None
        if self.workload.many_connections and contestant.proxy:
            self._touch_shared_buffers(contestant)
            rss_kb = contestant.proxy.rss_kb()
        contestant.generator = self._generator(contestant, self.workload.load_arguments())
        contestant.burst(WARM_BURST_S)
        contestant.facts["rss_kb_without_connections"] = rss_kb

    def _generator(self, contestant, arguments):
        command = [self._tool("bench_load"), "--on-command", "--server", contestant.target,
                   "--seed", self.settings.seed, *arguments]
        if self.settings.servers == "real":
            command.append("--fill")
        child = self._child(f"load-{contestant.name}", command, LOAD_CORE, pipes=True)
        if child.read_line(PATIENCE_S).strip() != "ready":
            raise Failed(f"{child.name}: {child.last_words()}")
        return child

    def _touch_shared_buffers(self, contestant):
        """Some load over few connections, so that what all connections share is already
        in memory when the memory of one connection is measured."""
        generator = self._generator(contestant, ["--connections", "50", "--pipeline", "16"])
        generator.ask(f"burst {WARM_BURST_S}", WARM_BURST_S + PATIENCE_S)
        generator.end()
        time.sleep(0.1)

    def _attempt(self, contestant, action):
        """A candidate that fails is out for the rest of the workload; the others go on."""
        try:
            return action()
        except (Failed, OSError, ValueError) as failure:
            contestant.failures.append(str(failure))
            self.say(f"{contestant.name} is out: {failure}")
            for child in (contestant.generator, contestant.proxy):
                if child:
                    child.end()
            return None

    # Rounds ---------------------------------------------------------------------------

    def rounds(self):
        seconds = self.workload.burst_s * self.settings.burst_factor
        done = []
        for number in range(self.settings.rounds):
            order = [one for one in self.contestants if one.up]
            self.random.shuffle(order)
            bursts = {}
            for contestant in order:
                self.say(f"round {number + 1}/{self.settings.rounds} {contestant.name}", brief=True)
                burst = self._attempt(contestant, lambda: contestant.burst(seconds))
                if burst:
                    bursts[contestant.name] = burst
            done.append(bursts)
        return done

    def measure_once(self):
        """What one measurement is enough for: memory after the load, system calls."""
        for contestant in self.contestants:
            if contestant.up and contestant.proxy:
                self._attempt(contestant, lambda: self._measure_facts(contestant))

    def _measure_facts(self, contestant):
        rss_kb = contestant.proxy.rss_kb()
        contestant.facts["rss_mb"] = rss_kb / 1024
        before_kb = contestant.facts["rss_kb_without_connections"]
        if before_kb is not None:
            grown_kb = rss_kb - before_kb
            contestant.facts["kb_per_connection"] = grown_kb / self.workload.connections
        if shutil.which("perf"):
            self.say(f"system calls of {contestant.name}", brief=True)
            contestant.facts["syscalls_per_request"] = self._syscalls(contestant)

    def _syscalls(self, contestant):
        """System calls per request as perf counts them; None where it may not."""
        perf = self._child(f"perf-{contestant.name}",
                           ["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter",
                            "-p", contestant.proxy.pid], LOAD_CORE)
        try:
            time.sleep(0.3)  # perf says nowhere that it has begun.
            requests = contestant.burst(SYSCALL_BURST_S)["requests"]
            perf.process.send_signal(signal.SIGINT)
            perf.process.wait(5)
        except subprocess.TimeoutExpired:
            return None
        finally:
            perf.end()
        with open(perf.log_path) as log:
            for line in log:
                if "sys_enter" in line and line.split(",")[0].isdigit():
                    return int(line.split(",")[0]) / requests
        return None
