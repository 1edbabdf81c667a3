"""Runs a sweep: its studies one after another, on one cluster; the picture after each."""

from dataclasses import dataclass
from pathlib import Path

from nas.driver.conclusion import WINNER, Conclusion
from nas.driver.display import Display
from nas.driver.images import images_key, load_images, with_absolute_paths
from nas.driver.study import begin_study, plan_search, resume_study
from nas.errors import DataError, SpecError
from nas.execution.executor import Executor
from nas.reading.phase import PhasePoint, phase_points, write_phase
from nas.reading.study import REPORT
from nas.spec.study import StudySpec
from nas.study.folder import Study
from nas.study.records import FINAL, TrialStatus
from nas.study.sweep import Member, Sweep, create_sweep, plan_sweep, refuse_existing
from nas.tracking.uri import resolve_uri


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
    resolve_uri(spec.tracking.uri, folder=folder)
    _check(plan_sweep(spec, folder=folder))
    executor.prepare(spec.resources)
    return resume_sweep(create_sweep(spec, folder=folder), executor=executor, display=display)


def resume_sweep(sweep: Sweep, *, executor: Executor, display: Display) -> SweepConclusion:
    """Go on with a sweep: studies that are complete are passed over, the rest run to their end.

    Raises:
        DataError, JournalError, NoClusterError: as `nas.driver.study.resume_study`.
        KeyboardInterrupt: it was asked to stop.
    """
    warnings = []
    for member in sweep.members:
        study = member.study()
        if study is not None and _complete(study):
            continue
        conclusion = _run_member(member, study, executor=executor, display=display)
        if conclusion.warning:
            warnings.append(f"{member.folder}: {conclusion.warning}")
        write_phase(sweep, phase_points(sweep))
    points = phase_points(sweep)
    page = write_phase(sweep, points)
    return SweepConclusion(points=points, page=page, warnings=tuple(warnings))


def _run_member(
    member: Member, study: Study | None, *, executor: Executor, display: Display
) -> Conclusion:
    if study is not None:
        return resume_study(study, executor=executor, display=display)
    return begin_study(member.spec, folder=member.folder, executor=executor, display=display)


def _complete(study: Study) -> bool:
    """Whether a study has ended and left its views: nothing of it is loaded to find out."""
    state = study.state()
    histories = state.histories()
    if study.running or not state.ended or any(h.status not in FINAL for h in histories):
        return False
    # The winner is what a conclusion writes last.
    finished = any(history.status is TrialStatus.FINISHED for history in histories)
    last = study.folder / (WINNER if finished else REPORT)
    return last.exists()


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
