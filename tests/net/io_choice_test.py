#!/usr/bin/python3
"""What `io = "auto"` chooses where io_uring is allowed, filtered or hidden.

Usage: io_choice_test.py PRINT_IO_CHOICE PROFILE
"""
import json
import os
import subprocess
import sys
import tempfile

PRINT, PROFILE = sys.argv[1:3]
LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "under_seccomp.py")
failures = []


def run(*command):
    # A leak checker traces its process, which the profiles under test rightly forbid.
    options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    done = subprocess.run(command, capture_output=True, text=True, timeout=30,
                          env={**os.environ, "ASAN_OPTIONS": options})
    if done.returncode == 77:
        print("skipped:", done.stderr.strip())
        sys.exit(77)
    return done.stdout.strip() or done.stderr.strip()


def check(claim, text, *words):
    ok = all(word in text for word in words)
    print("ok  " if ok else "FAIL", claim, "->", text)
    if not ok:
        failures.append(claim)


def under(*filter_options, io="auto"):
    return run("/usr/bin/python3", LAUNCHER, *filter_options, PRINT, io)


def profile_without_io_uring():
    with open(PROFILE) as file:
        profile = json.load(file)
    for rule in profile["syscalls"]:
        rule["names"] = [n for n in rule["names"] if not n.startswith("io_uring")]
    profile["syscalls"] = [rule for rule in profile["syscalls"] if rule["names"]]
    file = tempfile.NamedTemporaryFile("w", suffix=".json")
    json.dump(profile, file)
    file.flush()
    return file


plain = run(PRINT, "auto")
print("here:", plain)
check("a filter that says EPERM leads to epoll and names the profile",
      under("--refuse", "EPERM"), "epoll: io_uring is refused:", "seccomp filter", "--security-opt")
check("a filter that says ENOSYS leads to epoll and names the kernel",
      under("--refuse", "ENOSYS"), "epoll: io_uring is refused:", os.uname().release, "seccomp")
check("asked for io_uring alone, it is an error that says why",
      under("--refuse", "EPERM", io="io_uring"), "none: io_uring is refused:", "seccomp filter")
check("under our Docker profile the choice is what it is without",
      under("--profile", PROFILE), plain)
with profile_without_io_uring() as narrow:
    check("under the same profile without the io_uring calls it is epoll",
          under("--profile", narrow.name), "epoll: io_uring is refused:", "seccomp filter")
sys.exit(1 if failures else 0)
