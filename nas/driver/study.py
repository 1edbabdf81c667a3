"""Runs a study: begins it, goes on with it, and sends MLflow what it lacks."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nas.driver.conclusion import Conclusion, artifacts, conclude
from nas.driver.conductor import StudyConductor
from nas.driver.display import Display, Silent
from nas.driver.images import StudyImages, facts_of, load_again, load_images, with_absolute_paths
from nas.errors import SpecError
from nas.execution.executor import Executor
from nas.execution.inline import InlineExecutor
from nas.execution.training_job import Task, TrainingJob
from nas.objects.lease import Holder
from nas.search.build import build_search
from nas.search.search import Search
from nas.spec.study import StudySpec
from nas.study.copies import copy_at
from nas.study.declaration import Declaration
from nas.study.driving import driving
from nas.study.faults import TrialsRetried, stopping
from nas.study.folded import FROM, keep
from nas.study.folder import Study, create_study
from nas.study.journal import Journal
from nas.study.object_copy import Watching
from nas.study.places import refuse_existing
from nas.study.records import Pause, Record, TrialStatus
from nas.study.state import StudyState
from nas.tracking.background import Tracker
from nas.tracking.checking import check_tracking
from nas.tracking.opening import open_tracker
from nas.tracking.uri import resolve_uri

TRACKING_DEADLINE = 60.0  # seconds for MLflow to take the rest when all else is done
INTERRUPTED_DEADLINE = 5.0  # the same when someone waits for the prompt


def begin_study(
    spec: StudySpec, *, folder: Path, executor: Executor, display: Display
) -> Conclusion:
    """Create the study and run it; whatever can be refused is refused before anything is created.

    Raises:
        SpecError: the spec asks for what cannot be, or there is a study at `folder`.
        DataError: the images cannot be used.
        NoClusterError: nothing to run on.
        MachineError: the machine refused; `nas resume` goes on.
        KeyboardInterrupt: it was asked to stop; what ran is recorded as interrupted.
    """
    refuse_existing(folder)
    spec = with_absolute_paths(spec)
    warn(display, check_tracking(spec, folder=folder))
    images = load_images(spec)
    search = plan_search(spec, images)
    executor.prepare(spec.resources)
    tuned = images.fine_tuning
    study = create_study(
        spec,
        facts_of(images.training),
        fine_tuning=None if tuned is None else facts_of(tuned),
        folder=folder,
    )
    return _run(study, images, search, executor=executor, display=display)


def resume_study(
    study: Study, *, executor: Executor, display: Display, retry_failed: bool = False
) -> Conclusion:
    """Run the study to its end from wherever its journal stands.

    A study with nothing left to run needs no cluster: its views are made anew. With `retry_failed`
    trials that failed get a fresh set of attempts.

    Raises:
        DataError: the images are not those the study began with.
        JournalError: another driver runs it.
        MachineError: the machine refused; `nas resume` goes on.
        NoClusterError: nothing to run on.
        KeyboardInterrupt: it was asked to stop; what ran is recorded as interrupted.
    """
    images = load_again(study)
    search = plan_search(study.spec, images, declared=study.declared)
    state = study.state()
    retry = None
    if retry_failed and state.present.first(TrialStatus.FAILED) is not None:
        retry = TrialsRetried(at=time.time())
        state.apply(retry)
    if search.decide(state) is Pause.DONE and not study.running:
        executor = InlineExecutor()
    else:
        warn(display, check_tracking(study.spec, folder=study.folder, fresh=False))
    executor.prepare(study.spec.resources)
    return _run(study, images, search, executor=executor, display=display, retry=retry)


def watching(study: Study, display: Display) -> Watching:
    """Return what says that a driver which may be dead is watched for a while."""

    def say(seconds: float, holder: Holder) -> None:
        display.note(
            f"{study.place} is held by {holder.words}: watching for {seconds:.0f} s "
            "whether it is alive"
        )

    return say


def warn(display: Display, sentence: str) -> None:
    """Show a sentence, if there is one."""
    if sentence:
        display.note(sentence)


def plan_search(
    spec: StudySpec, images: StudyImages, *, declared: Declaration | None = None
) -> Search:
    """Return the search of a study on its images; one that was extended looks as `declared`.

    Raises:
        SpecError: the space and the images do not go together, or no candidate is left.
    """
    tuned = images.fine_tuning
    return build_search(
        spec,
        images.training.shape,
        fine_tune_shape=None if tuned is None else tuned.shape,
        evaluation_images=images.last.evaluation.count,
        declared=declared,
    )


def _run(
    study: Study,
    images: StudyImages,
    search: Search,
    *,
    executor: Executor,
    display: Display,
    retry: TrialsRetried | None = None,
) -> Conclusion:
    with driving(study, waiting=watching(study, display)) as journal:
        if retry is not None:
            journal.append(retry)
        return drive(
            study,
            images,
            search,
            journal=journal,
            records=[*journal.records, *([] if retry is None else [retry])],
            executor=executor,
            display=display,
        )


def drive(
    study: Study,
    images: StudyImages,
    search: Search,
    *,
    journal: Journal,
    records: Sequence[Record],
    executor: Executor,
    display: Display,
) -> Conclusion:
    """Run the study whose journal is held, from where its `records` stand to its end.

    Raises:
        MachineError: the machine refused; `nas resume` goes on.
        KeyboardInterrupt: it was asked to stop; what ran is recorded as interrupted.
    """
    state = StudyState(records, attempts_allowed=study.begun.resources.attempts)
    tracker = _tracker(study, records)
    conductor = StudyConductor(
        journal,
        state,
        search,
        observers=[lambda record, _: tracker.observe(record), display.observe],
    )
    try:
        conductor.release_lost()
        display.begin(study, search)
        try:
            with stopping(study.place):
                executor.run(
                    _job(study, images),
                    conductor,
                    resources=study.spec.resources,
                    scratch=study.folder / "scratch",
                )
        finally:
            display.end()
        with stopping(study.place):
            keep_if_long(study, journal, state)
            conclusion = conclude(study, state.histories())
    except BaseException:
        tracker.close(deadline_s=INTERRUPTED_DEADLINE)
        raise
    return _close(tracker, conclusion, study, display)


def keep_if_long(study: Study, journal: Journal, state: StudyState) -> None:
    """Leave the view of a long journal, so that whoever reads the study first need not wait."""
    if journal.position.records >= FROM:
        extensions = study.extensions
        keep(study.tables, study.journal, state, journal.position, extensions=extensions)


def _tracker(study: Study, records: Sequence[Record]) -> Tracker:
    return open_tracker(
        study.spec, begun=study.begun, study_id=study.id, folder=study.folder, records=records
    )


def _job(study: Study, images: StudyImages) -> TrainingJob:
    tuning, tuned = study.spec.fine_tune, images.fine_tuning
    place = study.checkpoints
    return TrainingJob(
        folder=place.resolve() if isinstance(place, Path) else place,
        resources=study.spec.resources,
        training=Task(data=images.training, recipe=study.spec.training),
        fine_tuning=None
        if tuning is None or tuned is None
        else Task(data=tuned, recipe=tuning.training),
    )


def sync_study(study: Study, *, display: Display | None = None) -> Conclusion:
    """Send MLflow whatever it lacks of a study that nobody runs; the views are made anew.

    Raises:
        JournalError: a driver runs the study, and sends all itself.
        MachineError: the machine refused.
        SpecError: the study's tracking is off.
    """
    if resolve_uri(study.spec.tracking.uri, folder=study.folder) is None:
        raise SpecError("is off for this study: there is nothing to send to", key="tracking.uri")
    with driving(study) as journal:
        tracker = _tracker(study, journal.records)
        try:
            with stopping(study.place, again="nas sync"):
                conclusion = conclude(study, _fold(study, journal).histories())
        except BaseException:
            tracker.close(deadline_s=INTERRUPTED_DEADLINE)
            raise
        return _close(tracker, conclusion, study, display or Silent())


def _fold(study: Study, journal: Journal) -> StudyState:
    """Return where the study stands; we hold the lock, so whatever ran has lost its driver."""
    state = StudyState(journal.records, attempts_allowed=study.begun.resources.attempts)
    state.release_running()
    return state


def _close(tracker: Tracker, conclusion: Conclusion, study: Study, display: Display) -> Conclusion:
    def waiting(seconds: float, _trouble: str) -> None:  # which is said when it stays away
        display.note(
            f"waiting up to {seconds:.0f} s for MLflow; Ctrl-C skips it and loses nothing, "
            f"`nas sync {study.place}` sends it later"
        )

    if conclusion.unexported:
        display.note(conclusion.unexported)
    warning = tracker.close(
        deadline_s=TRACKING_DEADLINE,
        ranking=conclusion.ranking,
        artifacts=artifacts(study, conclusion),
        waiting=waiting,
    )
    if (copy := copy_at(study.folder)) is not None:
        copy.put_views()
    return replace(conclusion, warning=warning, experiment_id=tracker.experiment_id)
