"""Load that goes on while servers fail, and knows what each reply may be.

Every client pipelines and writes only keys of its own. A write that got an error may have
happened or not, so a key has a set of values it may have; a write or delete that was
answered leaves just one, wherever ringway sent it. Values carry key and sequence, so a reply
that belongs to another request, came twice or is older than the last answered write cannot
pass. Only keys whose home is in `harmed` may miss or fail, and the error names that home. Where
servers come and go again and again a stand-in may have an older value, as long as ttl_max_s.
One thread: it goes on in run() and run_until() only.
"""

import collections
import random
import re
import selectors
import socket
import time

ERROR = re.compile(rb"SERVER_ERROR ringway: server (\S+) \(")
SHARED = [b"shared:%d" % number for number in range(100)]


class Key:
    def __init__(self, name, value):
        self.name, self.value = name, value
        self.values = {value}       # What it may have,
        self.certain = True         # and whether it must have one of them.
        self.coming = []            # Values of sets that are under way,
        self.deletes_coming = 0     # and deletes.
        self.written = {value: 0.0}  # When each value was sent.
        self.home = None


class Asked:
    __slots__ = ("kind", "keys", "value", "at")

    def __init__(self, kind, keys, value=None):
        self.kind, self.keys, self.value, self.at = kind, keys, value, time.monotonic()


class FaultClient:
    def __init__(self, load, number, address, depth):
        self.load, self.number, self.depth = load, number, depth
        self.random = random.Random(load.seed * 1000 + number)
        self.keys = load.asked_for(load.own_keys(number))
        self.shared = load.asked_for(SHARED)
        self.sequence = 0
        self.asked = collections.deque()
        self.input, self.output = b"", b""
        self.socket = socket.create_connection(address, 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    # --- Asking ---

    def top_up(self):
        while len(self.asked) < self.depth:
            self.random.choice(self.KINDS)(self)

    def ask(self, request, *asked):
        self.output += request
        self.asked.append(Asked(*asked))

    def get(self):
        key = self.random.choice(self.keys)
        self.ask(b"get %b\r\n" % key.name, "get", [key])

    def meta_get(self):
        key = self.random.choice(self.keys)
        self.ask(b"mg %b k v\r\n" % key.name, "mg", [key])

    def get_many(self):
        keys = self.random.sample(self.shared, 8)
        self.ask(b"get %b\r\n" % b" ".join(key.name for key in keys), "get", keys)

    def new_value(self, key):
        self.sequence += 1
        value = b"%b=%d" % (key.name, self.sequence)
        value += b"." * self.random.choice((0, 10, 1000))
        key.coming.append(value)
        key.written[value] = time.monotonic()
        return value

    def set(self):
        key = self.random.choice(self.keys)
        value = self.new_value(key)
        self.ask(b"set %b 0 0 %d\r\n%b\r\n" % (key.name, len(value), value), "set", [key], value)

    def meta_set(self):
        key = self.random.choice(self.keys)
        value = self.new_value(key)
        self.ask(b"ms %b %d\r\n%b\r\n" % (key.name, len(value), value), "ms", [key], value)

    def delete(self):
        key = self.random.choice(self.keys)
        key.deletes_coming += 1
        self.ask(b"delete %b\r\n" % key.name, "delete", [key])

    KINDS = (get, get, get, meta_get, get_many, set, set, meta_set, delete)

    # --- Replies ---

    def on_readable(self):
        data = self.socket.recv(1 << 18)
        assert data, f"client {self.number}: closed while {len(self.asked)} replies are owed"
        self.input += data
        while self.asked and self.take_reply(self.asked[0]):
            self.load.answered(self.asked.popleft())
        assert not self.input or self.asked, f"nobody asked for {self.input[:200]!r}"

    def take_reply(self, asked):
        """False if it is not whole yet."""
        found, at = {}, 0
        while True:
            end = self.input.find(b"\r\n", at)
            if end < 0:
                return False
            line = self.input[at:end]
            at = end + 2
            header = re.match(rb"VALUE (\S+) 0 (\d+)$|VA (\d+) k(\S+)$", line)
            if not header:
                break
            count = int(header[2] or header[3])
            if len(self.input) < at + count + 2:
                return False
            key, value = header[1] or header[4], self.input[at:at + count]
            assert self.input[at + count:at + count + 2] == b"\r\n", self.input[:at + count + 2]
            assert key not in found, f"{key} twice in one reply"
            found[key] = value
            at += count + 2
            if header[3]:
                line = b"END"
                break
        self.input = self.input[at:]
        self.judge(asked, found, line)
        return True

    def judge(self, asked, found, line):
        if error := ERROR.match(line):
            self.load.on_error(asked, error[1].decode(), line)
        elif asked.kind in ("get", "mg"):
            name = asked.keys[0].name
            assert line in (b"END", b"EN k" + name), f"{line!r} to {asked.kind} {name!r}"
        names = [key.name for key in asked.keys]
        assert set(found) <= set(names), f"{set(found)} in the reply to {names}"
        if asked.kind in ("get", "mg"):
            for key in asked.keys:
                if not error or key.name in found:
                    self.judge_value(key, found.get(key.name))
            return
        assert not found, found
        self.judge_write(asked, asked.keys[0], bool(error), line)

    def judge_value(self, key, value):
        if value is None:
            missing = not key.certain or key.deletes_coming or key.home in self.load.harmed
            assert missing, f"{key.name!r} is lost, although its home {key.home} is well"
            self.load.misses += 1
            return
        allowed = key.values | set(key.coming)
        age = time.monotonic() - key.written.get(value, 0)
        if self.load.ttl_max_s and age < self.load.ttl_max_s:
            return
        assert value in allowed, (f"{key.name!r} has {value[:60]!r}; allowed are "
                                  f"{[one[:60] for one in allowed]}")

    def judge_write(self, asked, key, failed, line):
        if asked.kind == "delete":
            key.deletes_coming -= 1
            key.certain = False
            if not failed:
                assert line in (b"DELETED", b"NOT_FOUND"), line
                key.values = set()
            return
        key.coming.remove(asked.value)
        if failed:
            key.values = key.values | {asked.value}
            return
        assert line == {"set": b"STORED", "ms": b"HD"}[asked.kind], line
        key.values, key.certain = {asked.value}, True


class FaultLoad:
    def __init__(self, address, clients=16, depth=8, seed=None, ttl_max_s=None):
        self.seed = random.randrange(1 << 30) if seed is None else seed
        self.count, self.run_id = clients, random.randrange(1 << 30)
        self.ttl_max_s = ttl_max_s
        names = [*SHARED, *(name for n in range(clients) for name in self.own_keys(n))]
        self.keys = {name: Key(name, b"of-" + name) for name in names}  # As owners() sets them.
        self.harmed = set()  # Names of servers whose keys may fail.
        self.replies = self.misses = 0
        self.errors = []     # (when, name of the server, text)
        self.slowest_error = 0  # Seconds.
        self.latencies = []  # Seconds.
        self.address, self.depth = address, depth
        self.clients, self.selector = [], selectors.DefaultSelector()

    def own_keys(self, number):
        return [b"own:%x:%d:%d" % (self.run_id, number, i) for i in range(20)]

    def asked_for(self, names):
        return [self.keys[name] for name in names if self.keys[name].home not in self.spared]

    def begin(self, owner, spared=()):
        """owner: {key: server} of all keys, from owners(); spared: names of servers that are
        asked for nothing."""
        self.spared = spared
        for name, server in owner.items():
            self.keys[name].home = server.name
        for number in range(self.count):
            client = FaultClient(self, number, self.address, self.depth)
            self.clients.append(client)
            client.top_up()
            self.selector.register(client.socket,
                                   selectors.EVENT_READ | selectors.EVENT_WRITE, client)

    def healed(self, name):
        """From now on an error is one too many; what was stored may have been lost."""
        self.harmed.discard(name)
        for key in self.keys.values():
            key.certain = key.certain and key.home != name

    def on_error(self, asked, name, line):
        assert name in self.harmed, f"an error although {name} is well: {line!r}"
        # A stand-in may be failing, too.
        assert self.harmed & {key.home for key in asked.keys}, f"{line!r} for {asked.keys[0].home}"
        self.slowest_error = max(self.slowest_error, time.monotonic() - asked.at)
        self.errors.append((time.monotonic(), name, line.decode(errors="replace")))

    def answered(self, asked):
        self.replies += 1
        self.latencies.append(time.monotonic() - asked.at)

    def step(self, top_up=True):
        try:
            for ready, events in self.selector.select(0.02):
                client = ready.data
                if events & selectors.EVENT_READ:
                    client.on_readable()
                if top_up:
                    client.top_up()
                if client.output:
                    try:
                        client.output = client.output[client.socket.send(client.output):]
                    except BlockingIOError:
                        pass
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.output else 0)
                if ready.events != wanted:
                    self.selector.modify(client.socket, wanted, client)
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}\n(seed {self.seed})") from None

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def run_until(self, what, seconds, condition):
        """Asks for the condition every 20 ms; returns how long it took."""
        begun = looked = time.monotonic()
        while not condition():
            assert looked < begun + seconds, f"waited {seconds} s for {what}\n(seed {self.seed})"
            while time.monotonic() < looked + 0.02:
                self.step()
            looked = time.monotonic()
        return time.monotonic() - begun

    def finish(self, seconds=10):
        """Every reply came, and nothing more."""
        end = time.monotonic() + seconds
        while any(client.asked for client in self.clients):
            owed = {client.number: len(client.asked) for client in self.clients if client.asked}
            assert time.monotonic() < end, f"never answered: {owed}\n(seed {self.seed})"
            self.step(top_up=False)
        self.step(top_up=False)
        for client in self.clients:
            client.socket.close()
