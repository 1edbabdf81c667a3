"""Neural architecture search for CoAtNet: studies, their journal and what is read off it.

import nas

study = nas.run("quickstart", "training.epochs=2")  # or nas.load("studies/quickstart")
study.ranking, study.trials, study.epochs  # pandas frames
study = nas.extend("quickstart", "search.seeds=6")  # trains what is missing
network = study.best()
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.driver.work import extend, run
    from nas.reading.target import open_target as load

    __version__: str

__all__ = ["__version__", "extend", "load", "run"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import nas` alone costs nothing."""
    if name == "__version__":
        return _version()
    if name == "load":
        from nas.reading.target import open_target  # noqa: PLC0415 - imports pandas

        return open_target
    if name == "run":
        from nas.driver.work import run  # noqa: PLC0415 - imports pandas

        return run
    if name == "extend":
        from nas.driver.work import extend  # noqa: PLC0415 - imports pandas

        return extend
    raise AttributeError(f"module 'nas' has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - 50 ms

    try:
        return version("coatnet-nas")
    except PackageNotFoundError:  # a source tree on the path, as Ray's working_dir makes one
        return "0+unknown"
