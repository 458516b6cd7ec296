"""The same stream to two addresses at once, and whether they say the same.

A connection per stream and side; many streams run side by side on one thread. Both sides
are read to their end, which each announces by closing after the stream's half-close.
"""

import base64
import random
import re
import select
import socket
import time

from streams import CAS

SILENCE_MAX = 10  # Seconds; of all streams that run.
TOLERANCE_S = 3   # The clocks of two servers tick apart, and each only once a second.


class Side:
    """One connection that says its phases, in pieces, and keeps what it hears."""

    def __init__(self, address, phases, pieces):
        self.phases, self.pieces = phases, pieces  # pieces: a Random, or None for one piece.
        self.heard = bytearray()
        self.output, self.number = [], 0
        self.waits_for = None
        self.said_all = self.over = False
        self.socket = socket.create_connection(address, 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.next_phase()

    def next_phase(self):
        items = self.phases[self.number]
        self.number += 1
        text = b"".join(items)
        if CAS in text:
            ids = re.findall(rb"VALUE \S+ \d+ \d+ (\d+)\r\n", self.heard)
            text = text.replace(CAS, ids[-1] if ids else b"1")
        last = self.number == len(self.phases)
        # See Stream.next_phase(): the answer to its last request.
        self.waits_for = None if last else b"EN O" + items[-1].split(b" O")[-1]
        self.output = self.cut(text)

    def cut(self, text):
        if self.pieces is None or not text:
            return [text]
        count = self.pieces.choice((0, 0, 1, 2, 5))
        if len(text) < 60 and self.pieces.random() < 0.1:
            count = len(text)  # Byte by byte.
        at = sorted({0, len(text), *(self.pieces.randrange(len(text)) for _ in range(count))})
        return [text[a:b] for a, b in zip(at, at[1:])]

    def speak(self):
        """One piece at most, so that others take their turn between two."""
        try:
            if self.output:
                sent = self.socket.send(self.output[0])
                self.output[0] = self.output[0][sent:]
                if not self.output[0]:
                    self.output.pop(0)
            if not self.output and self.waits_for is None and not self.said_all:
                self.said_all = True
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:  # Closed by the other side: what it said is what counts.
            self.said_all, self.output = True, []

    def listen(self):
        try:
            data = self.socket.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.over, self.said_all = True, True
            self.socket.close()
            return
        self.heard += data
        if self.waits_for and self.heard.endswith(self.waits_for):
            self.next_phase()

    @property
    def wants_to_speak(self):
        return bool(self.output) or (self.waits_for is None and not self.said_all)


def run(streams, ringway, memcached, side_by_side=48):
    """Yields (stream, what ringway said, what memcached said) as streams end. A stream is
    anything with phases, seed, number and closes."""
    poll, sides, ends, waiting = select.epoll(), {}, {}, iter(streams)
    running = 0

    def start(stream):
        pieces = random.Random(f"{stream.seed}:{stream.number}:pieces")
        pair = (Side(ringway, [[item[0] for item in phase] for phase in stream.phases], pieces),
                Side(memcached, [[item[1] for item in phase] for phase in stream.phases],
                     None if stream.closes else pieces))
        for side in pair:
            sides[side.socket.fileno()] = side
            ends[side] = (stream, pair)
            poll.register(side.socket, select.EPOLLIN | select.EPOLLOUT)

    try:
        exhausted = False
        news_at = time.monotonic()
        while True:
            while not exhausted and running < side_by_side:
                stream = next(waiting, None)
                exhausted = stream is None
                if stream:
                    start(stream)
                    running += 1
            if running == 0:
                return
            ready = poll.poll(1)
            if ready:
                news_at = time.monotonic()
            elif time.monotonic() - news_at > SILENCE_MAX:
                for stream, pair in dict.fromkeys(ends.values()):
                    yield stream, *(bytes(side.heard) + (b"" if side.over else b"<silence>")
                                    for side in pair)
                return
            for fd, events in ready:
                side = sides[fd]
                if events & select.EPOLLOUT and side.wants_to_speak:
                    side.speak()
                if events & ~select.EPOLLOUT:
                    side.listen()
                if side.over:
                    del sides[fd]
                    stream, pair = ends.pop(side)
                    if all(one.over for one in pair):
                        running -= 1
                        yield stream, bytes(pair[0].heard), bytes(pair[1].heard)
                else:
                    poll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if side.wants_to_speak
                                                      else 0))
    finally:
        for side in sides.values():
            side.socket.close()
        poll.close()


# --- Comparing ----------------------------------------------------------------------

def same(ringway, memcached, servers=1):
    """Whether two replies are the same but for what two servers cannot have in common:
    version, statistics, cas ids and times."""
    if ringway == memcached:
        return True
    ours, theirs = list(units(ringway, servers)), list(units(memcached, servers))
    return len(ours) == len(theirs) and all(
        a[0] == b[0] and all(abs(x - y) <= TOLERANCE_S for x, y in zip(a[1], b[1]))
        for a, b in zip(ours, theirs))


def units(reply, servers):
    """(line with its body, times in it), one by one."""
    ids, at = {}, 0

    def cas(found):
        # One server never gives an id twice; of several servers each counts by itself.
        return found[1] + (b"#%d" % ids.setdefault(found[2], len(ids)) if servers == 1 else b"#")

    while at < len(reply):
        end = reply.find(b"\n", at) + 1 or len(reply)
        line, body, times = reply[at:end], b"", []
        at = end
        if found := re.match(rb"(?:VALUE \S+ \d+ (\d+)|VA (\d+))\b", line):
            body = reply[at:at + int(found[1] or found[2]) + 2]
            at += len(body)
        word = line[:3]
        if word == b"VAL":
            line = re.sub(rb"^(VALUE \S+ \d+ \d+ )(\d+)", cas, line)
        elif word in (b"VA ", b"HD "):
            line = re.sub(rb"( c)(\d+)", cas, line)
            times = [int(t) for t in re.findall(rb" [tl](\d+)", line)]
            line = re.sub(rb"( [tl])\d+", rb"\1~", line)
        elif word == b"ME ":
            line = re.sub(rb"( cas=)(\d+)", cas, line)
            times = [int(t) for t in re.findall(rb" (?:exp|la)=(-?\d+)", line)]
            line = re.sub(rb"( (?:exp|la)=)-?\d+", rb"\1~", line)
        elif line.startswith(b"VERSION "):
            line = b"VERSION\r\n"
        elif line.startswith(b"STAT "):
            continue
        yield line + body, times


# --- Making a difference small -------------------------------------------------------

class Again:
    """Some items of a stream, with keys that nobody had before."""

    count = 0

    def __init__(self, stream, phases):
        Again.count += 1
        self.seed, self.number, self.closes = stream.seed, stream.number, stream.closes
        self.prefix = b"r%08x" % Again.count
        self.phases = [[tuple(self.renamed(side, stream.prefix) for side in item)
                        for item in phase] for phase in phases]

    def renamed(self, text, prefix):
        return text.replace(prefix, self.prefix).replace(
            base64.b64encode(prefix), base64.b64encode(self.prefix))


def shrink(stream, differs):
    """The phases with the fewest items for which differs(Again) holds still; None if it
    does not hold again."""
    phases = stream.phases
    if not differs(Again(stream, phases)):
        return None
    size = max(1, sum(map(len, phases)) // 2)
    while size:
        at = 0
        while at < sum(map(len, phases)):
            fewer = without(phases, at, size)
            if fewer and differs(Again(stream, fewer)):
                phases = fewer
            else:
                at += size
        size //= 2
    return phases


def without(phases, start, count):
    """Without those items; the last item of a phase stays while the phase has others."""
    kept, number = [], 0
    for phase in phases:
        items = []
        for place, item in enumerate(phase):
            last = place == len(phase) - 1 and phase is not phases[-1]
            if not start <= number < start + count or (last and items):
                items.append(item)
            number += 1
        if items and (phase is phases[-1] or b" Osync" in items[-1][0]):
            kept.append(items)
    return kept if sum(map(len, kept)) < sum(map(len, phases)) else None
