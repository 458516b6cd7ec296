#!/usr/bin/python3
"""The clients that applications use, against ringway with three servers. None of them
knows that it is not a memcached. A client that is not installed is skipped, with its name.

memcaslap is not among them: its keys begin with control characters, which ringway refuses.
Load with every byte verified is test_load.py's.
"""

import importlib
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cases
from clients.meta_client import MetaClient
from protocol import Client

HERE = Path(__file__).resolve().parent / "clients"
ANY_BYTES = bytes(range(256))
LARGE = b"x" * 900_000
MEMCCAPABLE_AT_LEAST = 23


class Clients(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(3)
        self.router = self.ringway(self.servers, timeout="5s", pool='flush_all = "allowed"')

    def tearDown(self):
        # Whatever a client did, all three servers took part and none was suspected.
        metrics = self.router.metrics()
        self.assertEqual(metrics["ringway_server_foreign_replies_total"], 0)
        self.assertEqual(metrics["ringway_server_connections_lost_total"], 0)
        super().tearDown()

    def module(self, name):
        try:
            return importlib.import_module(name)
        except ImportError:
            self.skipTest(f"Python's {name} is not installed (scripts/setup test)")

    def check_program(self, *command, checks_at_least):
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is not installed")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        checks = int(re.search(r"(\d+) checks", done.stdout)[1])
        print(f"{checks} checks ", end="", flush=True)
        self.assertGreaterEqual(checks, checks_at_least)

    # --- Python ---------------------------------------------------------------------

    def test_pymemcache(self):
        self.module("pymemcache")
        from pymemcache.client.base import Client as Pymemcache
        from pymemcache.exceptions import MemcacheServerError
        client = Pymemcache((self.router.host, self.router.port), timeout=5, default_noreply=False)
        self.assertTrue(client.set("a", "text", expire=100))
        self.assertEqual(client.get("a"), b"text")
        self.assertIsNone(client.get("none"))
        self.assertFalse(client.add("a", "x"))
        self.assertTrue(client.replace("a", "other"))
        self.assertTrue(client.append("a", ">"))
        self.assertTrue(client.prepend("a", "<"))
        value, cas = client.gets("a")
        self.assertEqual(value, b"<other>")
        self.assertTrue(client.cas("a", "new", cas))
        self.assertFalse(client.cas("a", "newer", cas))
        self.assertIsNone(client.cas("none", "new", cas))
        client.set("n", "7")
        self.assertEqual(client.incr("n", 5), 12)
        self.assertEqual(client.decr("n", 20), 0)
        self.assertIsNone(client.incr("none", 1))
        self.assertTrue(client.touch("n", 100))
        self.assertTrue(client.delete("n"))
        self.assertFalse(client.delete("n"))
        client.set("binary", ANY_BYTES)
        self.assertEqual(client.get("binary"), ANY_BYTES)
        client.set("large", LARGE)
        self.assertEqual(client.get("large"), LARGE)
        with self.assertRaises(MemcacheServerError):
            client.set("large", LARGE * 2)
        self.assertIsNone(client.get("large"))
        many = {f"many:{n}": b"of %d" % n for n in range(500)}
        self.assertEqual(client.set_many(many), [])
        self.assertEqual(client.get_many(many), many)
        self.assertEqual(len(client.gets_many(many)), 500)
        client.set_many({key: "silent" for key in many}, noreply=True)
        self.assertEqual(set(client.get_many(many).values()), {b"silent"})
        self.assertTrue(client.delete_many(many))
        self.assertEqual(client.get_many(many), {})
        self.assertTrue(client.version().startswith(b"1.6.18"))
        self.assertIn(b"version", client.stats())
        self.assertTrue(client.flush_all())
        self.assertIsNone(client.get("a"))
        client.quit()

    def test_pylibmc(self):
        pylibmc = self.module("pylibmc")
        client = pylibmc.Client([f"{self.router.host}:{self.router.port}"],
                                behaviors={"cas": True, "tcp_nodelay": True})
        self.assertTrue(client.set("a", "text", time=100))
        self.assertEqual(client.get("a"), "text")
        self.assertIsNone(client.get("none"))
        self.assertFalse(client.add("a", "x"))
        self.assertTrue(client.replace("a", "other"))
        self.assertTrue(client.append("a", ">"))
        self.assertTrue(client.prepend("a", "<"))
        value, cas = client.gets("a")
        self.assertEqual(value, "<other>")
        self.assertTrue(client.cas("a", "new", cas))
        self.assertFalse(client.cas("a", "newer", cas))
        client.set("n", 7)
        self.assertEqual(client.incr("n", 5), 12)
        self.assertEqual(client.decr("n", 2), 10)
        with self.assertRaises(pylibmc.NotFound):
            client.incr("none")
        self.assertTrue(client.touch("n", 100))
        self.assertTrue(client.delete("n"))
        self.assertFalse(client.delete("n"))
        client.set("binary", ANY_BYTES)
        self.assertEqual(client.get("binary"), ANY_BYTES)
        client.set("large", LARGE)
        self.assertEqual(client.get("large"), LARGE)
        many = {f"many:{n}": n for n in range(500)}
        self.assertEqual(client.set_multi(many), [])
        self.assertEqual(client.get_multi(list(many)), many)
        self.assertTrue(client.delete_multi(list(many)))
        self.assertTrue(client.get_stats())
        self.assertTrue(client.flush_all())
        self.assertIsNone(client.get("a"))
        other = pylibmc.Client([f"{self.router.host}:{self.router.port}"],
                               behaviors={"no_block": True})
        for n in range(300):
            other.set(f"no_block:{n}", n)
        self.assertEqual(other.get("no_block:299"), 299)

    def test_python_memcache(self):
        memcache = self.module("memcache")
        client = memcache.Client([f"{self.router.host}:{self.router.port}"], cache_cas=True,
                                 socket_timeout=5)
        self.assertTrue(client.set("a", "text", time=100))
        self.assertEqual(client.get("a"), "text")
        self.assertIsNone(client.get("none"))
        self.assertFalse(client.add("a", "x"))
        self.assertTrue(client.replace("a", "other"))
        self.assertTrue(client.append("a", ">"))
        self.assertTrue(client.prepend("a", "<"))
        self.assertEqual(client.gets("a"), "<other>")
        self.assertTrue(client.cas("a", "new"))
        client.gets("a")
        client.set("a", "between")
        self.assertFalse(client.cas("a", "newer"))
        client.set("n", 7)
        self.assertEqual(client.incr("n", 5), 12)
        self.assertEqual(client.decr("n", 2), 10)
        self.assertTrue(client.touch("n", 100))
        self.assertEqual(client.delete("n"), 1)
        self.assertIsNone(client.get("n"))
        client.set("binary", ANY_BYTES)
        self.assertEqual(client.get("binary"), ANY_BYTES)
        client.set("large", LARGE)
        self.assertEqual(client.get("large"), LARGE)
        many = {f"many:{n}": n for n in range(500)}
        self.assertEqual(client.set_multi(many), [])
        self.assertEqual(client.get_multi(many), many)
        self.assertTrue(client.delete_multi(list(many)))
        self.assertEqual(client.get_multi(many), {})
        self.assertTrue(client.get_stats())
        client.flush_all()
        self.assertIsNone(client.get("a"))

    # --- Others ---------------------------------------------------------------------

    def test_php(self):
        self.need("php", "-r", 'exit(extension_loaded("memcached") ? 0 : 1);')
        self.check_program("php", HERE / "check.php", self.router.host, str(self.router.port),
                           checks_at_least=34)

    def test_perl_fast(self):
        self.need("perl", "-MCache::Memcached::Fast", "-e", "1")
        self.check_program("perl", HERE / "check.pl", "Cache::Memcached::Fast",
                           f"{self.router.host}:{self.router.port}", checks_at_least=320)

    def test_perl(self):
        self.need("perl", "-MCache::Memcached", "-e", "1")
        self.check_program("perl", HERE / "check.pl", "Cache::Memcached",
                           f"{self.router.host}:{self.router.port}", checks_at_least=320)

    def need(self, *command):
        if not shutil.which(command[0]) or subprocess.run(
                command, capture_output=True, timeout=20).returncode:
            self.skipTest(f"{' '.join(command[:2])} is not installed (scripts/setup test)")

    def test_node(self):
        if not shutil.which("npm"):
            self.skipTest("npm is not installed")
        folder = Path(cases.BINARY).parent.parent / "tests" / "e2e" / "npm"
        if not (folder / "node_modules" / "memcached").is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            try:
                got = subprocess.run(
                    ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent",
                     "memcached@2.2.2"], capture_output=True, text=True, timeout=60)
            except subprocess.TimeoutExpired:
                self.skipTest("npm cannot reach its registry")
            if got.returncode:
                self.skipTest(f"npm cannot install memcached: {got.stderr.strip()[:100]}")
        self.check_program("node", HERE / "check.js", folder,
                           f"{self.router.host}:{self.router.port}", checks_at_least=27)

    def test_memccapable(self):
        if not shutil.which("memccapable"):
            self.skipTest("memccapable is not installed (libmemcached-tools)")
        done = subprocess.run(["memccapable", "-h", self.router.host, "-p", str(self.router.port),
                               "-a"], capture_output=True, text=True, timeout=120)
        results = re.findall(r"^(ascii .*?)\s+\[(\w+)\]", done.stdout, re.M)
        passed = [name for name, result in results if result == "pass"]
        failed = [name for name, result in results if result != "pass"]
        print(f"{len(passed)} of {len(results)} passed, not: {failed} ", end="", flush=True)
        self.assertGreaterEqual(len(passed), MEMCCAPABLE_AT_LEAST, done.stdout + done.stderr)


class Meta(Clients):
    """The client of the meta protocol that was written for this test."""

    def meta(self):
        return MetaClient(self.client(self.router))

    def test_values_flags_and_times(self):
        meta = self.meta()
        self.assertEqual(meta.set(b"a", b"text", b"F7", b"T100"), b"HD")
        code, told, value = meta.ask(b"mg", b"a", b"v", b"f", b"s", b"t", b"k", b"c")
        self.assertEqual((code, value, told[b"f"], told[b"s"], told[b"k"]),
                         (b"VA", b"text", b"7", b"4", b"a"))
        self.assertIn(int(told[b"t"]), range(95, 101))
        self.assertEqual(meta.ask(b"mg", b"none", b"v", b"k")[:2],
                         (b"EN", {b"k": b"none", b"O": b"3"}))
        self.assertEqual(meta.set(b"a", b"other", b"ME"), b"NS")
        self.assertEqual(meta.set(b"a", b"new", b"C" + told[b"c"]), b"HD")
        self.assertEqual(meta.set(b"a", b"newer", b"C" + told[b"c"]), b"EX")
        self.assertEqual(meta.get(b"a"), b"new")
        self.assertEqual(meta.set(b"a", b"+", b"MA"), b"HD")
        self.assertEqual(meta.get(b"a"), b"new+")
        self.assertEqual(meta.ask(b"md", b"a")[0], b"HD")
        self.assertEqual(meta.ask(b"md", b"a")[0], b"NF")

    def test_numbers(self):
        meta = self.meta()
        self.assertEqual(meta.ask(b"ma", b"n", b"v")[0], b"NF")
        self.assertEqual(meta.ask(b"ma", b"n", b"v", b"N0", b"J10")[2], b"10")
        self.assertEqual(meta.ask(b"ma", b"n", b"v", b"D5")[2], b"15")
        self.assertEqual(meta.ask(b"ma", b"n", b"v", b"MD", b"D100")[2], b"0")

    def test_encoded_keys_have_the_same_owner_as_plain_ones(self):
        meta = self.meta()
        for n in range(30):
            self.assertEqual(meta.set(b"plain%d" % n, b"%d" % n), b"HD")
            encoded = MetaEncoded(self.client(self.router))
            self.assertEqual(encoded.get(b"plain%d" % n), b"%d" % n)
        for key in (b"with space", b"\x00\xff\r\n", b"k" * 180 + b"\n"):
            self.assertEqual(meta.set(key, key), b"HD")
            self.assertEqual(meta.get(key), key)
            self.assertEqual(meta.ask(b"md", key)[0], b"HD")
            self.assertIsNone(meta.get(key))

    def test_quiet_pipelines_end_at_the_barrier(self):
        meta, chance = self.meta(), random.Random(4)
        keys = [b"quiet:%d" % n for n in range(300)]
        self.assertEqual(meta.quietly([(b"ms", key, (), b"of " + key) for key in keys]), {})
        for _ in range(5):
            asked = [chance.choice(keys) if chance.random() < 0.7 else b"none:%d" % n
                     for n in range(500)]
            told = meta.quietly([(b"mg", key, (b"v",), None) for key in asked])
            hits = [index for index, key in enumerate(asked) if key in keys]
            self.assertEqual(list(told), hits, "not in the order asked")
            for index in hits:
                self.assertEqual(told[index][2], b"of " + asked[index])
        told = meta.quietly([(b"md", key, (), None) for key in [b"none", *keys, b"nothing"]])
        self.assertEqual({index: reply[0] for index, reply in told.items()},
                         {0: b"NF", 301: b"NF"})

    def test_after_the_barrier_every_server_has_it(self):
        meta = self.meta()
        keys = [b"barrier:%d" % n for n in range(200)]
        self.assertEqual(meta.quietly([(b"ms", key, (), b"v") for key in keys]), {})
        there = {}
        for server in self.servers:
            with Client((server.host, server.port)) as direct:
                there.update(direct.get(*keys))
        self.assertEqual(set(there), set(keys))


class MetaEncoded(MetaClient):
    """Encodes every key."""

    def _request(self, command, key, flags, size=None):
        import base64
        self.opaque += 1
        words = [command, base64.b64encode(key), *([b"%d" % size] if size is not None else []),
                 b"b", *flags, b"O%d" % self.opaque]
        return b" ".join(words) + b"\r\n", b"O%d" % self.opaque


# The cases of Clients are not repeated in the class that only shares its fixture.
for name in [name for name in vars(Clients) if name.startswith("test_")]:
    setattr(Meta, name, None)


if __name__ == "__main__":
    sys.exit(cases.main())
