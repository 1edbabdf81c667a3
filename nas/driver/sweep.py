"""Runs a sweep: its studies one after another, on one cluster; the picture after each."""

from dataclasses import dataclass
from pathlib import Path

from nas.driver.conclusion import WINNER
from nas.driver.display import Display
from nas.driver.images import images_key, load_images, with_absolute_paths
from nas.driver.study import begin_study, plan_search, resume_study
from nas.errors import DataError, MachineError, SpecError
from nas.execution.executor import Executor
from nas.reading.phase import PhasePoint, phase_points, write_phase
from nas.reading.study import REPORT
from nas.spec.study import StudySpec
from nas.study.faults import stopping
from nas.study.folder import Study
from nas.study.records import FINAL, TrialStatus
from nas.study.sweep import Member, Sweep, create_sweep, plan_sweep, refuse_existing
from nas.tracking.checking import check_tracking


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepConclusion:
    """Where to look when a sweep has ended."""

    points: tuple[PhasePoint, ...]  # a value each, with its ranking
    page: Path
    warnings: tuple[str, ...]  # "STUDY: what MLflow did not take"


def begin_sweep(
    spec: StudySpec, *, folder: Path, executor: Executor, display: Display
) -> SweepConclusion:
    """Create the sweep and run it; all its studies are checked before anything is created.

    Raises:
        SpecError: a study of it cannot be, or there is something at `folder`.
        DataError, NoClusterError: as `nas.driver.study.begin_study`.
        KeyboardInterrupt: it was asked to stop.
    """
    refuse_existing(folder)
    spec = with_absolute_paths(spec)
    check_tracking(spec, folder=folder)
    _check(plan_sweep(spec, folder=folder))
    executor.prepare(spec.resources)
    return resume_sweep(create_sweep(spec, folder=folder), executor=executor, display=display)


def resume_sweep(
    sweep: Sweep, *, executor: Executor, display: Display, retry_failed: bool = False
) -> SweepConclusion:
    """Go on with a sweep: studies that are complete are passed over, the rest run to their end.

    With `retry_failed` trials that failed get a fresh set of attempts, and a study that has one is
    not complete.

    Raises:
        DataError, JournalError, NoClusterError: as `nas.driver.study.resume_study`.
        MachineError: the machine refused; `nas resume` goes on with the sweep.
        KeyboardInterrupt: it was asked to stop.
    """
    warnings = []
    try:
        for member in sweep.members:
            study = member.study()
            if study is not None and _complete(study, retry_failed=retry_failed):
                continue
            if study is None:
                conclusion = begin_study(
                    member.spec, folder=member.folder, executor=executor, display=display
                )
            else:
                conclusion = resume_study(
                    study, executor=executor, display=display, retry_failed=retry_failed
                )
            if conclusion.warning:
                warnings.append(f"{member.folder}: {conclusion.warning}")
            with stopping(sweep.folder):
                write_phase(sweep, phase_points(sweep))
        with stopping(sweep.folder):
            points = phase_points(sweep)
            page = write_phase(sweep, points)
    except MachineError as error:  # of a study: the sweep goes on with it
        again = f"`nas resume {sweep.folder}`"
        raise MachineError(error.what, remedy=error.remedy, then=again) from error
    return SweepConclusion(points=points, page=page, warnings=tuple(warnings))


def _complete(study: Study, *, retry_failed: bool) -> bool:
    """Whether a study has ended and left its views: nothing of it is loaded to find out."""
    state = study.state()
    histories = state.histories()
    if retry_failed and state.present.first(TrialStatus.FAILED) is not None:
        return False
    if study.running or not state.ended or any(h.status not in FINAL for h in histories):
        return False
    # The winner is what a conclusion writes last.
    finished = any(history.status is TrialStatus.FINISHED for history in histories)
    if not finished or not any((study.trials / h.trial.id).is_dir() for h in histories):
        return (study.folder / REPORT).exists()  # no checkpoint is left to export from
    return (study.folder / WINNER).exists()


def _check(members: tuple[Member, ...]) -> None:
    """Refuse what the studies would be refused for; images are loaded once for equal sections."""
    known: str | None = None
    images = None
    for member in members:
        data = images_key(member.spec)
        try:
            if images is None or data != known:
                images, known = load_images(member.spec), data
            plan_search(member.spec, images)
        except SpecError as error:
            place = ": ".join(part for part in (error.key, error.message) if part)
            raise SpecError(f"{member.folder.name}: {place}", key="sweep.values") from error
        except DataError as error:
            raise DataError(f"sweep.values: {member.folder.name}: {error}") from error
