"""Tables for people and the facts about the machine that make numbers worth keeping."""

import datetime
import os
import platform
import re
import subprocess

from . import workloads

_HEAD = ("candidate", "CPU us/request", "ratio", "requests/s", "ratio", "p50 us", "ratio",
         "p99 us", "ratio", "p99.9 us", "RSS MB", "syscalls/request")


def machine():
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": _pretty_name(),
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "load_before": os.getloadavg()[0],
        "scheduling": _scheduling(),
        "nutcracker": _first_line(["nutcracker", "-V"], r"nutcracker-\S+"),
        "memcached": _first_line(["memcached", "-V"], r"\d\S*"),
    }


def _scheduling():
    """Real-time where the machine is shared: then other work cannot take the cores."""
    real_time = os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR)
    return "real-time priority" if real_time else "ordinary priority"


def _cpu_model():
    with open("/proc/cpuinfo") as info:
        found = re.search(r"model name\s*:\s*(.*)", info.read())
    return found.group(1) if found else platform.machine()


def _pretty_name():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _first_line(command, pattern):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except OSError:
        return None
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(0) if found else None


def table(result):
    """One workload as a Markdown table."""
    runs = f", {result['runs']} runs" if result.get("runs", 1) > 1 else ""
    many = any(one.get("kb_per_connection") is not None for one in result["candidates"].values())
    head = list(_HEAD) + (["KB/connection"] if many else [])
    rows = [head] + [_row(name, one, many) for name, one in result["candidates"].items()]
    title = (f"{result['workload']}: {result['title']} ({result['servers']} servers, "
             f"{len(result['rounds'])} rounds{runs})")
    lines = [f"### {title}", "", *_aligned(rows), ""]
    lines.append(f"Median [quartiles]; ratio: of the number before it to {result['baseline']}'s, "
                 "paired within the round.")
    lines += [f"Noise floor: {again} is {_spread(one, 2)} of its twin."
              for again, one in result["noise"].items() if one]
    if result.get("waited"):
        share = result["waited"]
        lines.append(f"Disturbance: others held the proxies' core for {share['median']:.1%} "
                     f"[{share['q1']:.1%}-{share['q3']:.1%}] of the bursts; below 2% is quiet.")
    lines += [f"FAILED {name}: {failure}" for name, one in result["candidates"].items()
              for failure in one["failures"]]
    return "\n".join(lines)


def _row(name, one, many):
    cells = [name, _spread(one["cpu_us"], 2), _spread(one["ratio"], 2),
             _median(one["requests_per_second"]), _spread(one["rate_ratio"], 2),
             _median(one["p50_us"]), _spread(one["p50_ratio"], 2),
             _median(one["p99_us"]), _spread(one["p99_ratio"], 2), _median(one["p999_us"]),
             _number(one.get("rss_mb"), 1),
             _number(one.get("syscalls_per_request"), 3)]
    return cells + ([_number(one.get("kb_per_connection"), 1)] if many else [])


def _spread(one, digits):
    if one is None:
        return "-"
    return f"{one['median']:.{digits}f} [{one['q1']:.{digits}f}-{one['q3']:.{digits}f}]"


def _median(one):
    return "-" if one is None else f"{one['median']:,.0f}"


def _number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def _aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return lines


def _verdict(workload, one, what, ratio, judged, target, at_least):
    value = one[ratio][judged]
    word = "met" if (value >= target if at_least else value <= target) else "missed"
    bound = "at least" if at_least else "at most"
    return (f"{workload} {what} {_spread(one[ratio], 2)} of nutcracker's, {bound} {target}: "
            f"{word}")


def verdicts(result, name):
    """What the targets say about one candidate, a line for each that applies."""
    one = result["candidates"].get(name)
    if one is None or one["cpu_us"] is None or result["baseline"] != "nutcracker":
        return []
    where = (result["servers"], result["workload"])
    lines = []
    target = workloads.TARGETS.get(where)
    if target:
        lines += [_verdict(where[1], one, *row) for row in (
            ("CPU", "ratio", "q1", target.cpu, False),
            ("requests/s", "rate_ratio", "median", target.rate, True),
            ("p50", "p50_ratio", "median", target.p50, False),
            ("p99", "p99_ratio", "median", target.p99, False)) if row[3] is not None]
    for targets, what, key in (
            (workloads.RSS_TARGETS, "RSS MB", "rss_mb"),
            (workloads.SYSCALL_TARGETS, "system calls/request", "syscalls_per_request"),
            (workloads.KB_PER_CONNECTION_TARGETS, "KB/connection", "kb_per_connection")):
        value = one.get(key)
        if where in targets and value is not None:
            word = "missed" if value > targets[where] else "met"
            lines.append(f"{where[1]} {what} {value:.3f}, target {targets[where]}: {word}")
    return lines
