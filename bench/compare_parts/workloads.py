"""The workloads W1 to W7: what is asked, of how many connections, for how long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    connections: int = 50
    active: int = 0  # 0: all of them.
    pipeline: int = 1
    multiget: int = 1
    get_ratio: float = 0.9
    value: str = "32-1024"
    keys: int = 10000
    rate: int = 0  # 0: closed loop.
    over_unix: bool = False
    burst_s: float = 0.4

    def load_arguments(self):
        arguments = ["--connections", self.connections, "--pipeline", self.pipeline,
                     "--multiget", self.multiget, "--get-ratio", self.get_ratio,
                     "--value", self.value, "--keys", self.keys]
        if self.active:
            arguments += ["--active", self.active]
        if self.rate:
            arguments += ["--rate", self.rate]
        return [str(argument) for argument in arguments]

    @property
    def many_connections(self):
        return self.connections >= 1000


_SHAPE = "90% get, values 32 B to 1 KiB"

WORKLOADS = {workload.name: workload for workload in (
    Workload("W1", f"50 connections, no pipelining, {_SHAPE}"),
    Workload("W2", f"50 connections, pipelines of 16, {_SHAPE}", pipeline=16),
    Workload("W3", "50 connections, multi-get of 24 keys over 4 servers",
             multiget=24, get_ratio=1.0),
    Workload("W4", "8 connections, values of 100 KiB, 90% get",
             connections=8, value="102400", keys=1000),
    Workload("W4g", "8 connections, values of 100 KiB, get only",
             connections=8, value="102400", keys=1000, get_ratio=1.0),
    Workload("W5", f"9,000 connections, all active, {_SHAPE}", connections=9000, burst_s=1.0),
    Workload("W5i", f"9,000 connections, 100 active, {_SHAPE}", connections=9000, active=100),
    Workload("W6", f"open loop, 20,000 requests/s, {_SHAPE}", rate=20000, pipeline=4),
    Workload("W6l", f"open loop, 5,000 requests/s, {_SHAPE}", rate=5000, pipeline=4),
    Workload("W7", f"one connection, no pipelining, {_SHAPE}", connections=1),
    Workload("W1u", f"W1 through unix sockets on both sides, {_SHAPE}", over_unix=True),
)}

DEFAULT = ("W1", "W2", "W3", "W4", "W5", "W5i", "W6", "W7", "W1u")


@dataclass(frozen=True)
class Target:
    """Ratios to nutcracker 0.5.0 with its default mbuf and -v 4; one worker, io_uring. Missed
    if one of them is: CPU by the lower quartile, all others by the median."""
    cpu: float
    rate: float | None = None  # At least; the others at most.
    p50: float | None = None
    p99: float | None = None


TARGETS = {
    ("fake", "W1"): Target(0.72, rate=1.15, p50=0.88, p99=1.0),
    ("fake", "W2"): Target(0.35, rate=2.3, p50=0.45, p99=0.6),
    ("fake", "W3"): Target(0.55, rate=1.5, p50=0.68, p99=0.9),
    ("fake", "W4"): Target(0.85, rate=1.05, p50=0.95, p99=1.1),
    ("fake", "W5"): Target(0.55, rate=1.55, p50=0.65, p99=0.85),
    ("fake", "W6"): Target(0.92, p50=1.0, p99=1.0),
    ("fake", "W7"): Target(0.92, p50=1.0, p99=1.0),
    ("real", "W1"): Target(0.76, rate=0.97),
    ("real", "W2"): Target(0.48, rate=1.2),
    ("real", "W3"): Target(0.58, rate=1.2),
}
RSS_TARGETS = {("fake", "W5"): 28.0}
SYSCALL_TARGETS = {("fake", "W1"): 0.5, ("fake", "W2"): 0.03}
KB_PER_CONNECTION_TARGETS = {("fake", "W5"): 5.0}
