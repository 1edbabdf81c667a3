"""The contract of image sets: subclass it, provide `make`, and every test here must pass."""

import itertools
import pickle
from collections.abc import Iterable

import numpy as np
import torch

from nas.data.images import DeviceImages, Images

CHOSEN = ([3, 1], [4], [0, 2, 1, 5])
CPU = torch.device("cpu")


def shown(images: Images, batches: Iterable[list[int]]) -> list[tuple[list, list[int]]]:
    """Return pixels and labels of the batches, as lists."""
    chosen = (np.array(batch, dtype=np.int64) for batch in batches)
    return [(pixels.tolist(), labels.tolist()) for pixels, labels in images.batches(chosen)]


def shown_on_device(images: DeviceImages, batches: Iterable[list[int]]) -> list[tuple]:
    """Return the same of images on the CPU."""
    taken = images.batches(torch.tensor(batch) for batch in batches)
    return [(pixels.tolist(), labels.tolist()) for pixels, labels in taken]


class ImagesContract:
    """What a study may rely on, wherever its images come from.

    `make` gives at least 6 different images of more than one class.
    """

    def make(self, tmp_path) -> Images:
        """Return the images under test, the same at every call."""
        raise NotImplementedError

    def test_batches_are_bytes_by_channel_and_labels(self, tmp_path):
        images = self.make(tmp_path)
        sizes = []
        for pixels, labels in images.batches(np.array(batch) for batch in CHOSEN):
            assert (pixels.dtype, labels.dtype) == (np.uint8, np.int64)
            assert pixels.ndim == 4
            assert pixels.shape[2] == pixels.shape[3]
            assert len(pixels) == len(labels)
            sizes.append(len(labels))
        assert sizes == [len(batch) for batch in CHOSEN]

    def test_an_image_and_its_label_do_not_depend_on_the_batch(self, tmp_path):
        images = self.make(tmp_path)
        alone = [shown(images, [[index]])[0] for index in range(6)]
        assert len({str(labels) for _, labels in alone}) > 1
        assert len({str(pixels) for pixels, _ in alone}) == 6
        for batch, (pixels, labels) in zip(CHOSEN, shown(images, CHOSEN), strict=True):
            assert pixels == [alone[index][0][0] for index in batch]
            assert labels == [alone[index][1][0] for index in batch]

    def test_batches_are_taken_as_they_are_asked_for(self, tmp_path):
        asked = itertools.count()
        taken = self.make(tmp_path).batches(
            np.arange(6) for _ in zip(range(1000), asked, strict=False)
        )
        next(taken)
        assert next(asked) < 500

    def test_no_batches_are_asked_for(self, tmp_path):
        assert shown(self.make(tmp_path), []) == []

    def test_what_is_done_to_a_batch_stays_in_it(self, tmp_path):
        images = self.make(tmp_path)
        before = shown(images, CHOSEN)
        for pixels, labels in images.batches(np.array(batch) for batch in CHOSEN):
            pixels += 1
            labels += 1
        assert shown(images, CHOSEN) == before

    def test_a_subset_is_of_those_images_in_that_order(self, tmp_path):
        images = self.make(tmp_path)
        subset = images.subset(np.array([4, 1, 5, 2]))
        assert subset.count == 4
        assert shown(subset, [[0, 1, 2, 3], [2]]) == shown(images, [[4, 1, 5, 2], [5]])
        again = subset.subset(np.array([3, 0]))
        assert again.count == 2
        assert shown(again, [[0, 1]]) == shown(images, [[2, 4]])

    def test_equal_images_have_equal_fingerprints_and_others_have_not(self, tmp_path):
        images = self.make(tmp_path)
        assert self.make(tmp_path).fingerprint() == images.fingerprint()
        of = {
            str(chosen): images.subset(np.array(chosen)).fingerprint()
            for chosen in ([0, 1, 2], [0, 2, 1], [0, 1], [0, 1, 3])
        }
        assert images.subset(np.array([0, 1, 2])).fingerprint() == of["[0, 1, 2]"]
        assert len({images.fingerprint(), *of.values()}) == 5

    def test_they_travel(self, tmp_path):
        images = self.make(tmp_path)
        there = pickle.loads(pickle.dumps(images, protocol=5))
        assert there.fingerprint() == images.fingerprint()
        assert there.count == images.count
        assert shown(there, CHOSEN) == shown(images, CHOSEN)

    def test_a_device_shows_the_same(self, tmp_path):
        images = self.make(tmp_path)
        on_device = images.to_device(CPU)
        assert shown_on_device(on_device, CHOSEN) == shown(images, CHOSEN)
        for pixels, labels in on_device.batches([torch.arange(6)]):
            assert (pixels.dtype, labels.dtype) == (torch.uint8, torch.int64)

    def test_a_subset_on_a_device_is_counted(self, tmp_path):
        images = self.make(tmp_path)
        subset = images.subset(np.array([5, 0, 3]))
        on_device = subset.to_device(CPU)
        assert len(on_device) == 3
        assert shown_on_device(on_device, [[1, 2]]) == shown(images, [[0, 3]])

    def test_indices_may_be_read_only(self, tmp_path):
        chosen = np.array([5, 0, 3])
        chosen.setflags(write=False)  # as a study's are in Ray's object store
        torch.set_warn_always(True)  # else once a process; a warning fails the test
        try:
            images = self.make(tmp_path)
            (taken,) = images.batches([chosen])
            subset = images.subset(chosen)
            shown_on_device(subset.to_device(CPU), [[0, 1, 2]])
        finally:
            torch.set_warn_always(False)
        assert taken[0].tolist() == shown(subset, [[0, 1, 2]])[0][0]
