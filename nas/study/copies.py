"""Where the copies of studies in object stores are: in this user's cache, which may be emptied."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from nas.errors import NotFoundError
from nas.objects.folder import object_folder
from nas.study.cache import NAME, cache_folder
from nas.study.object_copy import ObjectCopy, asking
from nas.study.storage import write_json

_MARK = "object-store.json"


def object_copy(uri: str, *, key: str) -> ObjectCopy:
    """Return the copy of the study at a URI; nothing is asked of the store yet.

    Raises:
        SpecError: it is no URI of an object store, or has no name in it.
    """
    store = object_folder(uri, key=key)
    digest = hashlib.sha256(str(store).encode()).hexdigest()[:16]
    place = cache_folder() / digest
    place.mkdir(parents=True, exist_ok=True)
    mark = place / _MARK
    if not mark.is_file():
        write_json(mark, {"uri": str(store)})
    return ObjectCopy(store=store, folder=place / str(store).rpartition("/")[2])


def copy_at(folder: Path) -> ObjectCopy | None:
    """Return the copy that a folder is; None of a study that is a folder itself."""
    return _copy_at(folder.absolute())


@lru_cache(maxsize=1024)
def _copy_at(folder: Path) -> ObjectCopy | None:
    if folder.parent.parent.name != NAME:
        return None
    try:
        uri = json.loads((folder.parent / _MARK).read_bytes())["uri"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return ObjectCopy(store=object_folder(uri, key="--study"), folder=folder)


def copies_under(uri: str, *, key: str) -> Iterator[ObjectCopy]:
    """Yield a fresh copy of each study directly under a URI, by name.

    Raises:
        SpecError: it is no URI of an object store.
        MachineError: the store does not answer, or does not let us.
    """
    root = object_folder(uri, key=key, bucket=True)
    with asking():
        names = root.folders()
    for name in names:
        copy = object_copy(f"{root}/{name}", key=key)
        copy.fetch()
        if copy.folder.is_dir():
            yield copy


def place_of(folder: Path) -> str:
    """Return what a user calls a study: its URI, or the path of its folder."""
    copy = copy_at(folder)
    return str(folder) if copy is None else copy.uri


def fetched(uri: str, *, key: str) -> Path:
    """Return the folder of a fresh copy of the study at a URI.

    Raises:
        NotFoundError: there is none.
        SpecError: it is no URI of an object store.
        MachineError: the store does not answer, or does not let us.
    """
    copy = object_copy(uri, key=key)
    copy.fetch()
    if not copy.folder.is_dir():
        raise NotFoundError(f"no study at {copy.uri}")
    return copy.folder
