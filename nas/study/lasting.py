"""Where a study of a Ray job may lie: on storage that is still there when the job is gone."""

import os
from itertools import pairwise
from pathlib import Path

from nas.errors import SpecError
from nas.spec.study import StudySpec

_IN_A_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"  # set by Ray for the command of a job alone
# Ray's folders: copies of what was uploaded, and all of a session. It removes both.
_COPIES = ("working_dir_files", "py_modules_files")
_SESSION = "session_"
_WRITE = "write an absolute path on storage that all nodes see, --study /shared/studies/NAME"


def check_lasting(folder: Path) -> None:
    """Check that a study's folder outlives the job that this process may be.

    Raises:
        SpecError: it lies where Ray removes it.
    """
    if _IN_A_JOB not in os.environ:
        return
    parts = folder.absolute().resolve().parts
    if any(part in _COPIES for part in parts) or _in_session(parts):
        raise SpecError(
            f"{folder} is in the job's working copy, which Ray removes: {_WRITE}", key="--study"
        )


def check_for_job(spec: StudySpec, study: str) -> None:
    """Check that a study, and what its spec reads, can be named on another machine.

    Raises:
        SpecError: a path is relative: to a folder that the cluster does not have.
    """
    if not _anywhere(study):
        raise SpecError(f"{study} is relative to this folder: {_WRITE}", key="--study")
    tuning = spec.fine_tune
    sections = {"data": spec.data, "fine_tune.data": None if tuning is None else tuning.data}
    for section, data in sections.items():
        path = None if data is None else data.path
        if path is not None and not _anywhere(str(path)):
            raise SpecError(
                f"{path} is relative to this folder, which the cluster does not have: write where "
                "all nodes find it, as an absolute path",
                key=f"{section}.path",
            )


def _anywhere(path: str) -> bool:
    return "://" in path or path.startswith(("/", "~"))


def _in_session(parts: tuple[str, ...]) -> bool:
    return any(part == "ray" and after.startswith(_SESSION) for part, after in pairwise(parts))
