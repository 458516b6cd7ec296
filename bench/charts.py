#!/usr/bin/python3
"""Draws what bench/compare kept, and puts its tables into bench/README.md.

    bench/charts.py bench/results/fake.json bench/results/real.json

Writes cpu.svg, requests.svg and p99.svg beside the first file (from the results with fake servers,
or the first there are) and replaces the section "Last results" of the README. Nothing
here is measured: the same JSON always gives the same files.
"""

import argparse
import json
import os
import sys
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from compare_parts import report, stats  # noqa: E402

COLOURS = {"ringway": "#d1495b", "ringway-epoll": "#e8a0a8", "nutcracker": "#30638e",
           "nutcracker-m4096": "#8fb0cc", "direct": "#b5b5b5"}
OTHER = "#7a9e7e"
BAR, GAP, LABEL, WIDTH, HEAD = 16, 18, 170, 420, 58
BEGIN, END = "<!-- last results: written by bench/charts.py -->", "<!-- end of last results -->"


def bars(results, field):
    """(title, [(candidate, value, q1, q3)]) for each workload; twins are left out."""
    groups = []
    for result in results:
        rows = [(name, one[field]["median"], one[field]["q1"], one[field]["q3"])
                for name, one in result["candidates"].items()
                if one.get(field) and name not in result["twins"]]
        if rows:
            groups.append((f"{result['workload']}: {result['title']}", rows))
    return groups


def svg(title, subtitle, groups):
    """Horizontal bars, each workload on its own scale; a whisker spans the quartiles."""
    height = HEAD + sum(GAP + 20 + BAR * len(rows) for _, rows in groups) + 10
    full = LABEL + WIDTH + 130
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{full}" height="{height}" '
           f'viewBox="0 0 {full} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{full}" height="{height}" fill="white"/>',
           f'<text x="10" y="24" font-size="17" font-weight="bold">{escape(title)}</text>',
           f'<text x="10" y="43" fill="#555">{escape(subtitle)}</text>']
    y = HEAD
    for name, rows in groups:
        out.append(f'<text x="10" y="{y + 14}" font-weight="bold">{escape(name)}</text>')
        y += 20
        scale = WIDTH / max(max(value, q3) for _, value, _, q3 in rows)
        for row in rows:
            out += bar(row, y, scale)
            y += BAR
        y += GAP
    return "\n".join(out + ["</svg>", ""])


def bar(row, y, scale):
    name, value, q1, q3 = row
    middle, weight = y + BAR / 2, "bold" if name == "ringway" else "normal"
    end = LABEL + max(value, q3) * scale
    return [
        f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end" font-weight="{weight}">'
        f'{escape(name)}</text>',
        f'<rect x="{LABEL}" y="{y + 2}" width="{value * scale:.1f}" height="{BAR - 4}" '
        f'fill="{COLOURS.get(name, OTHER)}"/>',
        f'<line x1="{LABEL + q1 * scale:.1f}" y1="{middle}" x2="{LABEL + q3 * scale:.1f}" '
        f'y2="{middle}" stroke="#222"/>',
        f'<text x="{end + 6:.1f}" y="{y + 12}" font-weight="{weight}">{number(value)}</text>']


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def origin(machine):
    return (f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, "
            f"{machine['system']}, {machine['date'][:10]}")


def section(kept):
    lines = [BEGIN, "## Last results", ""]
    for path, one in kept:
        machine = one["machine"]
        lines += [f"From `{os.path.relpath(path, os.path.dirname(HERE))}`: {origin(machine)}; "
                  f"{machine['nutcracker'] or 'no nutcracker'}, "
                  f"memcached {machine['memcached'] or 'absent'}; load average before: "
                  f"{machine['load_before']:.1f}; "
                  f"{machine.get('scheduling', 'ordinary priority')}.", ""]
        for result in one["results"]:
            lines += [report.table(result), ""]
            lines += [f"- Target {line}" for line in report.verdicts(result, "ringway")] + [""]
    lines += ["![CPU per request](results/cpu.svg)", "",
              "![requests/s](results/requests.svg)", "", "![p99](results/p99.svg)", END]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def update(readme, text):
    with open(readme) as source:
        old = source.read()
    if BEGIN in old:
        before, _, rest = old.partition(BEGIN)
        new = before + text + rest.partition(END)[2]
    else:
        before, head, rest = old.partition("## Limits of the method")
        new = before + text + "\n\n" + head + rest
    with open(readme, "w") as out:
        out.write(new)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="JSON", help="from bench/compare --json")
    parser.add_argument("--readme", default=os.path.join(HERE, "README.md"))
    arguments = parser.parse_args()
    kept = []
    for path in arguments.files:
        with open(path) as source:
            one = json.load(source)
        one["results"] = [stats.summarise(result) for result in one["results"]]
        kept.append((os.path.abspath(path), one))
    drawn = next((one for _, one in kept if one["results"][0]["servers"] == "fake"), kept[0][1])
    folder = os.path.dirname(kept[0][0])
    for name, field, title, better in (
            ("cpu", "cpu_us", "CPU microseconds per request", "less"),
            ("requests", "requests_per_second", "Requests per second", "more"),
            ("p99", "p99_us", "p99 latency, microseconds", "less")):
        with open(os.path.join(folder, name + ".svg"), "w") as out:
            subtitle = f"{origin(drawn['machine'])}; {better} is better"
            out.write(svg(title, subtitle, bars(drawn["results"], field)))
    update(arguments.readme, section(kept))
    return 0


if __name__ == "__main__":
    sys.exit(main())
