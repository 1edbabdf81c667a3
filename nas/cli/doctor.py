"""`nas doctor`: looks before a study is sent somewhere, and says in a line each what to fix."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from nas.cli.formats import print_json
from nas.errors import NasError

if TYPE_CHECKING:
    from nas.driver.checkup import Finding

_FINDINGS = "findings: "  # before the line that a job prints


@click.command()
@click.option(
    "--address",
    metavar="ADDRESS",
    help="A dashboard, http://HEAD:8265, or HOST:PORT of Ray; else this machine, or RAY_ADDRESS.",
)
@click.option(
    "--study", metavar="PATH", help="Where studies go: a folder or a URI that all nodes reach."
)
@click.option("--tracking", metavar="URI", help="An MLflow server.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json", "job"]),
    default="table",
    show_default=True,
    help="How to print; job: one line, for the doctor who sent the job.",
)
def doctor(address: str | None, study: str | None, tracking: str | None, output: str) -> None:
    """Check a cluster, its storage and an MLflow server, and say what to fix; exit 1 if any fails.

    With the address of a dashboard the checks run inside the cluster, as a job.
    """
    from nas.driver.checkup import Verdict

    found: list[Finding] = []
    for finding in _findings(address, study, tracking):
        found.append(finding)
        if output == "table":
            click.echo(f"{finding.verdict.value:5} {finding.check:10} {finding.words}")
    if output == "json":
        print_json([asdict(each) for each in found])
    elif output == "job":
        click.echo(_FINDINGS + json.dumps([asdict(each) for each in found]))
        return
    failed = [each.check for each in found if each.verdict is Verdict.FAIL]
    if failed:
        raise NasError(f"{len(failed)} of {len(found)} checks failed: {', '.join(failed)}")


def _findings(address: str | None, study: str | None, tracking: str | None) -> "Iterator[Finding]":
    from nas.driver.checkup import check_dashboard, check_inside, check_tracking

    if address is not None and address.startswith(("http://", "https://")):
        yield check_dashboard(address.rstrip("/"))
        yield from _as_job(address, study, tracking)
        return
    alone = address is None and not os.environ.get("RAY_ADDRESS")
    yield from check_inside(address, study, alone=alone)
    if tracking is not None:
        yield check_tracking(tracking)


def _as_job(address: str, study: str | None, tracking: str | None) -> "Iterator[Finding]":
    from nas.driver.checkup import Finding, Verdict
    from nas.execution.job_address import job_address
    from nas.execution.ray_jobs import Jobs

    try:
        jobs = Jobs(job_address(address))
        options = {"--study": study, "--tracking": tracking}
        words = [word for key, value in options.items() if value for word in (key, value)]
        with TemporaryDirectory(prefix="nas-doctor-") as files:
            job = jobs.run_once(("doctor", "-o", "job", *words), files=Path(files))
        printed: list[str] = []
        jobs.follow(job, printed.append)
    except NasError as error:
        yield Finding(check="address", verdict=Verdict.FAIL, words=str(error))
        return
    lines = "".join(printed).splitlines()
    answer = next((each for each in lines if each.startswith(_FINDINGS)), None)
    if answer is None:
        last = lines[-1] if lines else "it printed nothing"
        words = f"job {job.id} cannot run nas on the cluster: {last}; install its libraries there"
        yield Finding(check="job", verdict=Verdict.FAIL, words=words)
        return
    yield Finding(check="job", verdict=Verdict.OK, words=f"{address} takes jobs and runs them")
    for each in json.loads(answer.removeprefix(_FINDINGS)):
        yield Finding(check=each["check"], verdict=Verdict(each["verdict"]), words=each["words"])
