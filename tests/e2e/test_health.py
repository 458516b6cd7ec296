#!/usr/bin/python3
"""/healthz and /readyz are true: a worker that stands still is named, and one thread is
made to stand still here as a debugger does it."""

import ctypes
import os
import sys
import time
from pathlib import Path

import cases
from processes import until

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
ALL_THREADS = 0x40000000  # __WALL
FOUND_WITHIN = 25  # 10 s without a turn, a look each second, a busy machine.


def trace(request, thread):
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    call.restype = ctypes.c_long
    if call(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def a_worker(pid):
    """The first thread that is a worker, by its name."""
    threads = sorted(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir())
    names = {thread: Path(f"/proc/{pid}/task/{thread}/comm").read_text().strip()
             for thread in threads}
    return next(thread for thread in threads
                if names[thread].startswith("worker"))


class Health(cases.EndToEnd):
    def test_a_worker_that_stands_still_is_named_until_it_goes_on(self):
        router = self.ringway(self.memcacheds(1), workers=2)
        time.sleep(2)
        self.assertEqual(router.http("/healthz")[0], 200)
        worker = a_worker(router.pid)
        try:
            trace(SEIZE, worker)
        except OSError as error:
            self.skipTest(f"no thread may be stopped here: {error}")
        trace(INTERRUPT, worker)
        os.waitpid(worker, ALL_THREADS)
        until("a worker to be missed", FOUND_WITHIN,
              lambda: router.http("/healthz")[0] == 503)
        for path in ("/healthz", "/readyz"):
            code, _, body = router.http(path)
            self.assertEqual(code, 503)
            self.assertRegex(body, r"worker \d has ended no turn for 10s")
        trace(DETACH, worker)
        until("it to be well again", 10, lambda: router.http("/healthz")[0] == 200)
        router.until_logged("it stands still")
        router.until_logged("goes on")


if __name__ == "__main__":
    sys.exit(cases.main())
