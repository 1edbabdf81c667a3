"""`nas submit`, `jobs`, `logs` and `stop`: searches as jobs of a Ray cluster."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.cli.formats import format_option
from nas.errors import NasError, SpecError

if TYPE_CHECKING:
    from nas.execution.ray_jobs import Job, Jobs
    from nas.spec.study import StudySpec

_SPEC = "spec.json"
_STOP_SECONDS = 30.0

address_option = click.option(
    "--address",
    metavar="URL",
    help="The cluster's dashboard, http://HEAD:8265; else RAY_API_SERVER_ADDRESS.",
)


@click.command()
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option(
    "--study",
    metavar="URI",
    required=True,
    help="Where the study goes: s3://, gs://, az://, or a path that all nodes see.",
)
@address_option
@click.option("--follow", "-f", is_flag=True, help="Show what it prints until it has ended.")
@click.option("--installed", is_flag=True, help="Use the `nas` of the cluster; send the spec only.")
def submit(
    spec: str,
    overrides: tuple[str, ...],
    study: str,
    address: str | None,
    follow: bool,
    installed: bool,
) -> None:
    """Run the study of SPEC on a Ray cluster, as a job that needs nobody to wait for it.

    This package and SPEC, with KEY.PATH=VALUE in it, are sent along. A study that was stopped goes
    on; one that a job is running is not run twice.
    """
    from nas.spec.file import fingerprint, load_spec
    from nas.study.lasting import check_for_job
    from nas.study.places import study_folder
    from nas.study.sweep import refuse_in_store

    loaded = load_spec(spec, overrides)
    # What is no place for it is refused here already.
    refuse_in_store(loaded, folder=study_folder(loaded.name, study))
    check_for_job(loaded, study)
    digest = fingerprint(loaded)
    jobs = _jobs(address)
    with tempfile.TemporaryDirectory(prefix="nas-submit-") as files:
        _write_spec(loaded, Path(files) / _SPEC)
        job, new = jobs.submit(
            ("run-job", _SPEC, "--study", study),
            study=study,
            digest=digest,
            files=Path(files),
            package=not installed,
        )
    click.echo(f"job       {job.id}{'' if new else '  (runs this study already)'}")
    click.echo(f"study     {job.study}")
    at = f" --address {address}" if address else ""
    click.echo(f"follow    nas logs {job.name} -f{at}")
    click.echo(f"stop      nas stop {job.name}{at}")
    if follow:
        _follow(jobs, job)


@click.command()
@address_option
@format_option
def jobs(address: str | None, output: str) -> None:
    """List the jobs of a cluster, the oldest first, with the study of each."""
    import pandas as pd

    from nas.cli.listing import print_frame

    rows = [
        {
            "job": job.id,
            "study": job.study or None,
            "status": job.status.value,
            "began": _when(job.began),
            "ended": _when(job.ended),
            "minutes": _minutes(job),
        }
        for job in _jobs(address).all()
    ]
    columns = ["job", "study", "status", "began", "ended", "minutes"]
    print_frame(pd.DataFrame(rows, columns=columns), output, newest=True)


@click.command()
@click.argument("study")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job has ended.")
@address_option
def logs(study: str, follow: bool, address: str | None) -> None:
    """Show what the newest job of STUDY prints; STUDY may be a job's id."""
    found = _jobs(address)
    job = found.find(study)
    if follow:
        _follow(found, job)
    else:
        click.echo(found.logs(job), nl=False)


@click.command()
@click.argument("study")
@address_option
def stop(study: str, address: str | None) -> None:
    """Stop the newest job of STUDY; submitting it again goes on. STUDY may be a job's id."""
    found = _jobs(address)
    job = found.find(study)
    if job.status.ended:
        click.echo(f"{job.id} has ended: {job.status.value}")
        return
    found.stop(job)
    deadline = time.monotonic() + _STOP_SECONDS
    while not (job := found.find(job.id)).status.ended:
        if time.monotonic() > deadline:
            raise NasError(f"{job.id} is still stopping; `nas jobs` shows when it has")
        time.sleep(0.2)
    again = "; `nas submit` with the same --study goes on" if job.study else ""
    click.echo(f"{job.id} {job.status.value.lower()}{again}")


@click.command("run-job", hidden=True)
@click.argument("spec")
@click.option("--study", required=True, help="Where the study is, or is to be.")
@click.pass_context
def run_job(context: click.Context, spec: str, study: str) -> None:
    """Begin the study of SPEC, or go on with it where it is: what `nas submit` has a job do."""
    from nas.cli.run import resume, search
    from nas.spec.file import fingerprint, load_spec
    from nas.study.copies import copy_at
    from nas.study.folder import STUDY, begun_study
    from nas.study.places import study_folder
    from nas.study.sweep import SWEEP, open_sweep

    execution: dict[str, Any] = {"address": None, "inline": False, "quiet": False}
    loaded = load_spec(spec)
    folder = study_folder(loaded.name, study)
    if (copy := copy_at(folder)) is not None:
        copy.fetch()
    at_hand = str(Path(spec).resolve())
    # All paths are absolute, and Ray may remove the job's own folder before the job has ended.
    os.chdir(tempfile.gettempdir())
    if STUDY.is_at(folder):
        begun = begun_study(folder).begun
    elif SWEEP.is_at(folder):
        begun = open_sweep(folder).spec
    else:
        context.invoke(search, spec=at_hand, overrides=(), study=study, **execution)
        return
    if fingerprint(begun) != fingerprint(loaded):
        raise SpecError(
            f"{study} holds a study of another spec; give another --study, or `nas extend` it",
            key="--study",
        )
    context.invoke(resume, study=study, changes=(), **execution)


def _jobs(address: str | None) -> "Jobs":
    from nas.execution.job_address import job_address
    from nas.execution.ray_jobs import Jobs

    return Jobs(job_address(address))


def _write_spec(spec: "StudySpec", path: Path) -> None:
    import json

    from nas.spec.file import resolved

    path.write_text(json.dumps(resolved(spec), indent=2), encoding="utf-8")


def _follow(found: "Jobs", job: "Job") -> None:
    show: Callable[[str], None] = lambda text: click.echo(text, nl=False)  # noqa: E731
    try:
        found.follow(job, show)
    except KeyboardInterrupt:
        click.echo(f"nas: the job goes on; `nas stop {job.name or job.id}` stops it", err=True)
        raise
    job = found.find(job.id)
    if job.status.value == "FAILED":
        raise NasError(f"{job.id} failed: {job.message}")


def _when(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _minutes(job: "Job") -> float | None:
    if job.began is None:
        return None
    return round(((job.ended or time.time()) - job.began) / 60, 1)
