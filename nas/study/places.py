"""Studies as users name them: a path, a name under `studies/`, or a URI of an object store."""

import os
from pathlib import Path

from nas.errors import NotFoundError, SpecError
from nas.spec.names import check_name
from nas.spec.paths import is_uri, local_path
from nas.study.copies import copy_at, fetched, object_copy
from nas.study.folder import STUDY

STUDIES = Path("studies")


def find_study(study: str) -> Path:
    """Return the folder of a study given as a path, a name under `studies/`, or a URI.

    Raises:
        NotFoundError: none of them is a study.
        SpecError: it is no URI of an object store.
        MachineError: the object store does not answer, or does not let us.
    """
    if is_uri(study):
        return fetched(study, key="STUDY")
    for folder in (local_path(study, key="STUDY"), STUDIES / study):
        if STUDY.is_at(folder):
            return folder
    raise NotFoundError(f"no study {study!r} here or under {STUDIES}/; `nas ls` lists them")


def study_folder(name: str, study: str | None) -> Path:
    """Return where a new study goes: `study` as a path (or a bare name), else `studies/NAME`.

    Of a URI it is the folder of the copy (see `nas.study.object_copy`); no store is asked.

    Raises:
        SpecError: a bare name is not safe as a file name, or it is no URI of an object store.
    """
    if study is None:
        return STUDIES / name
    if is_uri(study):
        return object_copy(study, key="--study").folder
    path = local_path(study, key="--study")
    if os.sep in study or study in (".", "..") or path.is_absolute():
        return path
    try:
        return STUDIES / check_name(study)
    except ValueError as error:
        raise SpecError(str(error), key="--study") from error


def study_name(name: str, study: str | None) -> str:
    """Return what a new study is called: as where it goes, or as its spec where that is no name."""
    last = "" if study is None else study.rstrip("/").rpartition("/")[2]
    try:
        return check_name(last)
    except ValueError:
        return name


def refuse_existing(folder: Path) -> None:
    """Check that a study can begin at `folder`.

    Raises:
        StudyExistsError: there is something already.
        MachineError: the object store does not answer, or does not let us.
    """
    copy = copy_at(folder)
    if copy is None:
        STUDY.refuse_existing(folder)
    else:
        copy.refuse_existing()
