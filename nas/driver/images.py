"""The images of a study, to train on and to fine-tune on, and the facts kept of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from nas.data.load import ImageData, load
from nas.errors import DataError
from nas.spec.study import StudySpec
from nas.study.folder import DataFacts, Study


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyImages:
    """What a study trains on, and what it fine-tunes on where it does."""

    training: ImageData
    fine_tuning: ImageData | None = None

    @property
    def last(self) -> ImageData:
        """The images of the last task of a trial: accuracies at the end are of these."""
        return self.fine_tuning or self.training


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


def check_unchanged(study: Study, images: StudyImages) -> None:
    """Check that the images are those the study began with.

    Raises:
        DataError: they are not.
    """
    for data, facts in _pairs(study, images):
        if data.fingerprint != facts.fingerprint:
            raise DataError(
                f"the images of {study.folder} have changed since it began; resume needs the same "
                "ones"
            )


def _pairs(study: Study, images: StudyImages) -> Iterator[tuple[ImageData, DataFacts]]:
    yield images.training, study.data
    if images.fine_tuning is not None and study.fine_tuning_data is not None:
        yield images.fine_tuning, study.fine_tuning_data


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
