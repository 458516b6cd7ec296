#!/usr/bin/python3
"""bench/compare's arithmetic: ratios stay within a round, quartiles decide about targets."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))

from compare_parts import candidates, report, stats  # noqa: E402


def burst(cpu_us, p50_us=100.0, rate=1000.0, p99_us=200.0):
    return {"cpu_us": cpu_us, "p50_us": p50_us, "requests_per_second": rate,
            "p99_us": p99_us, "p999_us": 300.0, "waited": 0.01}


def result(rounds, **more):
    names = {name for one_round in rounds for name in one_round}
    return {"workload": "W1", "title": "test", "servers": "fake", "baseline": "nutcracker",
            "twins": {}, "rounds": rounds,
            "candidates": {name: {"failures": [], "rss_mb": 4.0} for name in names}, **more}


class Summary(unittest.TestCase):
    def test_quartiles_of_a_known_row(self):
        one = stats.summary([5, 1, 4, 2, 3])
        self.assertEqual((one["q1"], one["median"], one["q3"]), (2, 3, 4))
        self.assertEqual((one["min"], one["n"]), (1, 5))

    def test_between_two_values_it_interpolates(self):
        one = stats.summary([10, 20])
        self.assertEqual((one["q1"], one["median"], one["q3"]), (12.5, 15, 17.5))

    def test_missing_values_do_not_count_as_zero(self):
        self.assertEqual(stats.summary([None, 7, None])["median"], 7)
        self.assertIsNone(stats.summary([None]))


class Pairing(unittest.TestCase):
    def test_a_ratio_is_taken_within_its_round(self):
        # The machine is ten times slower in the second round: the ratio must not notice.
        rounds = [{"ringway": burst(5), "nutcracker": burst(10)},
                  {"ringway": burst(50), "nutcracker": burst(100)}]
        self.assertEqual(stats.paired(rounds, "ringway", "nutcracker", "cpu_us"), [0.5, 0.5])

    def test_a_round_without_one_of_the_pair_is_left_out(self):
        rounds = [{"ringway": burst(5)}, {"nutcracker": burst(10)},
                  {"ringway": burst(8), "nutcracker": burst(10)}]
        self.assertEqual(stats.paired(rounds, "ringway", "nutcracker", "cpu_us"), [0.8])

    def test_a_candidate_without_a_proxy_has_no_ratio(self):
        rounds = [{"direct": burst(None), "nutcracker": burst(10)}]
        done = stats.summarise(result(rounds))
        self.assertIsNone(done["candidates"]["direct"]["ratio"])
        self.assertEqual(done["candidates"]["direct"]["p50_us"]["median"], 100)

    def test_the_noise_floor_is_the_twin_over_its_original(self):
        rounds = [{"nutcracker": burst(10), "nutcracker-again": burst(11)}]
        done = stats.summarise(result(rounds, twins={"nutcracker-again": "nutcracker"}))
        self.assertAlmostEqual(done["noise"]["nutcracker-again"]["median"], 1.1)


    def test_waiting_for_the_core_is_told(self):
        rounds = [{"ringway": burst(5), "nutcracker": burst(10)}]
        done = stats.summarise(result(rounds))
        self.assertEqual(done["waited"]["median"], 0.01)
        self.assertIn("for 1.0%", report.table(done))


class Pooling(unittest.TestCase):
    def test_rounds_of_two_runs_stand_side_by_side(self):
        first = result([{"ringway": burst(6), "nutcracker": burst(10)}])
        second = result([{"ringway": burst(8), "nutcracker": burst(10)}])
        first["candidates"]["ringway"]["rss_mb"] = 6.0
        done = stats.pool([first, second])
        self.assertEqual(done["runs"], 2)
        self.assertEqual(done["candidates"]["ringway"]["ratio"]["n"], 2)
        self.assertAlmostEqual(done["candidates"]["ringway"]["ratio"]["median"], 0.7)
        self.assertEqual(done["candidates"]["ringway"]["rss_mb"], 5.0)

    def test_a_candidate_of_only_one_run_is_kept(self):
        first = result([{"nutcracker": burst(10)}])
        second = result([{"ringway": burst(8), "nutcracker": burst(10)}])
        self.assertEqual(stats.pool([first, second])["candidates"]["ringway"]["ratio"]["n"], 1)


class Targets(unittest.TestCase):
    def verdicts(self, *bursts):
        rounds = [{"ringway": one, "nutcracker": burst(10)} for one in bursts]
        lines = report.verdicts(stats.summarise(result(rounds)), "ringway")
        return {line.split()[1]: line.rsplit(" ", 1)[1] for line in lines}

    def cpu(self, *ratios):
        return self.verdicts(*(burst(10 * ratio) for ratio in ratios))["CPU"]

    def test_a_lower_quartile_above_the_target_is_a_miss(self):
        self.assertEqual(self.cpu(0.72, 0.73, 0.74, 0.75, 0.76), "missed")

    def test_a_range_that_reaches_the_target_is_none(self):
        self.assertEqual(self.cpu(0.71, 0.72, 0.76, 0.77, 0.78), "met")

    def test_cpu_is_not_all(self):
        """W1 wants 1.15 times the requests, 0.88 of p50 and as good a p99."""
        good = burst(7, p50_us=80, rate=1200, p99_us=190)
        self.assertEqual(set(self.verdicts(good, good).values()), {"met"})
        for worse, what in ((burst(7, p50_us=80, rate=1100, p99_us=190), "requests/s"),
                            (burst(7, p50_us=90, rate=1200, p99_us=190), "p50"),
                            (burst(7, p50_us=80, rate=1200, p99_us=210), "p99")):
            said = self.verdicts(worse, worse)
            self.assertEqual([key for key in said if said[key] == "missed"], [what])


class Configurations(unittest.TestCase):
    def test_placeholders_are_filled_and_other_braces_left_alone(self):
        peer = candidates.Peer("x", "run --to {server1} '{other}'")
        place = candidates.Place("/nowhere", "127.0.0.1:1", 2, ["127.0.0.1:3"])
        self.assertEqual(peer.command(place), ["run", "--to", "127.0.0.1:3", "{other}"])

    def test_another_ringway_takes_settings(self):
        one = candidates.Ringway.parse("old=/bin/ringway,workers=2,io=epoll")
        self.assertEqual((one.name, one.binary), ("old", "/bin/ringway"))
        self.assertEqual(one.router, {"workers": "2", "io": "epoll"})


if __name__ == "__main__":
    unittest.main()
