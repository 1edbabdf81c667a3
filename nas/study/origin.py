"""What a study was made with: versions of libraries, and the commit of the current folder."""

import subprocess
from importlib.metadata import PackageNotFoundError, version

_VERSIONED = ("coatnet-nas", "torch", "ray", "mlflow", "optuna", "numpy", "kornia")


def versions() -> dict[str, str]:
    """Return the versions of the libraries that a study's numbers depend on, of those there are."""
    found = {}
    for package in _VERSIONED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """Return the commit of the current folder, None outside a repository or without git."""
    try:
        commit = _git("rev-parse", "HEAD")
        return f"{commit}+changes" if _git("status", "--porcelain") else commit
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, timeout=5, check=True
    ).stdout.strip()
