"""Runs the installed `nas` in a process of its own, as a user would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NAS = [sys.executable, "-m", "nas.cli"]

# The quickstart but for its length: the same layouts, seeds and code paths in seconds.
SHORT = (
    "training.epochs=4",
    "search.seeds=2",
    "data.train=240",
    "data.probe=120",
    "data.evaluation=120",
)


def environment() -> dict[str, str]:
    """Return an environment in which Ray is local, whatever the shell has set."""
    return {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}


def nas(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `nas ARGUMENTS` to its end and check its exit code."""
    done = subprocess.run(
        [*NAS, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


def start(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    """Start `nas ARGUMENTS`; its output goes to files beside the study."""
    with (cwd / "stdout").open("wb") as out, (cwd / "stderr").open("wb") as err:
        return subprocess.Popen(
            [*NAS, *arguments], cwd=cwd, env=environment(), stdout=out, stderr=err
        )


def ranking(study: str, *, cwd: Path) -> dict[str, Any]:
    """Return what `nas rank STUDY -o json` prints."""
    return json.loads(nas("rank", study, "-o", "json", cwd=cwd).stdout)
