"""The images of a study, to train on and to fine-tune on, and the facts kept of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nas.data.load import ImageData, load
from nas.errors import DataError, NotFoundError
from nas.space.candidate import study_space
from nas.spec.data import DataSpec
from nas.spec.paths import is_uri, local_path
from nas.spec.study import StudySpec
from nas.study.facts import AtSize, DataFacts
from nas.study.folder import Study


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyImages:
    """What a study trains on, and what it fine-tunes on where it does."""

    training: ImageData
    fine_tuning: ImageData | None = None

    @property
    def last(self) -> ImageData:
        """The images of the last task of a trial: accuracies at the end are of these."""
        return self.fine_tuning or self.training


def load_images(spec: StudySpec, *, apart: bool = True) -> StudyImages:
    """Load all images of a study; those to fine-tune on get the channels of those before.

    Those to train on come at every size that the space says, and at that of `data`. What either
    task evaluates on neither trains on, unless not `apart` (`nas.data.load.load`).

    Raises:
        NotFoundError, DataError, SpecError: as `nas.data.load.load`.
    """
    sizes = study_space(spec).image_sizes
    if spec.fine_tune is None:
        return StudyImages(training=load(spec.data, sizes=sizes, apart=apart))
    training = load(spec.data, sizes=sizes, beside=spec.fine_tune.data, apart=apart)
    same = {"channels": training.shape.channels}
    tuning = spec.fine_tune.data.model_copy(update=same)
    with _named_fine_tune():
        tuned = load(tuning, beside=spec.data, apart=apart)
    return StudyImages(training=training, fine_tuning=tuned)


def with_absolute_paths(spec: StudySpec) -> StudySpec:
    """Return the spec with the images where they are, whatever folder one goes on from."""
    spec = spec.model_copy(update={"data": _absolute(spec.data)})
    if spec.fine_tune is None:
        return spec
    tuning = spec.fine_tune.model_copy(update={"data": _absolute(spec.fine_tune.data)})
    return spec.model_copy(update={"fine_tune": tuning})


def _absolute(data: DataSpec) -> DataSpec:
    if data.path is None or is_uri(data.path):
        return data
    path = local_path(data.path, key="data.path").absolute()
    return data.model_copy(update={"path": str(path)})


def images_key(spec: StudySpec) -> str:
    """Return the same for studies whose images are the same."""
    tuning = None if spec.fine_tune is None else spec.fine_tune.data
    return repr((spec.data, tuning, sorted(study_space(spec).image_sizes)))


@contextmanager
def _named_fine_tune() -> Iterator[None]:
    """Name the section in what is wrong with the images to fine-tune on."""
    try:
        yield
    except DataError as error:
        joint = "." if str(error).startswith("data.") else ": "
        raise DataError(f"fine_tune{joint}{error}") from error


def were_kept_apart(study: Study) -> bool:
    """Whether the study began with the rule that it trains on nothing that it evaluates on."""
    return study.data.left_out is not None


def load_again(study: Study) -> StudyImages:
    """Load the images of a study that began before, by the rule that it began with.

    Raises:
        NotFoundError: they are gone.
        DataError: they are not those the study began with, or cannot be used.
    """
    try:
        images = load_images(study.spec, apart=were_kept_apart(study))
    except NotFoundError as error:
        again = f"`nas resume {study.place} data.path=FOLDER` goes on with images that have moved"
        raise NotFoundError(f"{error}; {again}") from error
    check_unchanged(study, images)
    return images


def check_unchanged(study: Study, images: StudyImages) -> None:
    """Check that the images are those the study began with.

    Raises:
        DataError: they are not.
    """
    for data, facts in _pairs(study, images):
        if facts_of(data).fingerprints != facts.fingerprints:
            raise DataError(
                f"the images of {study.place} have changed since it began; resume needs the same "
                f"ones: where they have moved, `nas resume {study.place} data.path=FOLDER`"
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
        left_out=data.left_out,
        notes=data.notes,
        others=tuple(
            AtSize(
                image_size=other.shape.image_size,
                fingerprint=other.fingerprint,
                mean=other.mean,
                std=other.std,
            )
            for other in data.others
        ),
    )
