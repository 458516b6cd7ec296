"""A network of its own, with files of its own: for programs that bind addresses which are fixed,
as those of the shipped samples are. Only root can have one."""

import contextlib
import os
import subprocess
import unittest

from processes import libc, until

CLONE_NEWNET = 0x40000000


class Namespace:
    """As long as a process sleeps in it."""

    def __init__(self, processes, name):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can have a network namespace")
        self.processes = processes
        done = subprocess.run(["/usr/bin/unshare", "--net", "--mount", "true"], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest(f"no namespaces here: {done.stderr.strip()}")
        self.process = processes.start(name, ["/usr/bin/unshare", "--net", "--mount",
                                              "/usr/bin/sleep", "600"])
        until("the namespace", 5, self._is_there)
        self.run("ip", "link", "set", "lo", "up")

    def _is_there(self):
        with open(f"/proc/{self.process.pid}/comm") as name:
            return name.read() == "sleep\n"

    @property
    def pid(self):
        return str(self.process.pid)

    def inside(self, *command):
        """The command that runs this one in there."""
        return ["/usr/bin/nsenter", "-t", self.pid, "-n", "-m", *command]

    def run(self, *command, check=True):
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=60,
                              check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
        return done

    def start(self, name, *command, environment=None):
        return self.processes.start(name, self.inside(*command), environment=environment)

    def memcached(self, name, addresses, port=11211):
        return self.start(name, "/usr/bin/memcached", "-u", "nobody", "-l", ",".join(addresses),
                          "-p", str(port), "-U", "0", "-t", "1")

    def address(self, *addresses):
        for address in addresses:
            self.run("ip", "addr", "add", f"{address}/32", "dev", "lo")

    @contextlib.contextmanager
    def joined(self):
        """Sockets that are made meanwhile are in there."""
        with open("/proc/thread-self/ns/net") as home, open(f"/proc/{self.pid}/ns/net") as there:
            self._enter(there)
            try:
                yield
            finally:
                self._enter(home)

    @staticmethod
    def _enter(network):
        if libc.setns(network.fileno(), CLONE_NEWNET) != 0:
            raise OSError("cannot enter a network namespace")

    def wire(self, other, own_address, other_address):
        """A cable between the two."""
        subprocess.run(["ip", "link", "add", "wire0", "netns", self.pid, "type", "veth", "peer",
                        "name", "wire0", "netns", other.pid], check=True, timeout=10)
        for end, address in ((self, own_address), (other, other_address)):
            end.run("ip", "addr", "add", f"{address}/24", "dev", "wire0")
            end.run("ip", "link", "set", "wire0", "up")
