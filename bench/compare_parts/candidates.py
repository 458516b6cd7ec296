"""Who is compared: how each is configured and started, over the same servers.

All of them hash with FNV-1a and distribute by ketama over servers of the same names,
so that the same keys go to the same servers, in each run, and only the program differs.
"""

import os
import shlex
from dataclasses import dataclass, field

_NUTCRACKER = """\
bench:
  listen: {listen}
  hash: fnv1a_64
  distribution: ketama
  timeout: 5000
  preconnect: true
  servers:
{servers}
"""

_RINGWAY = """\
[router]
{router}
[metrics]
bind = "off"
[admin]
bind = "off"
[listener.bench]
bind = ["{listen}"]
route = "bench"
[pool.bench]
hash = "fnv1a_64"
distribution = "ketama"
timeout = "5s"
servers = [{servers}]
"""


@dataclass
class Place:
    """Where a candidate runs: its own folder and port, and the servers behind it."""
    folder: str
    listen: str          # host:port or unix:/path
    spare_port: int      # For statistics that cannot be switched off.
    servers: list = field(default_factory=list)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(text)
        return path


class Nutcracker:
    """At its default verbosity of 5 nutcracker asks the kernel for the client's address
    once per request, for a log line that release builds never write. We give it 4: the
    opponent should be at its best."""

    def __init__(self, name, mbuf=None, verbosity=4):
        self.name, self.mbuf, self.verbosity = name, mbuf, verbosity

    def command(self, place):
        plain = [address.removeprefix("unix:") for address in place.servers]
        config = place.write("nutcracker.yml", _NUTCRACKER.format(
            listen=place.listen.removeprefix("unix:"),
            servers="\n".join(f"   - {address}:1 s{i}" for i, address in enumerate(plain))))
        command = ["nutcracker", "-c", config, "-s", place.spare_port, "-a", "127.0.0.1",
                   "-p", os.path.join(place.folder, "pid"), "-v", self.verbosity]
        return command + (["-m", self.mbuf] if self.mbuf else [])


class Ringway:
    def __init__(self, name, binary, **router):
        self.name, self.binary = name, binary
        self.router = {"workers": 1, "io": "io_uring", **router}

    def command(self, place):
        config = place.write("ringway.toml", _RINGWAY.format(
            router="\n".join(f"{key} = {_toml(value)}" for key, value in self.router.items()),
            listen=place.listen,
            servers=", ".join(f'"{address}:1 s{i}"' for i, address in enumerate(place.servers))))
        return [self.binary, "run", config]

    @classmethod
    def parse(cls, text):
        """NAME=BINARY[,key=value...] where the keys belong to [router]."""
        name, _, rest = text.partition("=")
        binary, *settings = rest.split(",")
        router = dict(setting.split("=", 1) for setting in settings)
        return cls(name, binary, **router)


class Peer:
    """Any other program, by a command with placeholders and perhaps a configuration."""

    def __init__(self, name, command, template=None):
        self.name, self.words, self.template = name, shlex.split(command), template

    def command(self, place):
        known = self._placeholders(place)
        if self.template is not None:
            with open(self.template) as source:
                known["config"] = place.write("peer.conf", _fill(source.read(), known))
        return [_fill(word, known) for word in self.words]

    @staticmethod
    def _placeholders(place):
        host, _, port = place.listen.rpartition(":")
        known = {"listen": place.listen, "host": host, "port": port,
                 "servers": ",".join(place.servers), "spare_port": str(place.spare_port)}
        for number, address in enumerate(place.servers, 1):
            known[f"server{number}"] = address
            known[f"host{number}"], _, known[f"port{number}"] = address.rpartition(":")
        return known


class Direct:
    """No proxy at all: the generator straight at the first server."""
    name = "direct"

    def command(self, place):
        return None


def _fill(text, known):
    # Not str.format: configurations are full of braces of their own.
    for word, meaning in known.items():
        text = text.replace("{" + word + "}", meaning)
    return text


def _toml(value):
    text = str(value)
    if text in ("true", "false") or text.lstrip("-").isdigit():
        return text
    return f'"{text}"'


def twin(candidate):
    """The same candidate once more, as the measure of what is only noise."""
    again = type(candidate).__new__(type(candidate))
    again.__dict__.update(candidate.__dict__)
    again.name = candidate.name + "-again"
    return again
