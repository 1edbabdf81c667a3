"""Sweeps on the command line: what `search`, `resume` and the readers do when given one."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

    from nas.driver.phase import PhasePoint
    from nas.driver.sweep import SweepConclusion
    from nas.spec.study import StudySpec
    from nas.study.sweep import Sweep


def found(name: str) -> "Sweep | None":
    """Return the sweep of that path or name, None where there is none.

    Raises:
        SpecError: its `sweep.json` is damaged.
    """
    from nas.study.sweep import find_sweep, open_sweep

    folder = find_sweep(name)
    return None if folder is None else open_sweep(folder)


def studies(spec: "StudySpec") -> "list[StudySpec]":
    """Return the specs of the studies that a spec runs: its own, or those of its sweep.

    Raises:
        SpecError: a value of the sweep cannot be used.
    """
    from nas.study.sweep import plan_sweep

    if spec.sweep is None:
        return [spec]
    return [member.spec for member in plan_sweep(spec, folder=Path(spec.name))]


def search_sweep(spec: "StudySpec", study: str | None, **execution: Any) -> None:
    """Run a spec that has a section `sweep`."""
    from nas.cli.run import run_work
    from nas.study.folder import study_folder
    from nas.study.sweep import plan_sweep, refuse_existing

    folder = study_folder(spec.name, study)
    refuse_existing(folder)
    plan_sweep(spec, folder=folder)
    from nas.driver.sweep import begin_sweep  # takes seconds: not before the words are checked

    work = partial(begin_sweep, spec, folder=folder)
    run_work(work, folder, show=_show, **execution)


def resume_sweep(sweep: "Sweep", **execution: Any) -> None:
    """Go on with a sweep."""
    from nas.cli.run import run_work
    from nas.driver import sweep as sweep_driver

    work = partial(sweep_driver.resume_sweep, sweep)
    run_work(work, sweep.folder, show=_show, **execution)


def print_status(sweep: "Sweep", output: str) -> None:
    """Print where each study of a sweep stands."""
    from nas.cli.output import print_frame
    from nas.driver.phase import members_frame, phase_points
    from nas.tables.listings import sweep_status

    points = phase_points(sweep)
    if output == "table":
        begun = [point.status for point in points if point.ranking is not None]
        status = sweep_status(begun, len(points))
        hint = f"; `nas resume {sweep.folder}` goes on" if status == "interrupted" else ""
        click.echo(f"{sweep.spec.name}, a sweep of {sweep.key}: {status}{hint}\n")
    print_frame(members_frame(points), output)


def print_orders(sweep: "Sweep", output: str, *, metric: str | None = None) -> None:
    """Print a row a value: scores, l*, tau-b with the paper, and the order."""
    from nas.driver.phase import phase_points

    _print_orders(sweep.key, phase_points(sweep, metric=metric), output)


def report(sweep: "Sweep", to: Path | None) -> Path:
    """Write the phase diagram of a sweep as it stands; return its path."""
    from nas.driver.phase import phase_points, write_phase

    return write_phase(sweep, phase_points(sweep), to=to)


def refuse(sweep: "Sweep", what: str) -> None:
    """Refuse what a sweep has none of itself, and say which study has.

    Raises:
        SpecError: always.
    """
    one = sweep.members[0].folder
    raise SpecError(f"{sweep.folder} is a sweep: {what} one of its studies, such as {one}")


def _print_orders(key: str, points: "Sequence[PhasePoint]", output: str) -> None:
    from nas.cli.output import print_frame, print_json
    from nas.driver.phase import orders_frame
    from nas.ranking.relations import ranking_json

    if output == "json":
        print_json(
            [
                {
                    "value": point.member.value,
                    "study": str(point.member.folder),
                    "status": point.status,
                    "ranking": None if point.ranking is None else ranking_json(point.ranking),
                }
                for point in points
            ]
        )
        return
    frame = orders_frame(points)
    if output == "csv":
        print_frame(frame, output)
    else:
        print_frame(_shown(frame, key), output, literal=True)
        for values, sentence in _preliminary(points):
            click.echo(f"\nnote: {values}: {sentence}")


def _preliminary(points: "Sequence[PhasePoint]") -> list[tuple[str, str]]:
    """Return why symbols are no certificate yet: each reason once, with its values."""
    about: dict[str, list[str]] = {}
    for point in points:
        if point.ranking is not None and point.ranking.preliminary:
            about.setdefault(point.ranking.preliminary, []).append(point.member.word)
    return [(", ".join(values), sentence) for sentence, values in about.items()]


def _shown(frame: "pd.DataFrame", key: str) -> "pd.DataFrame":
    """Return the frame as a terminal shows it: scores in percent, l* in nats."""
    shown = frame[["value"]].rename(columns={"value": key})
    for name in frame.columns[1:-3]:
        shown[f"{name} %"] = (100 * frame[name]).map("{:.2f}".format, na_action="ignore")
    shown["l*"] = frame["equal_loss"].map("{:.3f}".format, na_action="ignore")
    shown["tau"] = frame["tau"].map("{:+.2f}".format, na_action="ignore")
    shown["order"] = frame["order"].replace("", None)
    return shown


def _show(folder: Path, conclusion: "SweepConclusion") -> None:
    from nas.study.sweep import open_sweep

    sweep = open_sweep(folder)
    _print_orders(sweep.key, conclusion.points, "table")
    click.echo(f"\nphase     {conclusion.page}")
    click.echo(f"studies   {folder}/{sweep.key}=VALUE, each with its own report, tables and model")
    for warning in conclusion.warnings:
        click.echo(f"nas: {warning}; `nas sync` of that study sends it later", err=True)
