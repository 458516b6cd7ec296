#!/usr/bin/python3
"""What a reader of this house may rely on, asked by a command and run as a test.

Layers: includes point only downward. One door: sockets, clocks and chance only in
the files of net/ that implement Io. File heads, file and function lengths, names,
columns. Each rule is a function that yields (path, line, what); the tables above
them are the only place to change.

    scripts/tidy.py [--root DIR] [--numbers]
"""

import argparse
import itertools
import os
import re
import statistics
import sys
from pathlib import Path

# The layers of the design: an include may stay in its layer or point downward.
LAYERS = [
    {"base"},
    {"proto", "ring", "hash", "config", "metrics"},
    {"route", "pool", "snapshot"},
    {"net", "log"},
    {"board"},
    {"exchange"},
    {"clients", "servers"},
    {"executor"},
    {"health"},
    {"worker"},
    {"names"},
    {"reload", "admin"},
    {"import"},
    {"explain"},
    {"daemon"},
    {"cli", "main"},
]
# Of one height, and none of the other's business.
STRANGERS = [{"clients", "servers"}]
LAYER_OF = {module: level for level, modules in enumerate(LAYERS) for module in modules}

# The rooms that carry requests, and the word they must not know.
CARRYING = {"board", "exchange", "clients", "servers", "executor", "health", "worker"}
PROTOCOLS = re.compile(r"memcached", re.IGNORECASE)

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
HEAD_LINES = range(2, 13)

# Long by nature: rows of tables and vectors, not code.
LONG_FILES = re.compile(r"(^|/)(table|vectors|\w+_(table|vectors|rows))\.(h|cc)$|^tests/data/")

# The files that are the door to the world, and the modules off the data path. config/files.cc
# opens files without ever waiting for one, which no stream can.
DOOR_FILES = re.compile(
    r"^src/(config/files\.cc$|"
    r"net/(uring|epoll|address|listener_socket|resolver|sockets|send_operation)\w*\.(h|cc)$)")
OFF_DATA_PATH = {"log", "names", "reload", "admin", "import", "explain", "daemon", "cli", "main"}
WORLD_HEADERS = re.compile(
    r"<(liburing|sys/(socket|epoll|eventfd|timerfd|signalfd|select|random|un)|netinet/.*|netdb"
    r"|poll|unistd|fcntl|time|random|thread)(\.h)?>")
WORLD_CALLS = re.compile(
    r"\b(io_uring_\w+\s*\(|\w*[cC]lock::now\b|clock_gettime\b|gettimeofday\b|nanosleep\b"
    r"|sleep_(for|until)\b|getrandom\b|random_device\b|getaddrinfo\b|epoll_\w+\s*\()"
    r"|(?<![\w>.:])::(socket|accept4?|connect|bind|listen|send(to|msg)?|recv(from|msg)?"
    r"|read|write|close|shutdown|poll|select|time|rand|random)\s*\(")

BANNED_WORDS = "Manager|Helper|Util|Utils|Base|Impl"
BANNED_NAMES = re.compile(
    rf"\b[A-Z]\w*(?:{BANNED_WORDS})\b|\b(?:{BANNED_WORDS})(?=[A-Z]\w*\b)\w+"
    rf"|\b(?:{BANNED_WORDS})\b|(?<![:,] )\b(?:process|handle)\s*\(")

MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/")

CODE = (".h", ".cc")
SOURCE = ("src", "include")
SEARCHED = ("src", "include", "tests", "bench", "scripts", "configs")
SKIPPED_FOLDERS = {".git", "__pycache__", "data"}


class File:
    """One text file: its lines as written, and as code without comments and strings."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")
        self.is_code = self.path.endswith(CODE)
        self.is_source = self.is_code and self.path.startswith(SOURCE)
        self._code = None

    @property
    def code(self):
        if self._code is None:
            self._code = code_only(self.text)
        return self._code

    @property
    def code_lines(self):
        return self.code.split("\n")

    @property
    def module(self):
        return module_of(self.path)


def module_of(path):
    """src/net/io.h, include/ringway/hash/hash.h and src/main.cc -> net, hash, main."""
    parts = path.split("/")
    inside = parts[2:] if parts[0] == "include" else parts[1:]
    return inside[0].removesuffix(".cc").removesuffix(".h")


NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def code_only(text):
    """Comments and literals become spaces, so that lines and columns stay."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


# --- functions -------------------------------------------------------------------

SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)


def functions(code):
    """Yields (name, first line, number of lines) of each function body's definition."""
    code = PREPROCESSOR.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), code)
    scopes = []  # What each open brace is: "scope", "function", "body" or "value".
    head_start = 0
    for brace in re.finditer(r"[{};]", code):
        at, what = brace.start(), brace.group()
        inside = scopes[-1][0] if scopes else "scope"
        if what == "{":
            kind = kind_of_brace(code[head_start:at]) if inside == "scope" else "body"
            scopes.append((kind, head_start))
            if kind == "scope":
                head_start = at + 1
        elif what == "}" and scopes:
            kind, start = scopes.pop()
            if kind == "function":
                head = code[start:at]
                first = start + len(head) - len(head.lstrip())
                yield name_of(head), line_of(code, first), code.count("\n", first, at) + 1
            if kind in ("function", "scope"):
                head_start = at + 1
        elif what == ";" and inside == "scope":
            head_start = at + 1


def kind_of_brace(head):
    """What opens here, judged by the text since the last statement: a scope, a
    function's body, or a value (an initialiser, which ends nothing)."""
    head = re.sub(r"\balignas\s*\([^()]*\)", "", head.strip())
    flat = re.sub(r"\boperator\s*\S+?(?=\()", "operator", head)
    flat = re.sub(r"<[^<>;{}()]*>", "", flat)
    while (shorter := re.sub(r"\([^()]*\)", "\x01", flat)) != flat:
        flat = shorter
    if "(" in flat or re.search(r"(?<![=!<>])=(?!=)", flat):
        return "value"
    if "\x01" not in flat:
        return "scope" if SCOPE.search(flat) or not flat else "value"
    after_arguments = flat[flat.index("\x01"):].replace("::", "")
    if ":" in after_arguments and re.search(r"[\w>]$", flat):
        return "value"  # A member in a constructor's list: `: a_{1}`.
    return "function"


def name_of(head):
    before = head.split("(", 1)
    if "TEST_CASE" in before[0] or "SUBCASE" in before[0]:
        return "TEST_CASE"
    found = re.search(r"([\w:~]+|operator\s*\S+)\s*$", before[0])
    return found.group(1) if found else "?"


# --- rules -----------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def included_module(include):
    path = include.removeprefix("ringway/")
    return path.split("/")[0] if "/" in path else None


def upward_includes(file):
    if not file.is_source:
        return
    if file.module not in LAYER_OF:
        yield 1, f"folder '{file.module}' is in no layer: add it to LAYERS in scripts/tidy.py"
        return
    for number, line in enumerate(file.lines, 1):
        found = INCLUDE.match(line)
        module = included_module(found.group(1)) if found else None
        if module is None or module == file.module:
            continue
        if module not in LAYER_OF:
            yield number, f"includes '{found.group(1)}', whose folder is in no layer"
        elif LAYER_OF[module] > LAYER_OF[file.module]:
            yield number, (f"'{file.module}' (layer {LAYER_OF[file.module]}) includes "
                           f"'{module}' (layer {LAYER_OF[module]}): includes point downward")
        elif {module, file.module} in STRANGERS:
            yield number, f"'{file.module}' and '{module}' do not know each other"


def named_protocols(file):
    """The core carries any protocol: which one it is, only its dialect knows."""
    if not file.is_source or file.module not in CARRYING:
        return
    for number, line in enumerate(file.lines, 1):
        if found := PROTOCOLS.search(line):
            yield number, f"names {found.group()}: only proto/ knows protocols (proto/dialect.h)"


def world_outside_the_door(file):
    if not file.is_source or DOOR_FILES.match(file.path) or file.module in OFF_DATA_PATH:
        return
    for number, line in enumerate(file.lines, 1):
        if line.lstrip().startswith("#include") and WORLD_HEADERS.search(line):
            yield number, f"{line.split()[1]}: only the files that implement Io touch the world"
    for number, line in enumerate(file.code_lines, 1):
        if found := WORLD_CALLS.search(line):
            yield number, f"{found.group().strip()}: only the files that implement Io may do that"


def missing_head(file):
    if not file.is_source:
        return
    head = list(itertools.takewhile(lambda line: line.startswith("//"), file.lines))
    count = sum(not line.startswith("//   ") for line in head)  # A drawing may be longer.
    if count not in HEAD_LINES:
        yield 1, (f"opens with {count} lines of comment; {HEAD_LINES[0]} to {HEAD_LINES[-1]} say "
                  "what it is for, what it is not, and its invariant")


def long_file(file):
    count = len(file.lines) - 1
    if file.is_code and count > FILE_LINES_MAX and not LONG_FILES.search(file.path):
        yield FILE_LINES_MAX, f"{count} lines, at most {FILE_LINES_MAX}"


def long_functions(file):
    if not file.is_code:
        return
    for name, first, count in functions(file.code):
        if count > FUNCTION_LINES_MAX:
            yield first, f"{name} has {count} lines, at most {FUNCTION_LINES_MAX}"


def banned_names(file):
    if not file.is_code:
        return
    for number, line in enumerate(file.code_lines, 1):
        if line.lstrip().startswith("#include"):
            continue
        if found := BANNED_NAMES.search(line):
            yield number, f"'{found.group().rstrip('( ')}' says nothing: name what it does"


def wide_lines(file):
    if not file.is_code and not file.path.endswith(".py") and not is_script(file):
        return
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns, at most {COLUMNS_MAX}"


def is_script(file):
    return file.lines[0].startswith("#!")


def machine_paths(file):
    for number, line in enumerate(file.lines, 1):
        if found := MACHINE_PATHS.search(line):
            yield number, f"'{found.group()}' is a path of one machine"


def unguarded_header(file):
    if file.path.endswith(".h") and "#pragma once" not in file.lines:
        yield 1, "a header without #pragma once"


RULES = [upward_includes, named_protocols, world_outside_the_door, missing_head, long_file,
         long_functions, banned_names, wide_lines, machine_paths, unguarded_header]


# --- the command -----------------------------------------------------------------

def files_under(root):
    for path in sorted(root.iterdir()):
        if path.is_file() and path.suffix in (".md", ".build", ".txt"):
            yield File(root, path)
    for top in SEARCHED:
        for folder, folders, names in os.walk(root / top):
            folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
            for name in sorted(names):
                path = Path(folder) / name
                if path.suffix in (".h", ".cc", ".py", ".toml", ".md", ".build", ".sh", ""):
                    yield File(root, path)


def violations(root):
    for file in files_under(root):
        for rule in RULES:
            for number, what in rule(file):
                yield file.path, number, what


def print_numbers(root):
    """The yardstick of the design: median, 90th percentile and longest, in lines."""
    files = [file for file in files_under(root) if file.is_code]
    print(f"{'':22}{'files':>7}{'median':>8}{'p90':>6}{'max':>6}"
          f"{'functions':>12}{'median':>8}{'p90':>6}{'max':>6}")
    for title, tops in (("src and include", SOURCE), ("tests and bench", ("tests", "bench"))):
        chosen = [file for file in files if file.path.split("/")[0] in tops]
        lengths = [len(file.lines) - 1 for file in chosen]
        bodies = [count for file in chosen for _, _, count in functions(file.code)]
        print(f"{title:22}{len(lengths):7}{figures(lengths)}{len(bodies):12}{figures(bodies)}")


def figures(lengths):
    if not lengths:
        return f"{'-':>8}{'-':>6}{'-':>6}"
    ordered = sorted(lengths)
    p90 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.9))]
    return f"{statistics.median_low(ordered):8}{p90:6}{ordered[-1]:6}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    arguments.add_argument("--numbers", action="store_true", help="print lengths, judge nothing")
    options = arguments.parse_args()
    if options.numbers:
        print_numbers(options.root)
        return 0
    found = list(violations(options.root))
    for path, number, what in found:
        print(f"{path}:{number}: {what}")
    print(f"tidy: {len(found)} to mend" if found else "tidy: all in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
