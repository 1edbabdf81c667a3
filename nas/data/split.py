"""Which images of a source are trained on, which evaluated on: decided by labels, before pixels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.data.dataset import Dataset, Pool
from nas.data.images import Indices
from nas.errors import DataError
from nas.seeds import derive_seed
from nas.spec.study import DataSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Indices, sorted: to train on, of `train`; to evaluate on, of the pool that has those."""

    train: Indices
    evaluation: Indices
    reserved: int = 0  # images beside them that could be trained on, and are not: see `split`


def split(dataset: Dataset, spec: DataSpec, *, beside: DataSpec | None = None) -> Split:
    """Return the split, which depends on the specs and the source alone.

    What the data `beside`, the study's other task, evaluates on is not trained on where both draw
    from the same images. It is set apart before those to train on are drawn, so that they are as
    many as asked for, in proportion; the evaluation set is the same with and without.

    Raises:
        DataError: there are too few images.
    """
    rng = np.random.default_rng(derive_seed(spec.split_seed, "split"))
    evaluation = _evaluation(dataset, spec, rng)
    rest, reserved = np.arange(len(dataset.train.labels)), 0
    if dataset.evaluation is None:
        rest = np.setdiff1d(rest, evaluation)
        if beside is not None and same_images(spec, beside):
            left = np.setdiff1d(rest, evaluated_on(dataset, beside))
            rest, reserved = left, len(rest) - len(left)
    count = len(rest) if spec.train is None else spec.train
    _check_count("train", count, len(rest), dataset, at_least=2, reserved=reserved)
    train = rest[_stratified(dataset.train.labels[rest], count, rng)]
    return Split(train=train, evaluation=evaluation, reserved=reserved)


def evaluated_on(dataset: Dataset, spec: DataSpec) -> Indices:
    """Return the indices that `split` evaluates on.

    Raises:
        DataError: there are too few images.
    """
    rng = np.random.default_rng(derive_seed(spec.split_seed, "split"))
    return _evaluation(dataset, spec, rng)


def evaluation_pool(dataset: Dataset) -> Pool:
    """Return the pool that images to evaluate on are taken from."""
    return dataset.evaluation or dataset.train


def same_images(one: DataSpec, other: DataSpec) -> bool:
    """Whether two specs name the same images, by the same indices, at whatever size.

    Other columns of a Parquet set may be other images, and other classes are split otherwise.
    """
    columns = (one.image, one.label) == (other.image, other.label)
    return one.source == other.source and _path(one) == _path(other) and columns


def _path(spec: DataSpec) -> Path | None:
    return None if spec.path is None else Path(spec.path).expanduser().resolve()


def _evaluation(dataset: Dataset, spec: DataSpec, rng: np.random.Generator) -> Indices:
    labels = evaluation_pool(dataset).labels
    available, usual = len(labels), len(labels)
    if dataset.evaluation is None:  # some are to be trained on
        available, usual = len(labels) - 2, len(labels) // 3
    count = usual if spec.evaluation is None else spec.evaluation
    _check_count("evaluation", count, available, dataset)
    return _stratified(labels, count, rng)


def _check_count(
    key: str, count: int, available: int, dataset: Dataset, *, at_least: int = 1, reserved: int = 0
) -> None:
    if not at_least <= count <= available:
        beside = f" beside {reserved} that the study's other task evaluates on" if reserved else ""
        raise DataError(
            f"data.{key}: {count} images asked of {dataset.name}, which has {max(available, 0)} "
            f"for it{beside}; {at_least} or more are needed"
        )


def _stratified(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Return `count` sorted indices with the classes in proportion, each class at least once.

    Every image gets its place within its class as a fraction; the smallest fractions are taken,
    with the first of each class before all others.
    """
    order = rng.permutation(len(labels))
    fraction = np.empty(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        fraction[members] = (np.arange(len(members)) + 0.5) / len(members)
        fraction[members[0]] = -1.0
    chosen = order[np.argsort(fraction[order], kind="stable")[:count]]
    return np.sort(chosen)
