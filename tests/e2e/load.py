"""Clients that pipeline and check every byte of every reply against a model.

Each client writes only keys of its own, so it knows exactly what each reply must
be, and reads keys that all share and nobody writes. Values carry key and sequence:
a reply that belongs to another request cannot look right. One thread, no locks.
"""

import random
import selectors
import socket
import time

SHARED_KEYS = [b"shared:%d" % number for number in range(200)]
SIZES = (0, 10, 100, 1000, 1000, 20000)
PADDING = b"\r\nEND\r\nVALUE own:1:1 0 2\r\n" * 1000


def shared_value(key):
    return b"value of %b " % key * (1 + len(key) % 5)


class LoadClient:
    def __init__(self, number, address, depth, seed):
        self.number, self.depth = number, depth
        self.run = random.randrange(1 << 30)  # What an earlier run left is none of ours.
        self.random = random.Random(seed * 1000 + number)
        self.model = {}
        self.sequence = 0
        self.output = self.expected = b""
        self.matched = self.asked = self.replies = 0
        self.socket = socket.create_connection(address, 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def next_batch(self):
        requests, expected = [], []
        for _ in range(self.depth):
            request, reply = self.random.choice(self.KINDS)(self)
            requests.append(request)
            expected.append(reply)
        self.output, self.expected, self.matched = b"".join(requests), b"".join(expected), 0
        self.asked = len(requests)

    def own_key(self):
        return b"own:%x:%d:%d" % (self.run, self.number, self.random.randrange(50))

    def set(self):
        key = self.own_key()
        self.sequence += 1
        value = b"%b %d " % (key, self.sequence) + PADDING[:self.random.choice(SIZES)]
        self.model[key] = value
        return b"set %b %d 0 %d\r\n%b\r\n" % (key, self.number, len(value), value), b"STORED\r\n"

    def get(self):
        key = self.own_key()
        value = self.model.get(key)
        if value is None:
            return b"get %b\r\n" % key, b"END\r\n"
        return b"get %b\r\n" % key, self.value(key, self.number, value) + b"END\r\n"

    def get_many(self):
        keys = self.random.choices(SHARED_KEYS, k=self.random.randrange(2, 30))
        values = b"".join(self.value(key, 7, shared_value(key)) for key in keys)
        return b"get %b\r\n" % b" ".join(keys), values + b"END\r\n"

    def delete(self):
        key = self.own_key()
        was_there = self.model.pop(key, None) is not None
        return b"delete %b\r\n" % key, b"DELETED\r\n" if was_there else b"NOT_FOUND\r\n"

    KINDS = (get, get, get, get, set, set, get_many, delete)

    @staticmethod
    def value(key, flags, value):
        return b"VALUE %b %d %d\r\n%b\r\n" % (key, flags, len(value), value)

    def on_readable(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise AssertionError(f"client {self.number}: closed with replies owed, "
                                 f"next was {self.expected[self.matched:self.matched + 80]!r}")
        want = self.expected[self.matched:self.matched + len(data)]
        if data != want:
            at = next((i for i, (a, b) in enumerate(zip(data, want)) if a != b), len(want))
            before = max(0, at - 60)
            raise AssertionError(f"client {self.number}: wrong reply\n  wanted "
                                 f"{want[before:at + 100]!r}\n  got    {data[before:at + 100]!r}")
        self.matched += len(data)
        if self.matched == len(self.expected):
            self.replies += self.asked
            return True
        return False

    def on_writable(self):
        self.output = self.output[self.socket.send(self.output):]


def fill_shared(address):
    with socket.create_connection(address, 5) as filler:
        for key in SHARED_KEYS:
            value = shared_value(key)
            filler.sendall(b"set %b 7 0 %d\r\n%b\r\n" % (key, len(value), value))
        reply = b""
        while len(reply) < 8 * len(SHARED_KEYS):
            data = filler.recv(65536)
            assert data, f"closed after {reply[-100:]!r}"
            reply += data
        assert reply == b"STORED\r\n" * len(SHARED_KEYS), reply


def verified_load(address, clients=50, depth=16, seconds=5, seed=None, silence_max=5):
    """Returns how many replies were right; the first that is not is an AssertionError,
    and so is a reply that does not come within silence_max seconds."""
    seed = random.randrange(1 << 30) if seed is None else seed
    try:
        fill_shared(address)
        return _run([LoadClient(n, address, depth, seed) for n in range(clients)],
                    seconds, silence_max)
    except AssertionError as wrong:
        raise AssertionError(f"{wrong}\n(seed {seed})") from None


def _run(clients, seconds, silence_max):
    selector = selectors.DefaultSelector()
    for client in clients:
        client.next_batch()
        selector.register(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
    busy, end = len(clients), time.monotonic() + seconds
    while busy:
        ready = selector.select(silence_max)
        if not ready:
            waiting = [c.number for c in clients if c.matched < len(c.expected)]
            raise AssertionError(f"{silence_max} s of silence; clients {waiting[:20]} wait")
        for key, events in ready:
            client = key.data
            if events & selectors.EVENT_WRITE:
                client.on_writable()
                if not client.output:
                    selector.modify(client.socket, selectors.EVENT_READ, client)
            if events & selectors.EVENT_READ and client.on_readable():
                if time.monotonic() < end:
                    client.next_batch()
                    selector.modify(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE,
                                    client)
                else:
                    selector.unregister(client.socket)
                    busy -= 1
    for client in clients:
        client.socket.close()
    return sum(client.replies for client in clients)

