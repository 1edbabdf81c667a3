"""Is a plan kept? Plans a spec, runs it and compares, trial by trial and in all.

    python benchmarks/plan.py [SPEC] [KEY.PATH=VALUE]...

The quickstart takes some four minutes of two cores, which must have nothing else to do. Bars: at
least 85 % of trials within their interval of 90 %, a median error of at most 10 %.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COVERED, ERROR = 0.85, 0.10


def nas(*arguments: str) -> str:
    """Run a command of the program; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "nas.cli", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def compared(spec: str, overrides: list[str]) -> str:
    """Return a row of Markdown: forecast, actual, coverage, error."""
    with tempfile.TemporaryDirectory() as root:
        study = str(Path(root) / "planned")
        began = time.monotonic()
        planned = json.loads(nas("plan", spec, *overrides, "--study", study, "-o", "json"))
        planning = time.monotonic() - began
        began = time.monotonic()
        nas("search", spec, *overrides, "--study", study, "--quiet")
        wall = time.monotonic() - began
        found = json.loads(nas("plan", "--check", study, "-o", "json"))
    hours = planned["wall_hours"]
    ends = "{:.0f} [{:.0f}, {:.0f}]".format(*(3600 * hours[k] for k in ("estimate", "low", "high")))
    kept = found["covered"] >= COVERED and found["median_error"] <= ERROR
    return (
        f"| {spec} | {planning:.0f} | {ends} | {wall:.0f} | {found['trials']} | "
        f"{found['covered']:.0%} | {found['median_error']:.1%} | {'kept' if kept else 'missed'} |"
    )


def main() -> None:
    """Print the table."""
    spec, *overrides = sys.argv[1:] or ["quickstart"]
    print("| spec | s to plan | wall s forecast | wall s | trials | covered | median error | |")
    print("|---|---|---|---|---|---|---|---|")
    print(compared(spec, overrides))


if __name__ == "__main__":
    main()
