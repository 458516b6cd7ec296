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

# CPU per request as a ratio to nutcracker 0.5.0 with its default mbuf, one worker,
# io_uring. Missed when the lower quartile lies above it.
TARGETS = {
    ("fake", "W1"): 0.78, ("fake", "W2"): 0.38, ("fake", "W3"): 0.53, ("fake", "W4"): 1.0,
    ("fake", "W5"): 0.50, ("fake", "W6"): 0.92, ("fake", "W7"): 1.0,
    ("real", "W1"): 0.76, ("real", "W2"): 0.75, ("real", "W3"): 0.65,
}
P50_TARGETS = {("fake", "W6"): 1.1, ("fake", "W7"): 1.1}
SYSCALL_TARGETS = {("fake", "W1"): 0.5, ("fake", "W2"): 0.03}
KB_PER_CONNECTION_TARGETS = {("fake", "W5"): 5.0}
