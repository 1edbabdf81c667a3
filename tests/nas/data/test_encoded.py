"""Images that are kept encoded are decoded batch by batch, wherever their bytes come from."""

from dataclasses import dataclass

import numpy as np

from nas.data.encoded import EncodedImages
from tests.contracts.images import ImagesContract
from tests.nas.data.shards import pictures, png


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class InMemory(EncodedImages):
    """Files' bytes in a list."""

    contents: list[bytes]

    def encoded(self, index):
        return self.contents[index]

    def called(self, index):
        return f"number {index}"

    def subset(self, indices):
        contents = [self.contents[index] for index in indices.tolist()]
        return InMemory(labels=self.labels[indices], size=8, channels=3, contents=contents)

    def fingerprint(self):
        return str([*map(hash, self.contents), self.labels.tolist()])


def made():
    contents = [png(image) for image in pictures(8, side=9)]
    return InMemory(labels=np.arange(8) % 2, size=8, channels=3, contents=contents)


class TestEncodedImages(ImagesContract):
    """See the contract."""

    def make(self, tmp_path):
        return made()


def test_what_cannot_be_read_is_called_by_its_name():
    images = made()
    images.contents[2] = b"no image"
    pixels, bad = images.decode(np.array([1, 2]))
    assert pixels.shape == (2, 3, 8, 8)
    assert list(bad) == [1]
    assert bad[1].startswith("number 2: cannot identify image")
