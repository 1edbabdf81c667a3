"""Which evaluation images a network was right about, a bit an image, as text in a record."""

import base64
import zlib

import numpy as np

from nas.errors import JournalCorruptError
from nas.study.records import EpochMeasured


def encode(correct: np.ndarray) -> str:
    """Return bits [N] as text: packed eight to a byte, the first on top, deflated, base64."""
    return base64.b64encode(zlib.compress(np.packbits(correct).tobytes(), 9)).decode("ascii")


def decode(text: str, *, images: int) -> np.ndarray:
    """Return the bits [images], bool, that `encode` made a text of; it unpacks no more than these.

    Raises:
        ValueError: the text was not made so, or of another number of images.
    """
    size = -(-images // 8)
    unpack = zlib.decompressobj()
    try:
        # A byte more than belongs there, so that what goes on is seen and left packed.
        packed = unpack.decompress(base64.b64decode(text, validate=True), size + 1)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"cannot be unpacked: {error}") from error
    if len(packed) != size or not unpack.eof or unpack.unused_data:
        raise ValueError(f"does not hold a bit for each of {images:,} images")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))
    if bits[images:].any():
        raise ValueError(f"has bits beyond those of {images:,} images")
    return bits[:images].astype(bool)


def correct_images(
    epoch: EpochMeasured, *, images: int, averaged: bool = False
) -> np.ndarray | None:
    """Return which of the evaluation images were right after an epoch, [images], bool.

    Their mean is the recorded accuracy, to the last bit. `averaged` asks for the averaged weights.
    None where no one kept it: studies of 0.1, and recipes that average nothing.

    Raises:
        JournalCorruptError: the record does not hold that many bits, or contradicts its accuracy.
    """
    kind = "ema_evaluation" if averaged else "evaluation"
    text, accuracy = (
        (epoch.ema_evaluation_correct, epoch.ema_evaluation_accuracy)
        if averaged
        else (epoch.evaluation_correct, epoch.evaluation_accuracy)
    )
    if text is None:
        return None
    try:
        found = decode(text, images=images)
    except ValueError as error:
        raise _corrupt(epoch, f"{kind}_correct {error}") from error
    if int(found.sum()) / images != accuracy:
        words = f"{kind}_correct has {int(found.sum()):,} of {images:,} images right"
        raise _corrupt(epoch, f"{words}, {kind}_accuracy is {accuracy}")
    return found


def _corrupt(epoch: EpochMeasured, words: str) -> JournalCorruptError:
    return JournalCorruptError(f"{epoch.trial_id}: epoch {epoch.epoch}: {words}")
