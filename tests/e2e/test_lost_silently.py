#!/usr/bin/python3
"""What has no reply, leaves nothing older behind and is lost is counted and told in the log, and
never deleted: that would cost others' locks and counters."""

import sys
import time

import cases
from injector import Injector
from processes import until

LOST = [
    b"add k 0 0 1 noreply\r\nx\r\n",
    b"cas k 0 0 1 5 noreply\r\nx\r\n",
    b"incr k 1 noreply\r\n",
    b"decr k 1 noreply\r\n",
    b"touch k 10 noreply\r\n",
    b"flush_all noreply\r\n",
]
# An error is told of what is quiet, too.
TOLD = [b"add k 0 0 1\r\nx\r\n", b"incr k 1\r\n", b"flush_all\r\n", b"ms k 1 ME q\r\nx\r\n",
        b"ms k 1 C5 q\r\nx\r\n", b"md k C5 q\r\n", b"ma k q\r\n"]
WORDS = "lost a request that had no reply: what it should have changed may be as it was"


class LostSilently(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.server, = self.memcacheds(1)
        self.relay = Injector(self.processes, self.server)
        self.router = self.ringway(
            [self.relay], timeout="5s",
            pool='flush_all = "allowed"\nbackoff_min = "1ms"\nbackoff_max = "5ms"\n'
                 '[pool.web.eject]\nfailures = 1000\n[pool.web.health]\ncheck = "off"')
        self.through = self.client(self.router)
        self.through.set(b"k", b"7")

    def counted(self, what="lost_without_reply_total"):
        return self.router.metrics()[f"ringway_server_{what}"]

    def lose(self, request):
        """Its connection is reset before anybody has read it."""
        until("an answer", 5, lambda: b"7" in self.through.ask(b"get k\r\n"))
        self.relay.switch("blackhole")
        self.through.send(request)
        until("it to be on its way", 5, lambda: self.counted("queue") == 1)
        time.sleep(0.02)
        self.relay.reset_now()
        until("it to be lost", 5, lambda: self.counted("queue") == 0)
        self.relay.switch("pass")

    def test_each_is_counted_and_told_in_the_log(self):
        for number, request in enumerate(LOST):
            with self.subTest(request):
                self.lose(request)
                self.assertEqual(self.counted(), number + 1)
                self.assertEqual(self.counted("owed_deletes_total"), 0)
                until("the log to say so", 5, lambda: WORDS in self.router.log())
        self.assertEqual(self.through.get(b"k"), {b"k": b"7"})

    def test_what_somebody_is_told_of_is_not(self):
        for request in TOLD:
            with self.subTest(request):
                self.lose(request)
                self.assertRegex(self.through.line(), b"^SERVER_ERROR ringway: ")
        self.assertEqual(self.counted(), 0)
        self.assertNotIn(WORDS, self.router.log())


if __name__ == "__main__":
    sys.exit(cases.main())
