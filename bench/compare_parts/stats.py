"""What the numbers of the rounds say: medians, quartiles and paired ratios.

A round is a dict candidate -> burst; a burst is a dict of numbers. Only bursts of
the same round are ever divided by each other: the machine's mood cancels out.
"""

import statistics


def summary(values):
    """Median and quartiles of the values that are there; None without any."""
    values = sorted(value for value in values if value is not None)
    if not values:
        return None
    if len(values) == 1:
        low = middle = high = values[0]
    else:
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"q1": low, "median": middle, "q3": high, "min": values[0], "n": len(values)}


def column(rounds, candidate, field):
    """One number of one candidate, round by round; rounds without it are left out."""
    bursts = (one_round.get(candidate) for one_round in rounds)
    return [burst[field] for burst in bursts if burst and burst.get(field) is not None]


def paired(rounds, candidate, baseline, field):
    """The candidate's number divided by the baseline's, for rounds that have both."""
    ratios = []
    for one_round in rounds:
        ours, theirs = one_round.get(candidate), one_round.get(baseline)
        if not ours or not theirs or ours.get(field) is None or not theirs.get(field):
            continue
        ratios.append(ours[field] / theirs[field])
    return ratios


# Speed is all of these together: the first alone is won by sleeping longer.
RATIOS = {"ratio": "cpu_us", "rate_ratio": "requests_per_second", "p50_ratio": "p50_us",
          "p99_ratio": "p99_us"}
BURST_FIELDS = ("cpu_us", "requests_per_second", "p50_us", "p99_us", "p999_us")


def summarise(result):
    """Adds to a workload's result, for each candidate, what its rounds come to."""
    rounds, baseline = result["rounds"], result["baseline"]
    for name, candidate in result["candidates"].items():
        for field in BURST_FIELDS:
            candidate[field] = summary(column(rounds, name, field))
        for ratio, field in RATIOS.items():
            candidate[ratio] = summary(paired(rounds, name, baseline, field))
    waits = [wait for name in result["candidates"] for wait in column(rounds, name, "waited")]
    result["waited"] = summary(waits)
    result["noise"] = {
        again: summary(paired(rounds, again, original, "cpu_us"))
        for again, original in result["twins"].items()
    }
    return result


def pool(results):
    """One result from several runs of the same workload: their rounds side by side.

    What is measured once per run (memory, system calls) becomes the median of the runs.
    """
    pooled = dict(results[0])
    pooled["rounds"] = [one_round for result in results for one_round in result["rounds"]]
    pooled["runs"] = len(results)
    names = []
    for result in results:
        names += [name for name in result["candidates"] if name not in names]
    pooled["candidates"] = {name: _pool_candidate(name, results) for name in names}
    pooled["twins"] = {k: v for result in results for k, v in result["twins"].items()}
    return summarise(pooled)


def _pool_candidate(name, results):
    there = [result["candidates"][name] for result in results if name in result["candidates"]]
    pooled = dict(there[0])
    for field in ("rss_mb", "kb_per_connection", "syscalls_per_request"):
        one = summary([candidate.get(field) for candidate in there])
        pooled[field] = one["median"] if one else None
    pooled["failures"] = [failure for candidate in there for failure in candidate["failures"]]
    return pooled

