"""Which fields belong to which source of images."""

from typing import Any

import pytest
from pydantic import ValidationError

from nas.spec.data import DataSpec


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": "idx"}, "path is required for source 'idx'"),
        ({"source": "cifar"}, "path is required for source 'cifar'"),
        ({"source": "parquet"}, "path is required for source 'parquet'"),
        ({"path": "x"}, "path is not used by source 'digits'"),
        ({"image_size": 5000}, "less than or equal to 4096"),
        ({"image": "img"}, "image names a Parquet column and is not used by source 'digits'"),
        ({"source": "folder", "path": "x", "label": "y"}, "label names a Parquet column"),
    ],
)
def test_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DataSpec(**values)


def test_columns_are_named_for_parquet() -> None:
    spec = DataSpec(source="parquet", path="x", image="img", label="fine_label")
    assert (spec.image, spec.label) == ("img", "fine_label")


def test_only_data_without_end_is_endless() -> None:
    assert DataSpec(source="procedural").endless
    assert not DataSpec(source="procedural", train=100).endless
    assert not DataSpec().endless
