#!/usr/bin/python3
"""A relay between ringway and one real memcached that does what broken servers and
networks do. It runs as a process of its own, so that it keeps its own time; what it does
is switched while it runs, and has been switched when switch() returns.

    pass       bytes go through
    refuse     nobody listens, connections are reset: a process that is gone
    reset      every connection is reset at its first request after the greeting
    blackhole  nothing is accepted, nothing is read: a frozen process, a dropped route
    stall      the greeting passes and requests arrive; replies stay here until the mode changes
    delay      replies come `seconds` later
    drip       replies come a byte at a time, `seconds` apart
    truncate   half of what the server says next, then the end of the connection
    garbage    what the server says next is random bytes
    foreign    values come under another key
    split      the reply with `marker` comes up to it after `seconds`, its rest after as much again

Truncate, garbage and foreign leave the greeting alone, too: a server that cannot even greet
is no different from one that refuses.
"""

import json
import random
import select
import socket
import struct
import subprocess
import sys
import time

from processes import end_with_parent, free_port

CHUNK = 65536
HELD_BYTES_MAX = 1 << 20
GREETING = 0.0  # Due at once.
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


class Injector:
    """Looks like the server it stands before."""

    def __init__(self, processes, server):
        self.name, self.server = server.name, server
        self.host, self.port = "127.0.0.1", free_port()
        self.process = processes.adopt(subprocess.Popen(
            [sys.executable, __file__, str(self.port), str(server.port)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=end_with_parent))
        self.switch("pass")

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def switch(self, mode, **options):
        """Returns how many connections there are and were: {"open": 1, "accepted": 2}."""
        return self._tell({"mode": mode, **options})

    def reset_now(self):
        """Once; new connections pass."""
        return self._tell({"reset": True})

    def _tell(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Pair:
    """One connection of ringway's and its counterpart to the server."""

    def __init__(self, client, target):
        self.client = client
        self.server = socket.create_connection(("127.0.0.1", target))
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setblocking(False)
        self.requests = b""
        self.replies = []  # [due, bytes], oldest first
        self.greeted = self.ending = self.gone = False
        self.dripped_at = 0.0

    def abort(self):
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.close()

    def close(self):
        self.client.close()
        self.server.close()
        self.gone = True

    def held(self):
        return sum(len(data) for _, data in self.replies)


class Relay:
    def __init__(self, port, target):
        self.port, self.target = port, target
        self.listener, self.pairs, self.accepted = None, [], 0
        self.mode, self.seconds, self.marker = "pass", 0.0, b""
        self.random = random.Random(port)
        self.listen()

    # --- What it is told ---

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)

    def obey(self, order):
        if order.get("reset"):
            self.abort_all()
        else:
            self.mode = order["mode"]
            self.seconds = order.get("seconds", 0.0)
            self.marker = order.get("marker", "").encode()
        if self.mode == "refuse" and self.listener:
            self.listener.close()
            self.listener = None
            self.abort_all()
        if self.mode != "refuse" and not self.listener:
            self.listen()
        if self.mode == "pass":
            for pair in self.pairs:
                pair.replies = [[0.0, data] for _, data in pair.replies]
        self.pairs = [pair for pair in self.pairs if not pair.gone]
        return {"open": len(self.pairs), "accepted": self.accepted}

    def abort_all(self):
        for pair in self.pairs:
            if not pair.gone:
                pair.abort()

    # --- What it does ---

    def step(self, control):
        now = time.monotonic()
        frozen = self.mode == "blackhole"
        readable, writable = {control.fileno(): None}, {}
        wake = now + 1
        if self.listener and not frozen:
            readable[self.listener.fileno()] = None
        for pair in () if frozen else self.pairs:
            if len(pair.requests) < HELD_BYTES_MAX:
                readable[pair.client.fileno()] = pair, self.on_request
            if pair.held() < HELD_BYTES_MAX and not pair.ending:
                readable[pair.server.fileno()] = pair, self.on_reply
            if pair.requests:
                writable[pair.server.fileno()] = pair, self.send_requests
            due = self.due(pair)
            if due is not None and due <= now:
                writable[pair.client.fileno()] = pair, self.send_replies
            elif due is not None:
                wake = min(wake, due)
        ready_to_read, ready_to_write, _ = select.select(
            readable, writable, [], max(0, wake - time.monotonic()))
        for ready, doings in ((ready_to_read, readable), (ready_to_write, writable)):
            for descriptor in ready:
                if doings[descriptor]:
                    self.attempt(*doings[descriptor])
        if self.listener and self.listener.fileno() in ready_to_read:
            self.accept()
        if control.fileno() in ready_to_read:
            return control.readline()
        self.pairs = [pair for pair in self.pairs if not pair.gone]
        return None

    def accept(self):
        client, _ = self.listener.accept()
        self.accepted += 1
        try:
            self.pairs.append(Pair(client, self.target))
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            client.close()

    def attempt(self, pair, doing):
        if pair.gone:
            return
        try:
            doing(pair)
        except BlockingIOError:
            pass
        except OSError:
            pair.abort()

    def on_request(self, pair):
        data = pair.client.recv(CHUNK)
        if not data:
            return pair.close()
        if self.mode == "reset" and pair.greeted:
            return pair.abort()
        pair.requests += data
        return None

    def send_requests(self, pair):
        pair.requests = pair.requests[pair.server.send(pair.requests):]

    def on_reply(self, pair):
        data = pair.server.recv(CHUNK)
        if not data:
            pair.ending = True
            if not pair.replies:
                pair.close()
            return
        now = time.monotonic()
        greeting, pair.greeted = not pair.greeted, True
        if greeting:
            pair.replies.append([GREETING, data])
        elif self.mode == "truncate":
            pair.replies.append([now, data[:len(data) // 2]])
            pair.ending = True
        elif self.mode == "garbage":
            pair.replies.append([now, self.random.randbytes(len(data)) + b"\r\n"])
        elif self.mode == "foreign":
            pair.replies.append([now, data.replace(b"VALUE ", b"VALUE another-")])
        elif self.mode == "split" and self.marker in data:
            at = data.index(self.marker) + len(self.marker)
            pair.replies += [[now + self.seconds, data[:at]], [now + 2 * self.seconds, data[at:]]]
        else:
            pair.replies.append([now + (self.seconds if self.mode == "delay" else 0), data])

    def due(self, pair):
        """When something may go to ringway; None if nothing may."""
        if not pair.replies or (self.mode == "stall" and pair.replies[0][0] != GREETING):
            return None
        if self.mode == "drip":
            return pair.dripped_at + self.seconds
        return pair.replies[0][0]

    def send_replies(self, pair):
        now = time.monotonic()
        while (due := self.due(pair)) is not None and due <= now:
            data = pair.replies[0][1]
            sent = pair.client.send(data[:1] if self.mode == "drip" else data)
            pair.replies[0][1] = data[sent:]
            if not pair.replies[0][1]:
                pair.replies.pop(0)
            if self.mode == "drip":
                pair.dripped_at = now
        if pair.ending and not pair.replies:
            pair.close()


def main():
    relay = Relay(int(sys.argv[1]), int(sys.argv[2]))
    # Unbuffered: a line that waits in Python's own buffer would not wake select().
    control = open(0, "rb", buffering=0)
    while True:
        line = relay.step(control)
        if line == b"":
            return
        if line:
            print(json.dumps(relay.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
