#!/usr/bin/python3
"""Builds ringway in its build types, runs every test in them and counts the cases.

scripts/test calls this once everything is installed. What a test prints decides how
many cases it counts for (tests/README.md); a test that prints no count is one case.
The last line is the sum; the exit code is 1 if anything failed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# doctest's closing line; the end-to-end tests print the same.
CASES = re.compile(r"^\[(\w+)\] test cases:\s+(\d+)\s+\|\s+(\d+) passed\s+\|\s+(\d+) failed", re.M)
UNITTEST_CASES = re.compile(r"^Ran (\d+) tests? in ", re.M)
SKIPPED = re.compile(r"^skipped: (.+)$", re.M)


@dataclass
class Build:
    """One build type: where it is built, how, and which of its tests are run."""
    title: str
    folder: str
    options: list
    suites: list = field(default_factory=list)  # None chosen: all.
    targets: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    built_by_meson: bool = False  # `meson test` builds just what the chosen tests need.


# Most end-to-end tests wait most of the time; those that measure run alone (tests/e2e/meson.build).
AT_ONCE = max(3, os.cpu_count() or 1)
RELEASE = Build("release", "build", ["-Dbuildtype=release"])
SANITIZER_REPORTS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
# Sanitized at -O2 with full debug information one file takes up to 22 s to compile; so, 6 s.
SANITIZED = ["-Doptimization=1", "-Ddebug=false", "-Dcpp_args=-g1", "-Dbench=false"]
ASAN = Build("address and undefined behaviour", "build-asan",
             ["-Db_sanitize=address,undefined", *SANITIZED],
             environment=SANITIZER_REPORTS)
# Only what has threads: the real program, with two workers.
TSAN = Build("data races", "build-tsan",
             ["-Db_sanitize=thread", *SANITIZED],
             suites=["e2e"], targets=["src/ringway"],
             environment={**SANITIZER_REPORTS, "RINGWAY_E2E_WORKERS": "2"})


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, passed=0, failed=(), skipped=()):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def print(self):
        for reason in self.skipped:
            print(f"skipped: {reason}")
        for what in self.failed:
            print(f"failed: {what}")
        print(f"{self.passed} passed, {len(self.failed)} failed" +
              (f", {len(self.skipped)} skipped" if self.skipped else ""), flush=True)


def say(what):
    print(f"== {what}", flush=True)


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, **options).returncode == 0


def configured(build):
    if (ROOT / build.folder / "build.ninja").exists():
        # New headers and tests join when the build is configured again.
        command = ["meson", "setup", "--reconfigure", build.folder]
    else:
        command = ["meson", "setup", build.folder, "--werror", *build.options]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode:
        print(done.stdout, done.stderr)
    return done.returncode == 0


def built(build, tally):
    begun = time.monotonic()
    say(f"{build.title}: building in {build.folder}/")
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    ready = configured(build)
    if ready and not build.built_by_meson:
        ready = run("ninja", "-C", build.folder, *quiet, *build.targets)
    if not ready:
        tally.add(failed=[f"{build.title}: the build"])
        return False
    say(f"{build.title}: built in {time.monotonic() - begun:.0f} s")
    return True


def tested(build, names, tally):
    begun = time.monotonic()
    say(f"{build.title}: testing")
    log = ROOT / build.folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    suites = [part for suite in build.suites for part in ("--suite", suite)]
    how = [] if build.built_by_meson else ["--no-rebuild"]
    ended_well = run("meson", "test", "-C", build.folder, *how, "--num-processes", str(AT_ONCE),
                     "--print-errorlogs", *suites, *names,
                     env={**os.environ, **build.environment})
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for result in results:
        count(build, result, tally)
    if not results or not (ended_well or tally.failed):
        tally.add(failed=[f"{build.title}: meson test"])
    say(f"{build.title}: {len(results)} programs tested in {time.monotonic() - begun:.0f} s")


def count(build, result, tally):
    """Adds the cases of one test program. Whatever it printed, it must have ended well."""
    name = result["name"].split(" / ")[-1]
    output = (result.get("stdout") or "") + "\n" + (result.get("stderr") or "")
    title = f"{build.title}: {name}"
    skipped = [f"{title}: {reason}" for reason in SKIPPED.findall(output)]
    passed, failed = cases(output, len(skipped))
    if result["result"] == "SKIP":
        lines = output.strip().splitlines()
        tally.add(skipped=skipped or [f"{title}: {lines[-1] if lines else 'no reason given'}"])
    elif result["result"] == "OK" and not failed:
        tally.add(passed=passed, skipped=skipped)
    else:
        how = "" if result["result"] == "FAIL" else f" ({result['result'].lower()})"
        again = f"meson test -C {build.folder} --print-errorlogs '{name}'"
        tally.add(passed=passed, skipped=skipped,
                  failed=[f"{title}{how}; again: {again}"] * max(failed, 1))


def cases(output, skipped):
    """(passed, failed) as the program itself counted them; (1, 0) if it did not."""
    if counts := CASES.findall(output):
        passed = sum(int(row[2]) for row in counts)
        # doctest counts a case that printed why it was skipped as passed.
        passed -= skipped if counts[0][0] == "doctest" else 0
        return max(passed, 0), sum(int(row[3]) for row in counts)
    if found := UNITTEST_CASES.search(output):
        return int(found[1]), 0
    return 1, 0


def check_format(tally):
    say("layout of the source (scripts/format mends it)")
    if run("bash", "scripts/format", "--check"):
        tally.add(passed=1)
    else:
        tally.add(failed=["layout; mend it: scripts/format"])


def main():
    arguments = argparse.ArgumentParser(prog="scripts/test", description=__doc__.split("\n")[0])
    arguments.add_argument("--quick", action="store_true",
                           help="the inner loop: unit tests of the release build only")
    arguments.add_argument("--format", action="store_true", help="only the layout of the source")
    arguments.add_argument("names", nargs="*", metavar="NAME",
                           help="only the tests of these names, of the release build")
    options = arguments.parse_args()
    only_format = options.format or options.names == ["format"]

    tally = Tally()
    if only_format or not (options.quick or options.names):
        check_format(tally)
    if only_format:
        builds = []
    elif options.quick or options.names:
        suites = ["unit"] if options.quick else []
        builds = [replace(RELEASE, suites=suites, built_by_meson=True)]
    else:
        builds = [RELEASE, ASAN, TSAN]
    for build in builds:
        if built(build, tally):
            tested(build, options.names, tally)
    tally.print()
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
