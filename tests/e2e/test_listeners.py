#!/usr/bin/python3
"""Clients come over IPv4, IPv6 and unix sockets, one or several at once."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys

import cases
from processes import free_port, is_served, until
from protocol import Client


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Listeners(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds(2)

    def assert_serves(self, address):
        with Client(address) as client:
            self.assertEqual(client.set(b"k", b"v"), b"STORED\r\n")
            self.assertEqual(client.get(b"k"), {b"k": b"v"})

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this machine has no IPv6 on loopback")
        router = self.ringway(self.servers, host="::1")
        self.assert_serves((router.host, router.port))

    def test_a_unix_socket_with_its_mode(self):
        path = self.processes.folder / "web.sock"
        for io in cases.io_kinds():
            with self.subTest(io=io):
                router = self.ringway(self.servers, bind=[f"unix:{path}"], io=io,
                                      listener='mode = "0640"')
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
                self.assert_serves(path)
                self.assertEqual(router.stop(), 0, router.log())

    def test_a_unix_socket_left_by_a_killed_ringway_is_taken_over(self):
        path = self.processes.folder / "web.sock"
        router = self.ringway(self.servers, bind=[f"unix:{path}"])
        router.process.kill()
        router.process.wait()
        router.start()
        self.assert_serves(path)

    def test_a_unix_socket_of_a_successor_stays(self):
        path = self.processes.folder / "web.sock"
        first = self.ringway(self.servers, bind=[f"unix:{path}"])
        path.unlink()
        self.ringway(self.servers, bind=[f"unix:{path}"])
        self.assertEqual(first.stop(), 0, first.log())
        self.assert_serves(path)

    def test_a_unix_socket_that_was_removed_is_made_anew(self):
        path = self.processes.folder / "web.sock"
        router = self.ringway(self.servers, bind=[f"unix:{path}"], listener='mode = "0640"')
        with Client(path) as before:
            path.unlink()
            until("the socket to be served again", 6, lambda: is_served(path))
            until("its mode", 1, lambda: stat.S_IMODE(os.stat(path).st_mode) == 0o640)
            self.assert_serves(path)
            self.assertEqual(before.get(b"k"), {b"k": b"v"})
            router.until_logged(f"somebody has removed unix:{path}")
            path.unlink()
            router.process.send_signal(signal.SIGHUP)  # It need not wait for the next look.
            until("the socket to be served at once", 1, lambda: is_served(path))
            self.assert_serves(path)
            status = router.status()
            self.assertFalse(status["file_differs"])
            self.assertEqual(status["file_hash"], status["config_hash"])
        self.assertEqual(router.stop(), 0, router.log())
        self.assertFalse(path.exists())

    def test_a_folder_in_the_place_of_a_socket_is_told_by_whoever_looks(self):
        path, taken = (self.processes.folder / f"{name}.sock" for name in ("web", "taken"))
        router = self.ringway(self.servers, bind=[f"unix:{path}"])
        good = router.file.read_text()
        taken.mkdir()
        more = f'[listener.new]\nroute = "web"\nbind = "unix:{taken}"\n'
        place = f"{router.file}:{good.count(chr(10)) + 3}:8: error: [listener.new] bind: "
        router.file.write_text(good + more)
        check = subprocess.run([router.binary, "check", router.file], capture_output=True,
                               text=True, timeout=20)
        self.assertIn(place, check.stderr)
        self.assertEqual(check.returncode, 1)
        status, said = router.post("/reload")
        self.assertIn(f"{place}cannot listen on unix:{taken}: there is a folder of that name which "
                      "is no socket\n  take it away, or name another path\n", said)
        self.assertIn("the configuration stays as it was", said)
        self.assertEqual((status >= 400, router.status()["generation"]), (True, 1))
        second = self.ringway(self.servers, bind=[f"unix:{taken}"], start=False)
        second.start(wait=False)
        self.assertEqual(second.process.wait(10), 1)
        self.assertIn("[listener.web] bind: ", second.log())
        self.assertIn("take it away, or name another path", second.log())

    def test_a_folder_in_the_place_of_a_socket_that_stays_fails_a_reload_whole(self):
        """Nobody can connect there any more: that is no reload that went well."""
        path = self.processes.folder / "web.sock"
        router = self.ringway(self.servers, bind=[f"unix:{path}"])
        good = router.file.read_text()
        path.unlink()
        path.mkdir()
        router.file.write_text(good.replace('"500ms"', '"400ms"'))
        status, said = router.post("/reload")
        self.assertRegex(said, r":\d+:8: error: \[listener.web\] bind: cannot listen on "
                               f"unix:{path}: there is a folder")
        self.assertIn("take it away", said)
        self.assertEqual((status >= 400, router.status()["generation"]), (True, 1))
        path.rmdir()
        self.assertEqual(router.post("/reload")[0], 200)
        self.assert_serves(path)

    def test_sockets_of_the_http_addresses_are_made_anew_too(self):
        paths = [self.processes.folder / f"{name}.sock" for name in ("metrics", "admin")]
        router = self.ringway(self.servers, start=False)
        config = router.config
        config.metrics_bind, config.admin_bind = (
            f'{bind}", "unix:{path}'
            for bind, path in zip((config.metrics_bind, config.admin_bind), paths))
        text = config.text()
        config.text = lambda: re.sub(r'^bind = ("[^\[\n]+)$', r"bind = [\1]", text, flags=re.M)
        router.start()
        self.routers.append(router)
        for path in paths:
            path.unlink()
        for path in paths:
            until(f"{path.name} to be there again", 5, path.exists)
            router.until_logged(f"unix:{path}: it was made anew")
            path.unlink()
        router.process.send_signal(signal.SIGHUP)
        for path in paths:
            until(f"{path.name} to be served at once", 2, lambda path=path: is_served(path))
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
                probe.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                self.assertIn(b"200 OK", probe.recv(100))
        self.assertEqual(router.stop(), 0, router.log())
        self.assertFalse(any(path.exists() for path in paths))

    def test_several_addresses_at_once(self):
        path, port = self.processes.folder / "web.sock", free_port()
        router = self.ringway(self.servers, bind=[f"127.0.0.1:{port}", f"unix:{path}"], workers=2)
        for address in ((router.host, router.port), ("127.0.0.1", port), path):
            with self.subTest(address=address):
                self.assert_serves(address)

    def test_a_second_ringway_on_the_same_address_says_so_and_harms_nothing(self):
        first = self.ringway(self.servers)
        second = self.ringway(self.servers, start=False)
        second.config.port = first.port
        second.start(wait=False)
        until("the second to give up", 10, lambda: second.process.poll() is not None)
        self.assertEqual(second.process.returncode, 1)
        self.assertIn(f"127.0.0.1:{first.port}", second.log())
        self.assert_serves((first.host, first.port))


if __name__ == "__main__":
    sys.exit(cases.main())
