"""Jobs of a Ray cluster: a search packed and sent to its head, listed, followed and stopped."""

import asyncio
import hashlib
import logging
import os
import secrets
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.errors import NasError, NoClusterError, NotFoundError, SpecError
from nas.execution.job_address import ADDRESSES, TOKEN, pass_token_on, probe

if TYPE_CHECKING:
    pass

AGENT_SECONDS = 30.0
_NO_AGENT = "No available agent"
PACKAGES = ("nas", "dashboards", "coatnet", "search_spaces")  # 2.7 MB, sent once for each version
_TALKATIVE = (
    "ray.dashboard.modules.dashboard_sdk",
    "ray.dashboard.modules.job.sdk",
    "ray._private.runtime_env.packaging",
)
_STUDY, _DIGEST = "nas.study", "nas.digest"


class JobStatus(StrEnum):
    """What Ray says of a job."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One job of a cluster; `study` and `digest` are empty where `nas submit` did not send it."""

    id: str
    study: str  # where it is kept, as it was given
    digest: str  # of all that can change a result
    status: JobStatus
    began: float | None  # Unix time
    ended: float | None
    message: str

    @property
    def name(self) -> str:
        """The last part of where the study is kept."""
        return study_name(self.study)


def study_name(study: str) -> str:
    """Return b of s3://a/b and of /a/b/."""
    return study.rstrip("/").rpartition("/")[2]


class Jobs:
    """The jobs of the cluster whose dashboard is at a URL (see `nas.execution.job_address`)."""

    def __init__(self, address: str) -> None:
        """Reach the dashboard.

        Raises:
            NoClusterError: nobody answers, or it does not take our token.
        """
        self.address = address
        probe(address)
        pass_token_on(address)
        # Ray lets its own variables win over the address that it is given.
        os.environ[ADDRESSES[0]] = address
        from ray.job_submission import JobSubmissionClient  # noqa: PLC0415 - reads the environment

        for talkative in _TALKATIVE:
            logging.getLogger(talkative).setLevel(logging.WARNING)
        with _one_kind_of_error(address):
            self._client: JobSubmissionClient = JobSubmissionClient(address)

    def all(self) -> tuple[Job, ...]:
        """Return the jobs, the oldest first.

        Raises:
            NoClusterError: the cluster does not answer.
        """
        with _one_kind_of_error(self.address):
            found = self._client.list_jobs()
        jobs = []
        for each in found:
            if each is None or each.submission_id is None:  # somebody's `ray.init`
                continue
            metadata = each.metadata or {}
            jobs.append(
                Job(
                    id=each.submission_id,
                    study=metadata.get(_STUDY, ""),
                    digest=metadata.get(_DIGEST, ""),
                    status=JobStatus(each.status.value),
                    began=_seconds(each.start_time),
                    ended=_seconds(each.end_time),
                    message=(each.message or "").partition(", last available logs")[0],
                )
            )
        return tuple(sorted(jobs, key=lambda job: job.began or 0.0))

    def find(self, named: str) -> Job:
        """Return the job of that id, or the newest of the study of that name or place.

        Raises:
            NotFoundError: there is none, or several studies have that name.
            NoClusterError: the cluster does not answer.
        """
        jobs = self.all()
        for job in reversed(jobs):
            if named == job.id or (job.study and named.rstrip("/") == job.study.rstrip("/")):
                return job
        same = [job for job in jobs if job.study and job.name == named]
        if len({job.study.rstrip("/") for job in same}) > 1:
            places = ", ".join(sorted({job.study for job in same}))
            raise NotFoundError(f"several studies are called {named!r}: {places}; name one of them")
        if not same:
            raise NotFoundError(
                f"no job of a study {named!r} at {self.address}; `nas jobs` lists them"
            )
        return same[-1]

    def submit(
        self, arguments: tuple[str, ...], *, study: str, digest: str, files: Path, package: bool
    ) -> tuple[Job, bool]:
        """Run `nas ARGUMENTS` on the head in a copy of `files`; return the job, and if it is new.

        A job that runs this study with the same digest is returned instead. With `package` this
        package goes along, so that the cluster needs its libraries alone.

        Raises:
            SpecError: a job runs the study with another digest.
            NasError: the cluster refuses the job.
            NoClusterError: the cluster does not answer.
        """
        earlier = [job for job in self.all() if job.study.rstrip("/") == study.rstrip("/")]
        if (running := _running(earlier, digest)) is not None:
            return running, False
        # The same id for two who submit at once: Ray takes one of them.
        place = hashlib.sha256(study.rstrip("/").encode()).hexdigest()[:8]
        job_id = f"nas-{study_name(study)}-{place}-{len(earlier) + 1}"
        try:
            self._send(
                entrypoint=_entrypoint(arguments),
                submission_id=job_id,
                runtime_env=_environment(files, package=package),
                metadata={_STUDY: study, _DIGEST: digest},
            )
        except NasError:
            again = [job for job in self.all() if job.id == job_id]
            if (running := _running(again, digest)) is not None:
                return running, False
            raise
        return self.find(job_id), True

    def run_once(self, arguments: tuple[str, ...], *, files: Path) -> Job:
        """Run `nas ARGUMENTS` on the head with this package, for no study.

        Raises:
            NasError: the cluster refuses the job.
            NoClusterError: the cluster does not answer.
        """
        job_id = f"nas-{arguments[0]}-{secrets.token_hex(4)}"
        self._send(
            entrypoint=_entrypoint(arguments),
            submission_id=job_id,
            runtime_env=_environment(files, package=True),
        )
        return self.find(job_id)

    def _send(self, **job: Any) -> None:
        """Submit a job; a head that has just been started takes none for some seconds."""
        deadline = time.monotonic() + AGENT_SECONDS
        while True:
            try:
                with _one_kind_of_error(self.address):
                    self._client.submit_job(**job)
                return
            except NasError as error:
                if _NO_AGENT not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(1)

    def stop(self, job: Job) -> None:
        """Ask a job to stop; it is given time to write down what it has.

        Raises:
            NoClusterError: the cluster does not answer.
        """
        with _one_kind_of_error(self.address):
            self._client.stop_job(job.id)

    def logs(self, job: Job) -> str:
        """Return what a job has printed.

        Raises:
            NoClusterError: the cluster does not answer.
        """
        with _one_kind_of_error(self.address):
            return self._client.get_job_logs(job.id)

    def follow(self, job: Job, show: Callable[[str], None]) -> None:
        """Show what a job has printed and what it prints, until it has ended.

        Raises:
            NoClusterError: the cluster does not answer any more.
        """

        async def tail() -> None:
            async for text in self._client.tail_job_logs(job.id):
                show(text)

        with _one_kind_of_error(self.address):
            asyncio.run(tail())


def package_folders() -> Iterator[str]:
    """Yield where this package is installed: what a cluster is sent."""
    for name in PACKAGES:
        found = find_spec(name)
        if found is not None and found.submodule_search_locations:
            yield next(iter(found.submodule_search_locations))


def _entrypoint(arguments: tuple[str, ...]) -> str:
    return shlex.join(("python", "-m", "nas.cli", *arguments))


def _environment(files: Path, *, package: bool) -> dict[str, object]:
    sent: dict[str, object] = {"working_dir": str(files)}
    if package:
        sent |= {"py_modules": list(package_folders()), "excludes": ["__pycache__"]}
    return sent


def _running(jobs: list[Job], digest: str) -> Job | None:
    for job in reversed(jobs):
        if job.status.ended:
            continue
        if job.digest == digest:
            return job
        raise SpecError(
            f"{job.study} is being run by job {job.id} with another spec; give another --study, "
            f"or `nas stop {job.name}` first",
            key="--study",
        )
    return None


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


@contextmanager
def _one_kind_of_error(address: str) -> Iterator[None]:
    """Turn the client's errors, which are of four kinds, into ours."""
    import ray.exceptions  # noqa: PLC0415 - reads its environment at import

    try:
        yield
    except ray.exceptions.AuthenticationError as error:
        words = _first(error).partition(". ")[0]
        raise NoClusterError(f"{address} does not let us in: {words}; it wants {TOKEN}") from error
    except OSError as error:  # ConnectionError and all of the HTTP library's
        raise NoClusterError(f"no Ray cluster answers at {address}: {_first(error)}") from error
    except RuntimeError as error:
        raise NasError(f"{address} refuses: {_first(error)}") from error


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1][:300] if lines[0].startswith("Request failed") else lines[0][:300]
