"""What a user asks to run, a study or a sweep: begun, gone on with, or called from Python."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from nas.driver.conclusion import Conclusion
from nas.driver.display import Display, Silent
from nas.driver.extension import extend_study
from nas.driver.study import begin_study, resume_study
from nas.driver.sweep import SweepConclusion, begin_sweep, resume_sweep
from nas.execution.choose import make_executor
from nas.execution.executor import Executor
from nas.reading.sweep import SweepReader
from nas.reading.target import Target, open_target
from nas.spec.file import load_spec, spec_of_values
from nas.spec.study import StudySpec
from nas.study.lasting import check_lasting
from nas.study.places import study_folder, study_name
from nas.study.sweep import check_new


def begin(
    spec: StudySpec, *, folder: Path, executor: Executor, display: Display
) -> Conclusion | SweepConclusion:
    """Run a spec in a new folder: a sweep where the spec has a section `sweep`.

    Raises:
        SpecError, DataError, NoClusterError, KeyboardInterrupt: as `nas.driver.study.begin_study`.
    """
    check_lasting(folder)
    run = begin_study if spec.sweep is None else begin_sweep
    return run(spec, folder=folder, executor=executor, display=display)


def resume(
    target: Target, *, executor: Executor, display: Display, retry_failed: bool = False
) -> Conclusion | SweepConclusion:
    """Go on with what is in a folder; what is complete is ranked and reported anew.

    Raises:
        SpecError: the folder goes when the job that this is has ended.
        DataError, JournalError, NoClusterError, MachineError, KeyboardInterrupt: as
            `nas.driver.study.resume_study`.
    """
    check_lasting(target.folder)
    if isinstance(target, SweepReader):
        return resume_sweep(
            target.sweep, executor=executor, display=display, retry_failed=retry_failed
        )
    study = target.only_study("resume").study
    return resume_study(study, executor=executor, display=display, retry_failed=retry_failed)


def run(
    spec: str | Path | Mapping[str, Any],
    *overrides: str,
    study: str | Path | None = None,
    address: str | None = None,
    inline: bool = False,
    display: Display | None = None,
) -> Target:
    """Run a spec to its end and return what reads the result: `nas search` for Python.

    Args:
        spec: a file, the name of a shipped spec such as ``"quickstart"``, or its sections as a
            mapping, as they would stand in a file, with a ``name``.
        overrides: ``"training.epochs=5"`` and so on.
        study: where it goes, as `nas search --study`; by default ``studies/NAME``.
        address: of a Ray cluster, ``HOST:PORT``; by default RAY_ADDRESS, or else this machine.
        inline: train in this process, without Ray.
        display: who is told while it runs; by default nobody.

    Raises:
        SpecError, DataError, NoClusterError: as `nas.driver.study.begin_study`.
        KeyboardInterrupt: it was asked to stop; `nas resume` goes on.
    """
    if isinstance(spec, Mapping):
        loaded = spec_of_values(spec, overrides)
    else:
        loaded = load_spec(str(spec), overrides)
    asked = None if study is None else str(study)
    folder = study_folder(loaded.name, asked)
    loaded = loaded.model_copy(update={"name": study_name(loaded.name, asked)})
    check_new(loaded, folder=folder)
    with closing(make_executor(address=address, inline=inline)) as executor:
        begin(loaded, folder=folder, executor=executor, display=display or Silent())
    return open_target(folder)


def extend(
    study: str | Path,
    *changes: str,
    address: str | None = None,
    inline: bool = False,
    display: Display | None = None,
) -> Target:
    """Add to a study, run what that asks for and return what reads it: `nas extend` for Python.

    Args:
        study: its folder, or its name under ``studies/``; no sweep.
        changes: ``"search.seeds=6"`` and so on; what is trained stays as it is.
        address, inline, display: as of `run`.

    Raises:
        NotFoundError: there is no such study.
        SpecError, DataError, JournalError, NoClusterError, KeyboardInterrupt: as
            `nas.driver.extension.extend_study`.
    """
    opened = open_target(study).only_study("extend").study
    with closing(make_executor(address=address, inline=inline)) as executor:
        extend_study(opened, changes, executor=executor, display=display or Silent())
    return open_target(opened.folder)
