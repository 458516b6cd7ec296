#!/usr/bin/python3
"""Shows keys going to the servers that own them, and what to try next.

Called by scripts/demo when everything is built. The servers and ringway are those of
the end-to-end tests: started here, ended here, and nothing else is.
"""

import argparse
import re
import signal
import socket
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from processes import Config, Processes, Ringway, servers  # noqa: E402
from protocol import owners  # noqa: E402

PORT, METRICS_PORT, ADMIN_PORT = 11311, 9312, 9311
KEYS = [b"user:1", b"user:2", b"user:3", b"session:af03", b"session:77c1", b"cart:42",
        b"page:/index.html", b"page:/about.html"]

NEXT = """
Try it from another terminal:

  printf 'set hello 0 0 5\\r\\nworld\\r\\nget hello\\r\\n' | nc -N 127.0.0.1 {port}

  /usr/bin/python3 -c 'from pymemcache.client.base import Client; \
c = Client("127.0.0.1:{port}"); c.set("hello", "from Python"); print(c.get("hello"))'

  metrics: http://127.0.0.1:{metrics_port}/metrics    status: http://127.0.0.1:{admin_port}/status
  the configuration: {file}
"""


def preferred(port, instead):
    """The port that the README uses, if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            return instead


def configuration(running):
    config = Config(running)
    config.port = preferred(PORT, config.port)
    config.metrics_port = preferred(METRICS_PORT, config.metrics_port)
    config.admin_port = preferred(ADMIN_PORT, config.admin_port)
    config.metrics_bind = f"127.0.0.1:{config.metrics_port}"
    config.admin_bind = f"127.0.0.1:{config.admin_port}"
    return config


def seconds_of(text):
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is no time; write 5s or 2m")
    return float(found[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, None: 1}[found[2]]


def show_keys(router, running):
    print("\nA few keys, set through ringway and found by asking each server itself:\n")
    owner = owners(router, running, KEYS)
    for key in KEYS:
        server = owner[key]
        print(f"  {key.decode():20} -> {server.name}  {server.address}")


def wait_for_the_end(router, seconds):
    end = time.monotonic() + seconds if seconds else None
    while end is None or time.monotonic() < end:
        if router.process.poll() is not None:
            sys.exit(f"demo: ringway ended by itself; its log:\n{router.log()}")
        time.sleep(0.1)


def stay_up(options):
    with Processes() as processes:
        running = servers(processes)
        router = Ringway(processes, options.ringway, configuration(running)).start()
        print(f"\nringway on 127.0.0.1:{router.port}, in front of three memcached servers:\n")
        for server in running:
            print(f"  {server.name}  {server.address}")
        show_keys(router, running)
        config = router.config
        print(NEXT.format(port=config.port, metrics_port=config.metrics_port,
                          admin_port=config.admin_port, file=router.file))
        print("Running for " + options.seconds_text if options.seconds
              else "Ctrl-C ends it.", flush=True)
        try:
            wait_for_the_end(router, options.seconds)
        except KeyboardInterrupt:
            print()
        code = router.stop()
        print("demo: ringway and its three servers are ended", flush=True)
        return code


def main():
    arguments = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.split("\n")[0])
    arguments.add_argument("--for", dest="seconds", type=seconds_of, metavar="TIME",
                           help="end by itself after this time, such as 5s; default: Ctrl-C")
    arguments.add_argument("--ringway", default=ROOT / "build" / "src" / "ringway",
                           help=argparse.SUPPRESS)
    options = arguments.parse_args()
    options.seconds_text = f"{options.seconds:g} s." if options.seconds else ""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)  # Also where a shell started us in the background.
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return stay_up(options)
    except KeyboardInterrupt:
        return 130
    except AssertionError as why:
        sys.exit(f"demo: {why}")


if __name__ == "__main__":
    sys.exit(main())
