#!/usr/bin/python3
"""A server that is killed, frozen or restarted costs its own keys an error that names
it, in time, and nobody else anything; it is used again when it is back."""

import sys
import time

import cases
from processes import until
from protocol import ServerError, owners

TIMEOUT_S = 0.5
# How late an answer may be because the machine is busy with the test itself.
SLACK_S = 0.5 * cases.SLOWNESS
# The longest back-off between two attempts to connect, with its jitter.
BACKOFF_MAX_S = 7.5
KEYS = [b"user:%d" % number for number in range(150)]
# A server must stay the owner of its keys, or there would be no error to see.
NO_EJECTION = "[pool.web.eject]\nfailures = 0"


class Failures(cases.EndToEnd):
    def setUp(self):
        super().setUp()
        self.servers = self.memcacheds()
        self.router = self.ringway(self.servers, timeout=f"{int(TIMEOUT_S * 1000)}ms",
                                   pool=NO_EJECTION)
        owner = owners(self.router, self.servers, KEYS)
        self.victim = self.servers[1]
        self.lost = [key for key in KEYS if owner[key] is self.victim]
        self.safe = [key for key in KEYS if owner[key] is not self.victim]
        self.through = self.client(self.router)

    def assert_names_the_victim(self, reply):
        text = reply.decode(errors="replace")
        self.assertRegex(text, r"^SERVER_ERROR ringway: ")
        self.assertIn(self.victim.name, text)
        self.assertIn(self.victim.address, text)

    def assert_lost_keys_fail_in_time(self):
        for key in self.lost[:5]:
            for request in (b"get %b\r\n" % key, b"set %b 0 0 1\r\nx\r\n" % key,
                            b"delete %b\r\n" % key):
                begun = time.monotonic()
                self.assert_names_the_victim(self.through.ask(request))
                self.assertLess(time.monotonic() - begun, TIMEOUT_S + SLACK_S)

    def assert_others_are_unharmed(self):
        slowest = 0
        for key in self.safe:
            begun = time.monotonic()
            self.assertEqual(self.through.get(key), {key: b"of-" + key})
            slowest = max(slowest, time.monotonic() - begun)
        self.assertLess(slowest, SLACK_S)

    def assert_used_again(self, seconds):
        key = self.lost[0]
        until(f"{self.victim.name} to be used again", seconds,
              lambda: self.through.set(key, b"back") == b"STORED\r\n")
        self.assertEqual(self.through.get(key), {key: b"back"})
        for key in self.lost:
            self.assertEqual(self.through.set(key, b"of-" + key), b"STORED\r\n")
            self.assertEqual(self.through.get(key), {key: b"of-" + key})
        self.assert_others_are_unharmed()

    def test_a_killed_server_fails_its_own_keys_until_it_is_restarted(self):
        self.victim.kill()
        self.assert_lost_keys_fail_in_time()
        self.assert_others_are_unharmed()
        self.victim.start()
        self.assert_used_again(BACKOFF_MAX_S + SLACK_S)

    def test_a_frozen_server_fails_its_own_keys_until_it_thaws(self):
        self.victim.freeze()
        self.assert_lost_keys_fail_in_time()
        self.assert_others_are_unharmed()
        self.victim.thaw()
        self.assert_used_again(BACKOFF_MAX_S + SLACK_S)

    def test_a_server_restarted_between_two_requests_is_used_again(self):
        self.victim.kill()
        self.victim.start()
        self.assert_used_again(BACKOFF_MAX_S + SLACK_S)

    def test_killed_under_load_every_request_is_answered_in_order(self):
        keys = [key for pair in zip(self.lost, self.safe) for key in pair]
        self.through.send(b"".join(b"get %b\r\n" % key for key in keys * 20))
        self.victim.kill()
        for key in keys * 20:
            reply = self.through.reply()
            if reply.startswith(b"SERVER_ERROR"):
                self.assertIn(key, self.lost)
                self.assert_names_the_victim(reply)
            else:
                self.assertEqual(reply, b"VALUE %b 0 %d\r\nof-%b\r\nEND\r\n" %
                                 (key, len(key) + 3, key))

    def test_pipelined_behind_a_frozen_server_replies_keep_their_order(self):
        self.victim.freeze()
        begun = time.monotonic()
        self.through.send(b"get %b\r\nget %b\r\nget %b\r\n" %
                          (self.safe[0], self.lost[0], self.safe[1]))
        self.assertIn(b"of-" + self.safe[0], self.through.reply())
        self.assertLess(time.monotonic() - begun, SLACK_S)
        self.assert_names_the_victim(self.through.reply())
        self.assertIn(b"of-" + self.safe[1], self.through.reply())
        self.assertLess(time.monotonic() - begun, TIMEOUT_S + SLACK_S)

    def test_a_late_reply_never_reaches_a_later_request(self):
        for number, key in enumerate(self.lost[:20]):
            self.through.set(key, b"%d" % number)
        self.victim.freeze()
        first = self.lost[:10]
        self.through.send(b"".join(b"get %b\r\n" % key for key in first))
        for _ in first:
            self.assert_names_the_victim(self.through.reply())
        self.victim.thaw()
        for number, key in list(enumerate(self.lost[:20]))[10:]:
            until("an answer", BACKOFF_MAX_S, lambda: self.answers(key, b"%d" % number))

    def answers(self, key, value):
        try:
            found = self.through.get(key)
        except ServerError:
            return False
        self.assertEqual(found, {key: value})
        return True

    def test_a_multi_get_over_a_dead_server_ends_with_an_error_and_not_as_a_miss(self):
        self.victim.kill()
        reply = self.through.ask(b"get %b %b %b\r\n" % (self.safe[0], self.lost[0], self.safe[1]))
        self.assertIn(b"SERVER_ERROR ringway: ", reply)
        self.assertFalse(reply.endswith(b"END\r\n"), reply)

    def test_a_server_that_never_listened_is_named_too(self):
        self.victim.kill()
        router = self.ringway(self.servers, pool=NO_EJECTION)
        with_other = self.client(router)
        self.assert_names_the_victim(with_other.ask(b"get %b\r\n" % self.lost[0]))
        self.assertEqual(with_other.get(self.safe[0]), {self.safe[0]: b"of-" + self.safe[0]})


if __name__ == "__main__":
    sys.exit(cases.main())
