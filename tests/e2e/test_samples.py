#!/usr/bin/python3
"""The shipped samples where they are meant to work: beside an application in a pod that kubelet
probes, as a tier that others reach, under the unit's user and limits. Their addresses are fixed,
so each has a network of its own. The unit's settings are set by hand: there need be no systemd."""

import contextlib
import json
import re
import resource
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import cases
from namespaces import Namespace
from processes import until
from protocol import Client

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
UNIT = CONFIGS / "systemd" / "ringway.service"
UNDER_SECCOMP = Path(__file__).resolve().parents[1] / "net" / "under_seccomp.py"
RINGWAY_ID, STRANGER_ID = 64997, 64998   # User and group; there need be no accounts.


def http(url, data=None):
    """HTTP status and body; kubelet's patience is a second."""
    try:
        with urllib.request.urlopen(url, data=data, timeout=1) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()
    except OSError as error:
        return 0, str(error)


class Samples(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.inside = Namespace(self.processes, "inside")
        self.outside = Namespace(self.processes, "outside")
        self.inside.wire(self.outside, "10.77.0.2", "10.77.0.1")

    def run_sample(self, name):
        self.ringway_process = self.inside.start(
            "ringway", cases.BINARY, "run", str(CONFIGS / name),
            environment={"ZONE": "", "NAMESPACE": "default"})
        return self.ringway_process

    def probe(self, path):
        """As kubelet or a balancer does: from another machine."""
        with self.outside.joined():
            return http(f"http://10.77.0.2:9312{path}")[0]

    def client(self, address):
        with self.inside.joined():
            client = Client(address)
        self.addCleanup(client.close)
        return client

    def assert_ends_well(self):
        self.ringway_process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ringway_process.wait(25), 0, self.ringway_process.log.read_text())

    def assert_serves(self, address):
        client = self.client(address)
        for number in range(20):
            self.assertEqual(client.set(b"key:%d" % number, b"v"), b"STORED\r\n")
            self.assertEqual(client.get(b"key:%d" % number), {b"key:%d" % number: b"v"})

    def assert_reloads(self):
        done = self.inside.run(cases.BINARY, "reload")
        self.assertIn("nothing has changed", done.stdout)

    def test_the_sidecar_in_a_pod(self):
        hosts = self.processes.folder / "hosts"
        hosts.write_text("".join(f"127.0.1.{n + 1} mc-{n}.mc.default.svc.cluster.local. "
                                 f"mc-{n}.mc.default.svc.cluster.local\n" for n in range(8)))
        self.inside.run("mount", "--bind", str(hosts), "/etc/hosts")
        self.inside.memcached("servers", ["0.0.0.0"])
        self.run_sample("sidecar.toml")
        until("kubelet to see it ready", 10, lambda: self.probe("/readyz") == 200)
        self.assertEqual(self.probe("/healthz"), 200)
        client = self.client(("127.0.0.1", 11311))
        until("the servers' names", 10, lambda: [client.set(b"key:%d" % number, b"v")
                                                 for number in range(20)] == [b"STORED\r\n"] * 20)
        self.assert_serves(("127.0.0.1", 11311))
        self.assert_reloads()
        # Nobody but the pod's own is served.
        with self.outside.joined():
            self.assertRaises(OSError, Client, ("10.77.0.2", 11311), 1)
        self.assert_ends_well()

    def test_the_central_tier(self):
        pages = [f"10.0.1.{n}" for n in range(1, 7)]
        logins = [f"10.0.2.{n}" for n in range(1, 4)]
        self.inside.address(*pages, *logins, "10.0.2.9")
        self.inside.memcached("servers", pages + logins)
        self.inside.memcached("spare", ["10.0.2.9"])
        self.run_sample("central.toml")
        until("a balancer to see it ready", 10, lambda: self.probe("/readyz") == 200)
        with self.outside.joined():
            for port in (11311, 11312):
                with Client(("10.77.0.2", port)) as client:
                    self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")
        self.assert_serves(("127.0.0.1", 11312))
        self.assert_reloads()
        self.check_logins_in_a_planned_drain()
        # Balancers have 10 s to notice.
        self.ringway_process.send_signal(signal.SIGTERM)
        until("the balancer to see the end", 2, lambda: self.probe("/readyz") == 503)
        self.assert_serves(("127.0.0.1", 11312))
        self.assert_ends_well()

    def check_logins_in_a_planned_drain(self):
        with self.inside.joined():
            code, said = http("http://127.0.0.1:9311/pools/sessions/servers/sessions-1/state",
                              b"state=drain")
        self.assertEqual(code, 200, said)
        client, spare = self.client(("127.0.0.1", 11311)), self.client(("10.0.2.9", 11211))
        keys = [b"login:%d" % number for number in range(30)]
        def on_the_spare():
            for key in keys:
                self.assertEqual(client.set(key, b"v"), b"STORED\r\n")
            return [key for key in keys if spare.get(key)]
        lives = [int(spare.ask(b"mg %b t\r\n" % key).split()[1][1:])
                 for key in until("logins on the spare", 5, on_the_spare)]
        # As long as a login lives, not the five minutes of other pools.
        self.assertGreater(min(lives), 7 * 3600, lives)
        self.assertLessEqual(max(lives), 8 * 3600, lives)

    def test_the_minimal_one(self):
        for port in (11211, 11212):
            self.inside.memcached(f"server{port}", ["127.0.0.1"], port)
        self.run_sample("minimal.toml")
        with self.inside.joined():
            until("it to be ready", 10, lambda: http("http://127.0.0.1:9312/readyz")[0] == 200)
        self.assert_serves(("127.0.0.1", 11311))
        self.assert_reloads()
        self.assert_ends_well()


class UnderTheUnit(cases.EndToEnd):
    """User, group, umask, capabilities, limits, system calls and a read-only system as the unit
    has them; what only systemd can do (ProtectProc, RestrictNamespaces...) is left out."""

    def setUp(self):
        if cases.SANITIZED:
            self.skipTest("a sanitizer needs system calls of its own")
        super().setUp()
        self.analyze = shutil.which("systemd-analyze")
        if not self.analyze:
            self.skipTest("systemd-analyze, which knows @system-service, is not installed")
        self.unit = dict(re.findall(r"(?m)^(\w+)=(.*)$", UNIT.read_text()))
        folder = self.processes.folder
        for file in (cases.BINARY, UNDER_SECCOMP):
            shutil.copy(file, folder)
        self.binary = str(folder / Path(cases.BINARY).name)
        self.inside = Namespace(self.processes, "inside")
        for path in ("/run", "/var/log"):
            self.inside.run("mount", "-t", "tmpfs", "tmpfs", path)
            self.inside.run("install", "-d", "-o", str(RINGWAY_ID), "-g", str(RINGWAY_ID),
                            f"{path}/ringway")
        self.inside.run("mount", "-o", "remount,bind,ro", "/")

    def system_calls(self):
        names, groups = set(), set()
        asked = self.unit["SystemCallFilter"].split() + ["@default"]
        while asked:
            one = asked.pop()
            if not one.startswith("@"):
                names.add(one)
            elif one not in groups:
                groups.add(one)
                done = subprocess.run([self.analyze, "syscall-filter", one], check=True,
                                      capture_output=True, text=True, timeout=60)
                asked += [line.strip() for line in done.stdout.splitlines()[1:]
                          if line.strip() and not line.strip().startswith("#")]
        return sorted(names)

    def limits(self):
        """As the unit has them, where root may set them here."""
        options = []
        for name in ("NOFILE", "MEMLOCK"):
            wanted = self.unit[f"Limit{name}"]
            _, most = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
            value = resource.RLIM_INFINITY if wanted == "infinity" else int(wanted)
            may = subprocess.run(["/usr/bin/prlimit", f"--{name.lower()}={value}", "true"],
                                 check=False, capture_output=True).returncode == 0
            if not may:
                print(f"{name} {most} instead of {wanted} ", end="", flush=True)
            options.append(f"--{name.lower()}={value if may else most}")
        return options

    def start(self, file):
        profile = self.processes.folder / "profile.json"
        profile.write_text(json.dumps({
            "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
            "syscalls": [{"names": self.system_calls(), "action": "SCMP_ACT_ALLOW"}]}))
        capability = "+" + self.unit["CapabilityBoundingSet"].removeprefix("CAP_").lower()
        self.assertEqual(self.unit["AmbientCapabilities"], self.unit["CapabilityBoundingSet"])
        self.ringway_process = self.inside.start(
            f"ringway-{Path(file).stem}", "/bin/sh", "-c",
            f'umask {self.unit["UMask"]}; exec "$@"', "sh", "/usr/bin/prlimit", *self.limits(),
            "/usr/bin/setpriv", f"--reuid={RINGWAY_ID}",
            f"--regid={RINGWAY_ID}", "--clear-groups", "--no-new-privs",
            f"--inh-caps=-all,{capability}", f"--ambient-caps=-all,{capability}",
            f"--bounding-set=-all,{capability}", "/usr/bin/python3",
            str(self.processes.folder / UNDER_SECCOMP.name), "--profile", str(profile),
            self.binary, "run", str(file))
        self.exec_reload = self.unit["ExecReload"].replace("/usr/bin/ringway", self.binary).split()

    def log(self):
        return self.ringway_process.log.read_text()

    def begun(self):
        self.assertIsNone(self.ringway_process.poll(), self.log())
        return "started with" in self.log()

    def assert_ends_well(self):
        self.ringway_process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.ringway_process.wait(1)
        # One that has a drain_delay is not waited for.
        self.ringway_process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ringway_process.wait(10), 0, self.log())

    def test_each_sample_starts_and_reloads(self):
        for name in ("minimal.toml", "sidecar.toml", "central.toml"):
            with self.subTest(name):
                self.start(CONFIGS / name)
                until("the start", 10, self.begun)
                done = self.inside.run(*self.exec_reload, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assert_ends_well()

    def test_unix_listeners_a_private_token_a_low_port_and_a_log_file(self):
        folder = self.processes.folder
        token, file = folder / "token", folder / "ringway.toml"
        token.write_text("secret\n")
        token.chmod(0o640)
        shutil.chown(token, 0, RINGWAY_ID)
        file.write_text("\n".join([
            "[log]", 'file = "/var/log/ringway/ringway.log"',
            "[admin]", 'bind = "unix:/run/ringway/admin.sock"', f'token_file = "{token}"',
            "[listener.cache]", 'bind = ["127.0.0.1:711", "unix:/run/ringway/cache.sock"]',
            'route = "cache"', "[pool.cache]", 'servers = ["127.0.0.1:11211"]', ""]))
        self.inside.memcached("server", ["127.0.0.1"])
        self.start(file)
        root = Path(f"/proc/{self.inside.pid}/root")
        log = root / "var/log/ringway/ringway.log"
        until("the start", 10, lambda: log.exists() and "started with" in log.read_text())
        with self.inside.joined(), Client(("127.0.0.1", 711)) as client:
            self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")
        self.assertEqual(self.asked_by(STRANGER_ID, [RINGWAY_ID]), "STORED")
        self.assertEqual(self.asked_by(STRANGER_ID, []), "Permission denied")
        done = self.inside.run(self.binary, "reload", "--live", "unix:/run/ringway/admin.sock",
                               "--token-file", str(token))
        self.assertIn("nothing has changed", done.stdout)
        self.assert_ends_well()

    def asked_by(self, who, groups):
        """What an application hears that runs as somebody else."""
        text = ("import socket, sys\n"
                "s = socket.socket(socket.AF_UNIX)\n"
                "try:\n"
                "    s.connect('/run/ringway/cache.sock')\n"
                "    s.sendall(b'set k 0 0 1\\r\\nv\\r\\n')\n"
                "    print(s.recv(100).decode().strip())\n"
                "except OSError as error:\n"
                "    print(error.strerror)\n")
        options = [f"--groups={','.join(map(str, groups))}"] if groups else ["--clear-groups"]
        return self.inside.run("/usr/bin/setpriv", f"--reuid={who}", f"--regid={who}", *options,
                               "--inh-caps=-all", "/usr/bin/python3", "-c", text).stdout.strip()


if __name__ == "__main__":
    sys.exit(cases.main())
