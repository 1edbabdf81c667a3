"""The source `digits`: 1,797 scanned digits that come with scikit-learn."""

import numpy as np

from nas.data.dataset import Dataset, Source, gray_pool
from nas.spec.study import DataSpec

CLASS_NAMES = tuple("0123456789")
CHANNELS = 1
LEVELS = 16  # scikit-learn's digits hold 0..16


def _open(spec: DataSpec) -> Dataset:
    from sklearn.datasets import load_digits  # noqa: PLC0415 - 2 s that only this source pays

    pixels, labels = load_digits(return_X_y=True)
    scaled = np.rint(pixels.reshape(-1, 8, 8) * (255 / LEVELS)).astype(np.uint8)
    return Dataset(
        name="digits",
        channels=spec.channels or CHANNELS,
        class_names=CLASS_NAMES,
        train=gray_pool(scaled, np.asarray(labels, dtype=np.int64), size=spec.image_size),
    )


SOURCE = Source(channels=CHANNELS, class_names=lambda spec: CLASS_NAMES, open=_open)
