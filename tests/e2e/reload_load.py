"""Clients for whom a reload must not exist: they hold their connections, and look at every
byte of every reply. A key that moves to another server may be missing there, or be as old
as when it was there last; anything else is wrong.
"""

import random
import re
import selectors
import socket
import time
from collections import deque

import cases

SHARED = [b"shared:%d" % number for number in range(64)]
PADDING = bytes(range(97, 123)) * 800
# A question that is older when its connection ends did not cross the end: it was dropped.
CROSSING_MAX_S = 0.2 * cases.SLOWNESS


class Wrong(AssertionError):
    pass


def value_of(key, version):
    return b"%b#%d#" % (key, version) + PADDING[:version * 37 % 2000]


class ReloadClient:
    """One connection. `depth` requests are always open; replies are parsed one by one."""

    def __init__(self, number, address, depth=8, pause=0.0, exact=False):
        self.number, self.depth, self.pause = number, depth, pause
        self.exact = exact      # No reload touches its pool: nothing is missing or old.
        self.stored = {}        # What its keys hold once all that it asked is done.
        self.expected = deque()  # Of each question: the versions of its keys, 0: none.
        self.random = random.Random(number)
        self.socket = socket.create_connection(address, 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.versions = {}
        self.waiting = deque()
        self.input, self.output = b"", b""
        self.held = b""       # The second half of a request that waits for its time.
        self.held_until = 0.0
        self.rest_until = 0.0
        self.replies = self.missing = 0
        self.sent_at = 0.0    # When it last sent something.
        self.open_at = 0.0    # When it was last found open, however long nobody looked since.
        self.ending = False
        self.gone = False

    # --- asking ---

    def ask_more(self, now):
        if self.ending or self.held or now < self.rest_until:
            return
        while len(self.waiting) < self.depth:
            self.output += self.random.choice(self.KINDS)(self)
            if self.held:
                return
        self.rest_until = now + self.pause

    def own_key(self):
        return b"own:%d:%d" % (self.number, self.random.randrange(40))

    def set(self):
        key = self.own_key()
        self.versions[key] = version = self.versions.get(key, 0) + 1
        self.stored[key] = version
        value = value_of(key, version)
        self.waiting.append(("line", (b"STORED",)))
        return b"set %b 3 0 %d\r\n%b\r\n" % (key, len(value), value)

    def half_set(self):
        """Its second half follows after some reloads."""
        whole = self.set()
        self.held = whole[len(whole) // 2:]
        self.held_until = time.monotonic() + self.random.uniform(0.1, 0.6)
        return whole[:len(whole) // 2]

    def get(self):
        return self.get_all([self.own_key()])

    def get_many(self):
        return self.get_all([self.own_key() for _ in range(self.random.randrange(2, 60))])

    def get_all(self, keys):
        self.waiting.append(("values", keys))
        self.expected.append({key: self.stored.get(key, 0) for key in keys})
        return b"get %b\r\n" % b" ".join(keys)

    def delete(self):
        key = self.own_key()
        self.stored.pop(key, None)
        self.waiting.append(("line", (b"DELETED", b"NOT_FOUND")))
        return b"delete %b\r\n" % key

    KINDS = (get, get, get, set, set, get_many, delete)

    def release_held(self, now):
        if self.held and now >= self.held_until:
            self.output += self.held
            self.held = b""

    # --- hearing ---

    def on_readable(self, size=1 << 17):
        data = self.socket.recv(size)
        if not data:
            raise Wrong(f"client {self.number}: closed, {len(self.waiting)} replies owed")
        self.input += data
        while self.waiting and self.take_reply():
            self.waiting.popleft()
            self.replies += 1
        if self.input and not self.waiting:
            raise Wrong(f"client {self.number}: unasked {self.input[:80]!r}")

    def take_reply(self):
        kind, expected = self.waiting[0]
        if kind == "line":
            line, end, rest = self.input.partition(b"\r\n")
            if not end:
                return False
            if line not in expected:
                raise Wrong(f"client {self.number}: {line[:120]!r} instead of {expected}")
            self.input = rest
            return True
        return self.take_values(expected)

    def take_values(self, keys):
        at, place, found_count = 0, 0, 0
        while True:
            end = self.input.find(b"\r\n", at)
            if end < 0:
                return False
            line = self.input[at:end]
            if line == b"END":
                self.take_missing(keys, found_count)
                self.input = self.input[end + 2:]
                return True
            found = re.fullmatch(rb"VALUE (\S+) 3 (\d+)", line)
            if not found or found[1] not in keys[place:]:
                raise Wrong(f"client {self.number}: {line[:120]!r} to {keys[:5]}")
            size = int(found[2])
            if len(self.input) < end + 2 + size + 2:
                return False
            self.check(found[1], self.input[end + 2:end + 2 + size])
            place = keys.index(found[1], place) + 1
            found_count += 1
            at = end + 2 + size + 2

    def take_missing(self, keys, found):
        missing, expected = len(keys) - found, self.expected.popleft()
        self.missing += missing
        absent = sum(expected[key] == 0 for key in keys)
        if self.exact and missing != absent:
            raise Wrong(f"client {self.number}: {missing} keys missing instead of {absent}")

    def check(self, key, value):
        parts = value.split(b"#", 2)
        version = int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else 0
        if not 1 <= version <= self.versions.get(key, 0) or value != value_of(key, version):
            raise Wrong(f"client {self.number}: {key!r} holds {value[:80]!r}")
        if self.exact and version != self.expected[0][key]:
            raise Wrong(f"client {self.number}: {key!r} holds version {version} instead of "
                        f"{self.expected[0][key]}")


class HalfSetClient(ReloadClient):
    KINDS = (ReloadClient.half_set, ReloadClient.get)


class SlowReader(ReloadClient):
    """Asks for much and reads little at a time."""

    KINDS = (ReloadClient.get_many, ReloadClient.get_many, ReloadClient.set)

    def on_readable(self, size=4096):
        super().on_readable(2048)


class IdleClient(ReloadClient):
    """Says nothing until the end."""

    def ask_more(self, now):
        pass


class LeavingClient(ReloadClient):
    """Of a listener that will be taken away: it is closed then, between two requests."""

    def __init__(self, number, address):
        super().__init__(number, address, depth=1, pause=0.02, exact=True)

    def on_readable(self, size=1 << 17):
        if self.socket.recv(1, socket.MSG_PEEK):
            return super().on_readable(size)
        # What it asked last may have come too late; a reply that has begun may not end.
        if self.input or len(self.waiting) > 1:
            raise Wrong(f"client {self.number}: closed within a reply: {self.input[:80]!r}")
        owed = self.open_at - self.sent_at
        if self.waiting and owed > CROSSING_MAX_S:
            raise Wrong(f"client {self.number}: closed without the reply to a question that it "
                        f"had asked {owed:.3f} s before")
        self.gone = True
        self.waiting.clear()
        self.output = b""


def crowd(address, untouched):
    """200 connections of all kinds; some of them at the address of a pool that no reload
    touches.
    """
    clients = []
    for number in range(200):
        kind = (HalfSetClient if number % 10 == 1 else SlowReader if number % 10 == 2
                else IdleClient if number % 10 in (3, 4) else ReloadClient)
        exact = number % 10 in (0, 1, 5)
        clients.append(kind(number, untouched if exact else address, depth=1 + number % 12,
                            pause=0.05, exact=exact))
    return clients


def run(clients, each_round, seconds_max=1800, silence_max=20):
    """Keeps the clients busy; each_round(now) says False when it is over. Then everybody
    gets what is owed. Others may join meanwhile; those who are gone are taken out."""
    selector = selectors.DefaultSelector()
    heard = start = time.monotonic()
    going, known, looked = True, set(), start
    while going or any(client.waiting or client.output for client in clients):
        now = time.monotonic()
        if going and not each_round(now):
            going = False
        for client in clients:
            client.ending = not going
            if client not in known:
                known.add(client)
                selector.register(client.socket, selectors.EVENT_READ, client)
        for client in clients:
            client.release_held(now)
            client.ask_more(now)
            if client.output:
                try:
                    client.output = client.output[client.socket.send(client.output):]
                    client.sent_at = time.monotonic()
                except BlockingIOError:
                    pass
        looked, looked_before = time.monotonic(), looked
        for key, _ in selector.select(0.005):
            client = key.data
            client.open_at = looked_before
            client.on_readable()
            heard = now
            if client.gone:
                selector.unregister(client.socket)
                client.socket.close()
                clients.remove(client)
        if now - heard > silence_max or now - start > seconds_max:
            owed = [c.number for c in clients if c.waiting]
            raise Wrong(f"silence: clients {owed[:20]} wait")
