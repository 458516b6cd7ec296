#!/usr/bin/python3
"""Runs a command under a seccomp filter, as a container would.

  under_seccomp.py --refuse EPERM COMMAND...     io_uring_* fail with this errno
  under_seccomp.py --profile FILE COMMAND...     a filter in Docker's JSON form

Exits with 77 (skipped) where this machine cannot load a filter.
"""
import argparse
import ctypes
import ctypes.util
import errno
import json
import os
import sys

ALLOW = 0x7FFF0000
IO_URING = ["io_uring_setup", "io_uring_enter", "io_uring_register"]
COMPARE = {"SCMP_CMP_NE": 1, "SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}


def fail_with(number):
    return 0x00050000 | number


class Argument(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    def __init__(self, default_action):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.lib.seccomp_init(ctypes.c_uint32(default_action)))

    def add(self, action, name, arguments=()):
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            return  # Of another architecture or a newer kernel.
        array = (Argument * max(len(arguments), 1))(*arguments)
        result = self.lib.seccomp_rule_add_array(
            self.context, ctypes.c_uint32(action), number, len(arguments), array)
        if result != 0:
            sys.exit(f"cannot add a rule for {name}: {os.strerror(-result)}")

    def load(self):
        result = self.lib.seccomp_load(self.context)
        if result != 0:
            print(f"cannot load a seccomp filter here: {os.strerror(-result)}", file=sys.stderr)
            sys.exit(77)


def action_of(entry, key):
    if entry[key] == "SCMP_ACT_ALLOW":
        return ALLOW
    assert entry[key] == "SCMP_ACT_ERRNO", entry[key]
    return fail_with(entry.get("defaultErrnoRet" if key == "defaultAction" else "errnoRet", 1))


def profile_filter(path):
    with open(path) as file:
        profile = json.load(file)
    seccomp = Filter(action_of(profile, "defaultAction"))
    for rule in profile["syscalls"]:
        arguments = [Argument(a["index"], COMPARE[a["op"]], a["value"], a.get("valueTwo", 0))
                     for a in rule.get("args", [])]
        for name in rule["names"]:
            seccomp.add(action_of(rule, "action"), name, arguments)
    return seccomp


def refusing_filter(name):
    seccomp = Filter(ALLOW)
    for call in IO_URING:
        seccomp.add(fail_with(getattr(errno, name)), call)
    return seccomp


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refuse", choices=["EPERM", "ENOSYS"])
    parser.add_argument("--profile")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    seccomp = (profile_filter(options.profile) if options.profile
               else refusing_filter(options.refuse))
    seccomp.load()
    os.execv(options.command[0], options.command)


if __name__ == "__main__":
    main()
