"""What every end-to-end test stands on: a fixture that ends what it started and
looks at how ringway ended, and a main() whose last lines scripts/test counts.
"""

import argparse
import os
import re
import sys
import unittest

from processes import Config, Processes, Ringway, servers
from protocol import Client

# Filled in by main(): what is tested, and how patiently.
BINARY = None
LONG = False
SANITIZER = os.environ.get("RINGWAY_SANITIZER", "none")
SANITIZED = SANITIZER != "none"
# A sanitizer makes ringway slower, and two cores are shared with the test itself.
SLOWNESS = 4 if SANITIZED else 1

REPORTS = re.compile(r"(AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|"
                     r"ringway: assert|RINGWAY_ASSERT|terminate called).*")


class EndToEnd(unittest.TestCase):
    """A test with processes of its own. ringway must end well, or the test failed."""

    def setUp(self):
        self.processes = Processes()
        self.addCleanup(self.processes.end)
        self.routers = []

    def tearDown(self):
        for router in self.routers:
            ended_before = router.process.poll() is not None
            code = router.stop()
            self.assert_no_report(router)
            if not ended_before:
                self.assertEqual(code, 0, f"ringway's exit code; its log:\n{router.log()}")

    def assert_no_report(self, router):
        found = REPORTS.search(router.log())
        self.assertIsNone(found, f"ringway's log:\n{router.log()[-6000:]}")

    def memcacheds(self, count=3):
        return servers(self.processes, count)

    def ringway(self, servers, start=True, environment=None, **config):
        config = {"workers": worker_counts()[0], **config}
        router = Ringway(self.processes, BINARY, Config(servers, **config),
                         name=f"ringway{len(self.routers) + 1}", environment=environment)
        if start:
            router.start()
            self.routers.append(router)
        return router

    def client(self, router, **options):
        client = Client((router.host, router.port), **options)
        self.addCleanup(client.close)
        return client


def io_kinds():
    """What ringway is to stand on, for tests of both."""
    return os.environ.get("RINGWAY_E2E_IO", "io_uring epoll").split()


def worker_counts():
    """For tests of several; the first is what all others use."""
    return [int(count) for count in os.environ.get("RINGWAY_E2E_WORKERS", "1 2").split()]


def main():
    global BINARY, LONG
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary", help="the ringway to test")
    arguments.add_argument("--long", action="store_true", help="a minute where it is seconds")
    arguments.add_argument("-k", metavar="PATTERN", help="only cases whose name contains it")
    options = arguments.parse_args()
    BINARY, LONG = os.path.abspath(options.binary), options.long

    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [f"*{options.k}*"]
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    return report(result)


def report(result):
    # A case counts once, however many of its subtests failed.
    failed = len({getattr(case, "test_case", case).id()
                  for case, _ in result.failures + result.errors})
    skipped = len(result.skipped)
    for case, reason in result.skipped:
        print(f"skipped: {case.id().removeprefix('__main__.')}: {reason}")
    passed = result.testsRun - failed - skipped
    print(f"[e2e] test cases: {result.testsRun} | {passed} passed | {failed} failed | "
          f"{skipped} skipped")
    if failed:
        return 1
    return 77 if result.testsRun and skipped == result.testsRun else 0
