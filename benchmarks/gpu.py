"""All that is to be seen of a GPU, in under ten minutes on one card, with one command.

    python -m benchmarks.gpu [--cpu] [--only equality,tests,speed,seeds,study]

Equality with the CPU; the tests that skip without CUDA; CoAtNet-0 at 224 px in bfloat16, eager and
compiled, against timm's two; sixteen seeds of a tiny layout on one card, as processes and by
`vmap`; the time to a certified study of five layouts with six seeds on real images. `--cpu` goes
through the same lines with next to nothing, to see that they run: its numbers say nothing of a GPU.

Goals are for an H100. Exit code 1 where one is missed.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.gpu_lines import Line, Scale, equality, seeds, speed

STUDY_GOAL = 600.0  # seconds


def tests(scale: Scale) -> list[Line]:
    """Run the tests that skip without CUDA."""
    root = Path(__file__).parents[1]
    words = ["-q", "-n0", "-p", "no:cacheprovider", "-m", "gpu", "tests/coatnet", "tests/nas/data"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    last = (done.stdout.strip().splitlines() or ["nothing"])[-1].strip("= ")
    cuda = scale.device.type == "cuda"
    passed = done.returncode == 0 and (not cuda or "skipped" not in last)
    return [Line(what="tests that need a GPU", found=last, goal="all pass", met=passed)]


def study(scale: Scale) -> list[Line]:
    """Time a study of five layouts from the command to its ranking."""
    cuda = scale.device.type == "cuda"
    words = ["resources.gpus=0.125"] if cuda else []
    if scale.small:
        short = ("training.epochs=2", "training.warmup_epochs=1", "search.seeds=2")
        words = [*short, "data.train=240", "data.probe=120", "data.evaluation=120", "--inline"]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "nas.cli", "search", "quickstart", *words],
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begun
    assert done.returncode == 0, done.stderr
    layouts = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL")
    lines = done.stdout.splitlines()
    line = next(each for each in lines if all(layout in each for layout in layouts))
    return [
        Line(
            what=f"five layouts: {line}",
            found=f"{seconds:.0f} s",
            goal=f"<= {STUDY_GOAL:.0f} s" if cuda else "",
            met=seconds <= STUDY_GOAL if cuda else None,
        )
    ]


def _environment() -> dict[str, str]:
    import os  # noqa: PLC0415 - of this line alone

    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


LINES: dict[str, Callable[[Scale], list[Line]]] = {
    "equality": equality,
    "tests": tests,
    "speed": speed,
    "seeds": seeds,
    "study": study,
}


def main(arguments: list[str] | None = None) -> int:
    """Print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu", action="store_true", help="see that everything runs")
    parser.add_argument("--only", default=",".join(LINES), help="some of the lines")
    given = parser.parse_args(arguments)
    if not given.cpu and not torch.cuda.is_available():
        print("no CUDA device here; --cpu goes through the same lines", file=sys.stderr)
        return 2
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    cpu = Scale(device=torch.device("cpu"), batch=1, rounds=1, steps=3, small=True)
    scale = cpu if given.cpu else Scale(device=torch.device("cuda"))
    on = "the CPU, to see that it runs" if given.cpu else torch.cuda.get_device_name()
    print(f"| on {on}, torch {torch.__version__} | found | goal |\n|---|---|---|")
    missed = 0
    for name in given.only.split(","):
        for line in LINES[name](scale):
            missed += line.met is False
            mark = {True: "", False: ", missed", None: ""}[line.met]
            print(f"| {line.what} | {line.found} | {line.goal}{mark} |", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
