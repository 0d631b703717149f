"""`make bench`: measures, prints a table, writes target/bench/summary.json and, with --write, the figures in README.md.

Figures are of this machine. Nothing here passes or fails: limits are for people to read beside the figures.
"""

import argparse
import json
import os
import platform
import re
import sys
from pathlib import Path

import containment
import copies
import delivery
import intake
import memory
import readers
import scale
import start
import translation
import verification

REPOSITORY = Path(__file__).resolve().parents[2]
SUMMARY = REPOSITORY / "target/bench/summary.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="also write the figures into README.md")
    options = parser.parse_args()
    summary = {"machine": {"cores": os.cpu_count(), "system": platform.platform()}, "figures": []}
    for bench in (start, translation, memory, intake, containment, scale, copies, delivery, readers, verification):
        print(f"== bench: {bench.__doc__.splitlines()[0]}", flush=True)
        for figure in bench.measure(REPOSITORY):
            summary["figures"].append(figure)
            print(f"  {figure['name']:<62} {figure['value']:>10} {figure['unit']:<8} {figure['limit']}", flush=True)
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    print(f"written to {SUMMARY.relative_to(REPOSITORY)}")
    if options.write:
        write_readme(summary)
    return 0


def write_readme(summary: dict) -> None:
    rows = [f"| {f['name']} | {f['value']} {f['unit']} | {f['limit']} |" for f in summary["figures"] if f.get("headline")]
    cores = summary["machine"]["cores"]
    table = "\n".join([f"| figure (seen on {cores} cores) | value | limit |", "| --- | --- | --- |", *rows])
    readme = REPOSITORY / "README.md"
    marked = r"(<!-- figures:begin -->).*(<!-- figures:end -->)"
    readme.write_text(re.sub(marked, lambda found: f"{found[1]}\n{table}\n{found[2]}", readme.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
