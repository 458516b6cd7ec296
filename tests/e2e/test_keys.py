#!/usr/bin/python3
"""Coming over from twemproxy without losing a key, with the real nutcracker: import,
diff, verify; and explain, asked of a file and of a running ringway."""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

import cases
from processes import accepts, free_port, until
from protocol import owners

NUTCRACKER = Path("/usr/sbin/nutcracker")
EXAMPLES = Path("/usr/share/doc/nutcracker/examples")

# What decides where keys live, in combinations that differ.
POOLS = [
    "hash: fnv1a_64\n  distribution: ketama",
    "hash: murmur\n  distribution: ketama\n  hash_tag: \"{}\"",
    "hash: crc32a\n  distribution: modula",
    "hash: one_at_a_time\n  distribution: ketama\n  hash_tag: \"$$\"",
    "hash: md5\n  distribution: modula\n  hash_tag: \"::\"",
]


class Keys(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(3)

    def ask(self, *arguments, expect=0):
        done = subprocess.run([cases.BINARY, *map(str, arguments)], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        self.assertIsNone(cases.REPORTS.search(done.stderr), done.stderr)
        return done.stdout if expect == 0 else done.stdout + done.stderr

    def file(self, name, text):
        path = self.processes.folder / name
        path.write_text(text)
        return path

    def explained(self, *arguments):
        return json.loads(self.ask("explain", "--json", *arguments))

    def items(self):
        """How many keys each server holds now."""
        counts = []
        for server in self.servers:
            found = self.stats(server)
            counts.append(int(found["curr_items"]))
        return counts

    def stats(self, server):
        with cases.Client((server.host, server.port)) as client:
            client.send(b"stats\r\n")
            lines = iter(client.line, b"END")
            return dict(line.decode().split(" ", 2)[1:] for line in lines)


class FromTwemproxy(Keys):
    def setUp(self):
        if not NUTCRACKER.exists():
            self.skipTest("nutcracker is not installed")
        super().setUp()
        self.ports = [free_port() for _ in POOLS]
        self.yml = self.file("nutcracker.yml", "".join(
            self.pool(f"pool{i}", port, keys) for i, (port, keys)
            in enumerate(zip(self.ports, POOLS))))
        command = [str(NUTCRACKER), "-c", str(self.yml), "-a", "127.0.0.1",
                   "-s", str(free_port())]
        self.processes.start("nutcracker", command)
        until("nutcracker to listen", 10,
              lambda: all(accepts("127.0.0.1", port) for port in self.ports))

    def pool(self, name, port, keys, order=(0, 1, 2)):
        servers = "".join(f"   - {self.servers[i].address}:{i + 1}{' third' if i == 2 else ''}\n"
                          for i in order)
        return f"{name}:\n  listen: 127.0.0.1:{port}\n  {keys}\n  servers:\n{servers}"

    def imported(self):
        return self.file("ringway.toml", self.ask("import", self.yml))

    def test_no_key_moves_between_a_configuration_and_its_import(self):
        said = self.ask("diff", self.yml, self.imported(), "--max-moved", "0%")
        self.assertEqual(said.count("no key moves"), len(POOLS), said)

    def test_every_key_is_where_the_import_says(self):
        toml = self.imported()
        for number, port in enumerate(self.ports):
            with self.subTest(POOLS[number]):
                said = self.ask("verify", toml, "--through", f"127.0.0.1:{port}", "--keys", 500)
                self.assertIn(f"pool pool{number} ", said)
                self.assertIn("all keys are where", said)
        self.assertEqual(self.items(), [0, 0, 0], "throw-away keys are left")

    def test_the_yml_itself_can_be_verified(self):
        said = self.ask("verify", self.yml, "--through", f"127.0.0.1:{self.ports[0]}",
                        "--listener", "pool0", "--keys", 100)
        self.assertIn("all keys are where", said)

    def test_a_wrong_file_is_found_out_and_where_the_keys_are_is_told(self):
        wrong = self.file("wrong.yml", self.pool("pool0", self.ports[0], POOLS[2]))
        said = self.ask("verify", wrong, "--through", f"127.0.0.1:{self.ports[0]}",
                        "--keys", 500, expect=1)
        strays = re.findall(r"belongs to (\S+) .*found on (\S+)", said)
        self.assertEqual(len(strays), 10, said)
        for home, place in strays:
            self.assertNotEqual(home, place)
        self.assertRegex(said, r"and \d+ more\n\d+ keys are not where .*wrong.yml says")
        self.assertEqual(self.items(), [0, 0, 0], "throw-away keys are left")

    def test_a_server_that_cannot_be_asked_is_named(self):
        self.servers[1].kill()
        said = self.ask("verify", self.yml, "--through", f"127.0.0.1:{self.ports[0]}", expect=1)
        self.assertIn(f"server {self.servers[1].address}: cannot connect", said)

    @unittest.skipUnless(EXAMPLES.is_dir(), f"{EXAMPLES} is not there")
    def test_twemproxys_own_examples_come_over(self):
        examples = sorted(EXAMPLES.glob("*.yml"))
        self.assertTrue(examples)
        for example in examples:
            with self.subTest(example.name):
                toml = self.file("example.toml", self.ask("import", example))
                # Pools of Redis come over, and nobody can run them yet.
                refused = 'protocol = "redis"' in Path(toml).read_text()
                said = self.ask("diff", example, toml, "--max-moved", "0%", expect=int(refused))
                self.assertIn("no key moves", said)
                said = self.ask("check", toml, expect=int(refused))
                self.assertEqual(refused, '"redis" is not yet supported' in said)


class OnRingway(Keys):
    def setUp(self):
        super().setUp()
        self.router = self.ringway(self.servers, pool='hash_tag = "{}"')
        self.admin = self.router.config.admin_bind

    def test_verify_finds_every_key_through_ringway(self):
        said = self.ask("verify", self.router.file, "--through",
                        f"{self.router.host}:{self.router.port}")
        self.assertIn("2000 keys through", said)
        self.assertIn("all keys are where", said)
        self.assertEqual(self.items(), [0, 0, 0], "throw-away keys are left")

    def test_keys_that_the_files_servers_do_not_have_are_found_nowhere(self):
        strangers = [f'"{server.address}"' for server in self.memcacheds(2)]
        other = self.file("other.toml", f"""[listener.web]
            bind = "127.0.0.1:1"
            route = "web"
            [pool.web]
            servers = [{", ".join(strangers)}]""")
        said = self.ask("verify", other, "--through", f"127.0.0.1:{self.router.port}",
                        "--keys", 20, expect=1)
        self.assertIn("found nowhere", said)
        self.assertIn("20 keys are not where", said)
        self.assertEqual(self.items(), [0, 0, 0], "throw-away keys are left")

    def test_what_the_proxy_could_not_store_is_told_with_its_reason(self):
        through = self.ringway(self.memcacheds(1))
        through.config.servers[0].kill()
        said = self.ask("verify", self.router.file, "--through", f"127.0.0.1:{through.port}",
                        "--keys", 20, expect=1)
        self.assertIn("not stored: SERVER_ERROR ringway: ", said)

    def test_explain_names_the_server_that_traffic_goes_to(self):
        keys = [f"user:{n}" for n in range(60)] + [f"{{tag{n}}}x" for n in range(20)]
        found = owners(self.router, self.servers, [key.encode() for key in keys])
        for source in ([self.router.file], ["--live", self.admin]):
            told = self.explained(*source, *keys)
            self.assertEqual([one["key"] for one in told], keys)
            for one in told:
                server = found[one["key"].encode()]
                self.assertEqual(one["plan"][0]["server"]["address"], server.address)

    def test_live_and_file_tell_the_same_of_keys_of_any_bytes(self):
        words = ["b64:/wAKIA==", "[a,b]", "{}", "{42}:x", "a b", "k" * 250, "+&=%"]
        live = self.explained("--live", self.admin, *words)
        self.assertEqual(live, self.explained(self.router.file, *words))
        self.assertEqual([one["key"] for one in live[1:]], words[1:])
        self.assertEqual(self.explained("--live", self.admin, "{}")[0]["key"], "{}")

    def test_live_text_is_that_of_the_file(self):
        self.assertEqual(self.ask("explain", "--live", self.admin, "user:1"),
                         self.ask("explain", self.router.file, "user:1"))

    def test_explain_over_http(self):
        code, headers, body = self.router.http("/explain?key=user%3A1", admin=True)
        self.assertEqual((code, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(json.loads(body)[0]["key"], "user:1")
        self.assertEqual(self.router.http("/explain", admin=True)[0], 400)
        self.assertEqual(self.router.http("/explain?key=a")[0], 404, "not on [metrics]")

    def test_an_unknown_listener_is_told_by_the_running_ringway(self):
        said = self.ask("explain", "--live", self.admin, "k", "--listener", "x", expect=1)
        self.assertIn("answers 404: there is no listener 'x'; there are: web", said)

    def test_nobody_at_the_address_is_a_clear_error(self):
        address = f"127.0.0.1:{free_port()}"
        for command in (["explain", "--live", address, "k"],
                        ["verify", self.router.file, "--through", address]):
            said = self.ask(*command, expect=1)
            self.assertIn(address, said)
            self.assertIn("cannot connect: Connection refused", said)

    def test_something_else_at_the_address_is_a_clear_error(self):
        said = self.ask("explain", "--live", self.servers[0].address, "k", expect=1)
        self.assertIn("does not speak HTTP", said)
        self.assertIn("is it the [admin] bind of a running ringway?", said)


if __name__ == "__main__":
    sys.exit(cases.main())
