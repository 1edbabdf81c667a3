"""The one process that writes a study: journals what happens, then tells everyone who watches."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from nas.data.load import ImageData, load
from nas.driver.conclusion import Conclusion, conclude
from nas.errors import DataError, SpecError
from nas.execution.choose import ExecutorFactory
from nas.execution.executor import Executor, Job
from nas.execution.inline import InlineExecutor
from nas.execution.training_job import Task, TrainingJob
from nas.search.build import build_search
from nas.search.search import Search
from nas.spec.study import ResourcesSpec, StudySpec
from nas.study.folder import STUDY, DataFacts, Study, create_study
from nas.study.journal import Journal
from nas.study.records import (
    EpochMeasured,
    Pause,
    Record,
    Segment,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    TrialPlanned,
    TrialStatus,
)
from nas.study.state import StudyState
from nas.tracking.background import Tracker
from nas.tracking.opening import open_tracker
from nas.tracking.uri import resolve_uri

Observer = Callable[[Record, StudyState], None]
Watch = Callable[[Study, Search], AbstractContextManager[Sequence[Observer]]]
TRACKING_DEADLINE = 60.0  # seconds for MLflow to take the rest when all else is done
INTERRUPTED_DEADLINE = 5.0  # the same when someone waits for the prompt


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyImages:
    """What a study trains on, and what it fine-tunes on where it does."""

    training: ImageData
    fine_tuning: ImageData | None = None


def load_images(spec: StudySpec) -> StudyImages:
    """Load all images of a study; those to fine-tune on get the channels of those before.

    Raises:
        NotFoundError, DataError: as `nas.data.load.load`.
    """
    training = load(spec.data)
    if spec.fine_tune is None:
        return StudyImages(training=training)
    same = {"channels": training.shape.channels}
    tuning = spec.fine_tune.data.model_copy(update=same)
    return StudyImages(training=training, fine_tuning=load(tuning))


class Driver:
    """The conductor of the executors (see `nas.execution.executor.Conductor`)."""

    def __init__(
        self, journal: Journal, state: StudyState, search: Search, *, observers: Sequence[Observer]
    ) -> None:
        """Conduct `search` over `state`, which is what `journal` holds."""
        self._journal, self._state, self._search = journal, state, search
        self._observers = observers

    def next_segment(self) -> Segment | Pause:
        """Return the next segment, journaled as started."""
        segment = self._search.next_segment(self._state)
        if not isinstance(segment, Segment):
            if segment is Pause.DONE and not self._state.ended:
                self._record(StudyEnded(at=time.time()))
            return segment
        if segment.trial.id not in self._state:
            self._record(TrialPlanned(at=time.time(), trial=segment.trial))
        self._record(
            SegmentStarted(
                at=time.time(),
                trial_id=segment.trial.id,
                attempt=segment.attempt,
                until_epoch=segment.until_epoch,
            )
        )
        return segment

    def observe(self, record: Record) -> None:
        """Journal a record; what a lost attempt still sends, or sends twice, is dropped."""
        if isinstance(record, EpochMeasured) and not self._state.expects(record):
            return
        if isinstance(record, SegmentEnded):
            history = self._state.history(record.trial_id)
            if history.status is not TrialStatus.RUNNING or history.attempts != record.attempt:
                return
        self._record(record)

    def _record(self, record: Record) -> None:
        self._journal.append(record)
        self._state.apply(record)
        for observer in self._observers:
            observer(record, self._state)


def begin_study(
    spec: StudySpec,
    *,
    folder: Path,
    executors: Callable[[ResourcesSpec], AbstractContextManager[ExecutorFactory]],
    observers: Watch,
) -> Conclusion:
    """Create the study and run it; whatever can be refused is refused before anything is created.

    Raises:
        SpecError: the spec asks for what cannot be, or there is a study at `folder`.
        DataError: the images cannot be used.
        NoClusterError: nothing to run on.
    """
    STUDY.refuse_existing(folder)
    resolve_uri(spec.tracking.uri, folder=folder)
    images = load_images(spec)
    search = plan_search(spec, images)
    with executors(spec.resources) as factory:
        tuned = images.fine_tuning
        study = create_study(
            spec,
            facts_of(images.training),
            fine_tuning=None if tuned is None else facts_of(tuned),
            folder=folder,
        )
        return _run(study, images, search, factory=factory, observers=observers)


def resume_study(
    study: Study,
    *,
    executors: Callable[[ResourcesSpec], AbstractContextManager[ExecutorFactory]],
    observers: Watch,
) -> Conclusion:
    """Run the study to its end from wherever its journal stands.

    A study with nothing left to run needs no cluster: its pages are made anew.

    Raises:
        DataError: the images are not those the study began with.
        JournalError: another driver runs it, or the disk refuses.
        KeyboardInterrupt: it was asked to stop; what ran is recorded as interrupted.
    """
    images = load_images(study.spec)
    for data, facts in (
        (images.training, study.data),
        (images.fine_tuning, study.fine_tuning_data),
    ):
        if data is not None and facts is not None and data.fingerprint != facts.fingerprint:
            raise DataError(
                f"the images of {study.folder} have changed since it began; resume needs the same "
                "ones"
            )
    search = plan_search(study.spec, images)
    if search.next_segment(study.state()) is Pause.DONE and not study.running:
        return _run(study, images, search, factory=_without_cluster, observers=observers)
    with executors(study.spec.resources) as factory:
        return _run(study, images, search, factory=factory, observers=observers)


def _without_cluster(job: Job, _: Path) -> Executor:
    return InlineExecutor(job)


def plan_search(spec: StudySpec, images: StudyImages) -> Search:
    """Return the search of a study on its images.

    Raises:
        SpecError: the space and the images do not go together, or no candidate is left.
    """
    tuned = images.fine_tuning
    return build_search(
        spec,
        images.training.shape,
        fine_tune_shape=None if tuned is None else tuned.shape,
        evaluation_images=len((tuned or images.training).evaluation.labels),
    )


def _run(
    study: Study,
    images: StudyImages,
    search: Search,
    *,
    factory: ExecutorFactory,
    observers: Watch,
) -> Conclusion:
    tuning = study.spec.fine_tune
    job = TrainingJob(
        folder=study.trials.resolve(),
        resources=study.spec.resources,
        training=Task(data=images.training, recipe=study.spec.training),
        fine_tuning=Task(data=images.fine_tuning, recipe=tuning.training)
        if tuning is not None and images.fine_tuning is not None
        else None,
    )
    with Journal(study.journal) as journal, observers(study, search) as watching:
        state = _fold(study, journal)
        tracker = open_tracker(
            study.spec, study_id=study.id, folder=study.folder, records=journal.records
        )
        watching = [lambda record, _: tracker.observe(record), *watching]
        driver = Driver(journal, state, search, observers=watching)
        try:
            factory(job, study.folder / "scratch").run(driver)
            conclusion = conclude(study, state.histories())
        except BaseException:
            tracker.close(deadline_s=INTERRUPTED_DEADLINE)
            raise
        return _close(tracker, conclusion)


def sync_study(study: Study) -> Conclusion:
    """Send MLflow whatever it lacks of a study that nobody runs; the pages are made anew.

    Raises:
        JournalError: a driver runs the study, and sends all itself.
        SpecError: the study's tracking is off.
    """
    if resolve_uri(study.spec.tracking.uri, folder=study.folder) is None:
        raise SpecError("is off for this study: there is nothing to send to", key="tracking.uri")
    with Journal(study.journal) as journal:
        tracker = open_tracker(
            study.spec, study_id=study.id, folder=study.folder, records=journal.records
        )
        return _close(tracker, conclude(study, _fold(study, journal).histories()))


def _fold(study: Study, journal: Journal) -> StudyState:
    """Return where the study stands; we hold the lock, so whatever ran has lost its driver."""
    state = StudyState(journal.records, attempts_allowed=study.spec.resources.attempts)
    state.release_running()
    return state


def _close(tracker: Tracker, conclusion: Conclusion) -> Conclusion:
    warning = tracker.close(
        deadline_s=TRACKING_DEADLINE,
        ranking=conclusion.ranking,
        artifacts=[conclusion.report],
    )
    return replace(conclusion, warning=warning, experiment_id=tracker.experiment_id)


def facts_of(data: ImageData) -> DataFacts:
    """Return what the study keeps of its images."""
    return DataFacts(
        fingerprint=data.fingerprint,
        shape=data.shape,
        class_names=data.class_names,
        mean=data.mean,
        std=data.std,
        train_images=data.train.count,
        probe_images=len(data.probe_indices),
        evaluation_images=data.evaluation.count,
        bad_files=data.bad_files,
    )
