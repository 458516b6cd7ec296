"""A memory cgroup of its own, where the kernel ends whoever takes more than it may."""

import os
import time
from pathlib import Path

ROOTS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))  # Versions 1 and 2.


class SmallGroup:
    """Raises OSError where no such group can be made."""

    def __init__(self, limit_bytes):
        root = next((root for root in ROOTS if (root / "cgroup.procs").exists()), ROOTS[1])
        self.first = root == ROOTS[0]
        own = Path("/proc/self/cgroup").read_text().splitlines()
        paths = dict(line.split(":", 2)[1:] for line in own)
        under = root / paths.get("memory" if self.first else "", "/").lstrip("/")
        self.folder = (under if under.exists() else root) / f"ringway-test-{os.getpid()}"
        self.folder.mkdir()
        try:
            limit = "memory.limit_in_bytes" if self.first else "memory.max"
            (self.folder / limit).write_text(str(limit_bytes))
        except OSError:
            self.folder.rmdir()
            raise

    def enter_by(self):
        """A command that becomes the next one, inside."""
        return ["sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh"]

    def most_bytes(self):
        name = "memory.max_usage_in_bytes" if self.first else "memory.peak"
        return int((self.folder / name).read_text())

    def remove(self):
        """Once nobody is in it any more."""
        for _ in range(100):
            try:
                return self.folder.rmdir()
            except OSError:
                time.sleep(0.05)
        return None
