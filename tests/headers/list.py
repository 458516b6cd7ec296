#!/usr/bin/python3
"""Prints every header of include/ and src/ as an include path, one a line."""

import sys
from pathlib import Path

root = Path(sys.argv[1])
for top in ("include", "src"):
    for header in sorted((root / top).rglob("*.h")):
        print(header.relative_to(root / top).as_posix())
