"""What loading refuses is refused in one line that names the key."""

import pytest

from nas.data.checks import check_sizes
from nas.errors import DataError, SpecError
from nas.spec.study import DataSpec


def test_a_source_has_no_images_below_its_smallest() -> None:
    words = "15 pixels are too few for source 'procedural', which needs 16 or more"
    spec = DataSpec(source="procedural", image_size=16)
    check_sizes(spec, (16, 28))
    with pytest.raises(SpecError, match=f"^space.image_size: {words}$"):
        check_sizes(spec, (28, 15))
    with pytest.raises(DataError, match=f"^data.image_size: {words}$"):
        check_sizes(DataSpec(source="procedural", image_size=15))
    check_sizes(DataSpec(image_size=1), (1,))
