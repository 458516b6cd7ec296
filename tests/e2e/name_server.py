"""A name server of a test's own, and a ringway that asks it and nobody else: it runs with
another /etc/resolv.conf, in a mount namespace. Needs root.
"""

import os
import random
import socket
import struct
import subprocess
import threading
import time

NXDOMAIN, SERVFAIL, SILENT = "nxdomain", "servfail", "silent"
TYPE_A = 1
CODES = {SERVFAIL: 2, NXDOMAIN: 3}


def why_not():
    """Empty if this machine lets us; else what is missing."""
    if os.geteuid() != 0:
        return "another /etc/resolv.conf needs root"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "no mount namespaces here"


class NameServer:
    """Answers A questions for `names`: addresses, or NXDOMAIN, SERVFAIL, SILENT."""

    def __init__(self):
        self.names = {}
        self.pause = 0  # Seconds before each answer.
        self.asked = []
        self.host = f"127.53.{random.randint(0, 255)}.{random.randint(1, 254)}"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.host, 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(512)
                if answer := self._answer(question):
                    time.sleep(self.pause)
                    self.socket.sendto(answer, sender)
            except OSError:
                return

    def _answer(self, question):
        labels, at = [], 12
        while size := question[at]:
            labels.append(question[at + 1:at + 1 + size].decode())
            at += 1 + size
        name, end = ".".join(labels).lower(), at + 5
        kind = struct.unpack("!H", question[at + 1:at + 3])[0]
        known = self.names.get(name, NXDOMAIN)
        if kind == TYPE_A:
            self.asked.append(name)
        if known == SILENT:
            return None
        code = CODES.get(known, 0) if isinstance(known, str) else 0
        addresses = known if kind == TYPE_A and not isinstance(known, str) else []
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        rows = [struct.pack("!HHHIH", 0xc00c, TYPE_A, 1, 0, 4) + socket.inet_aton(address)
                for address in addresses]
        return head + question[12:end] + b"".join(rows)

    def asking(self, binary, folder):
        """A program that is `binary`, but asks this name server."""
        resolv = folder / "resolv.conf"
        resolv.write_text(f"nameserver {self.host}\noptions timeout:1 attempts:1\n")
        script = folder / "ringway-with-names"
        script.write_text(f"#!/bin/sh\nexec unshare --mount sh -c '"
                          f"mount --bind {resolv} /etc/resolv.conf && exec {binary} \"$@\"' "
                          f"ringway \"$@\"\n")
        script.chmod(0o755)
        return str(script)
