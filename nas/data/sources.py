"""The words that `data.source` knows, and where each is made."""

from collections.abc import Mapping

from nas.data import cifar, digits, folder, idx, parquet, procedural
from nas.data.dataset import Dataset, Source
from nas.spec.data import DataSpec

SOURCES: Mapping[str, Source] = {
    "digits": digits.SOURCE,
    "idx": idx.SOURCE,
    "folder": folder.SOURCE,
    "cifar": cifar.SOURCE,
    "parquet": parquet.SOURCE,
    "procedural": procedural.SOURCE,
}


def open_source(spec: DataSpec) -> Dataset:
    """Read names and labels.

    Raises:
        NotFoundError: the path does not exist.
        DataError: it does not hold what the source needs.
    """
    return SOURCES[spec.source].open(spec)


def class_names(spec: DataSpec) -> tuple[str, ...]:
    """Return the classes by index, reading no image.

    Raises:
        NotFoundError, DataError: as `open_source`.
    """
    return SOURCES[spec.source].class_names(spec)
