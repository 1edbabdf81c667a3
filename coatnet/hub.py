"""Where a network's folder is: on this disk, or in the local cache of the Hugging Face hub.

Nothing here reaches the network or needs the hub's library. The cache is laid out as

    models--ORG--NAME/refs/REVISION         the commit a branch or tag stands for
    models--ORG--NAME/snapshots/COMMIT/     the files, links into models--ORG--NAME/blobs/
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

Folder = str | os.PathLike[str]

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?")  # the hub's own rule
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_REVISION = 200


def find(
    name_or_folder: Folder, *, revision: str | None = None, cache_dir: Folder | None = None
) -> Path:
    """Return the folder, or that of the repository of this name in the hub's local cache.

    A folder goes before a repository of the same name, and a path object is never a repository's
    name. `revision` is a branch, a tag or a whole commit id, by default ``main``; `cache_dir` is
    by default the one that the hub's library would use.

    Raises:
        FileNotFoundError: neither is here; the message says how to download the repository.
        ValueError: the name or the revision could not be one of the hub, or a folder was given
            with a revision, of which folders have none.
    """
    folder = Path(name_or_folder)
    if os.path.isdir(name_or_folder):  # noqa: PTH112 - of any text: "", NUL, too long
        if revision is not None:
            raise ValueError(f"{folder} is a folder: it has no revision {revision!r}")
        return folder
    if not isinstance(name_or_folder, str):
        raise FileNotFoundError(f"{folder} is not a folder")
    repository = _repository(name_or_folder)
    wanted = _revision(revision or "main")
    cache = Path(cache_dir) if cache_dir is not None else cache_folder(os.environ)
    snapshot = _snapshot(cache / repository, wanted)
    if snapshot is None:
        at = f" --revision {wanted}" if revision else ""
        raise FileNotFoundError(
            f"{name_or_folder} at {wanted} is neither a folder nor in the cache {cache}: "
            f"download it with `hf download {name_or_folder}{at}`"
        )
    return snapshot


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return where the hub's library keeps what it downloads, by its own variables."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(name):
            return _expanded(environment[name])
    if environment.get("HF_HOME"):
        return _expanded(environment["HF_HOME"]) / "hub"
    return _expanded(environment.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def _repository(name: str) -> str:
    """Return the cache's folder name: only a name that is proven harmless becomes a path."""
    parts = name.split("/")
    if (
        len(parts) > 2
        or not all(_NAME.fullmatch(part) for part in parts)
        or "--" in name
        or ".." in name
        or name.endswith(".git")
    ):
        raise ValueError(
            f"{name!r} is neither a folder nor a repository's name: ORG/NAME, each of at most 96 "
            "letters, digits, '-', '_' and '.', without '--' or '..'"
        )
    return "--".join(["models", *parts])


def _revision(revision: str) -> str:
    if not _REVISION.fullmatch(revision) or ".." in revision or len(revision) > _LONGEST_REVISION:
        raise ValueError(f"revision must be a branch, a tag or a commit id, not {revision!r}")
    return revision


def _snapshot(repository: Path, revision: str) -> Path | None:
    commit = revision
    if not _COMMIT.fullmatch(revision):
        try:
            commit = (repository / "refs" / revision).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        if not _COMMIT.fullmatch(commit):
            return None
    folder = repository / "snapshots" / commit
    return folder if folder.is_dir() else None
