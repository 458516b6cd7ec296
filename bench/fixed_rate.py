"""One ringway over fake servers, asked at a fixed rate (open loop: latency counts from when a
request falls due, so a stall is not hidden). For instruments that measure what something else
costs those who ask meanwhile.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from processes import accepts, free_port, until  # noqa: E402


class FixedRate:
    """What it starts it ends. `build` has ringway, `tools` the load and the fakes."""

    def __init__(self, folder, build, tools=None, servers=1):
        self.folder, self.build, self.tools = folder, Path(build), Path(tools or build)
        self.port = free_port()
        self.servers = [free_port() for _ in range(servers)]
        self.file = folder / "ringway.toml"
        self.cpu = {"ringway": None, "others": None}
        self.started = []

    def text(self):
        """The configuration; of an instrument."""
        raise NotImplementedError

    def on(self, whose, words):
        cpu = self.cpu[whose]
        return [*([] if cpu is None else ["taskset", "-c", str(cpu)]), *words]

    def start(self, whose, *words):
        log = open(self.folder / "log", "ab")
        self.started.append(subprocess.Popen(self.on(whose, words), stdout=log, stderr=log))
        return self.started[-1]

    def __enter__(self):
        listens = [word for port in self.servers for word in ("--listen", f"127.0.0.1:{port}")]
        self.start("others", self.tools / "bench/fake/bench_fake", *listens)
        for port in self.servers:
            until("the fake servers", 5, lambda: accepts("127.0.0.1", port))  # noqa: B023
        self.file.write_text(self.text())
        self.router = self.start("ringway", self.build / "src/ringway", "run", self.file)
        until("ringway", 5, lambda: accepts("127.0.0.1", self.port))
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.terminate()
            process.wait(10)

    def load(self, connections, rate, seconds, warmup):
        """What the load's report says; every reply was verified."""
        result = self.folder / "result.json"
        words = [self.tools / "bench/load/bench_load", "--server", f"127.0.0.1:{self.port}",
                 "--connections", str(connections), "--rate", str(rate),
                 "--duration", str(seconds), "--warmup", str(warmup), "--json", result]
        subprocess.run(self.on("others", words), check=True, stdout=subprocess.DEVNULL)
        return json.loads(result.read_text())


def found(result, name):
    """Wherever the report has it."""
    if isinstance(result, dict):
        if name in result:
            return result[name]
        for part in result.values():
            value = found(part, name)
            if value is not None:
                return value
    return None
