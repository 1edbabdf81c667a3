"""A bit an image comes back as it went, and nothing else is taken for it."""

import base64
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.errors import JournalCorruptError
from nas.study.correct import correct_images, decode, encode
from nas.study.journal import decode as read_record
from nas.study.journal import encode as write_record
from tests.nas.builders import measured

BITS = np.arange(11) % 3 == 0  # 4 of 11, in two bytes


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_bits_come_back(bits):
    found = decode(encode(np.array(bits)), images=len(bits))
    assert found.dtype == bool
    assert found.tolist() == bits


@pytest.mark.parametrize("images", [599, 10_000, 50_000])
def test_a_text_is_no_longer_than_its_bits_need(images):
    bits = np.random.default_rng(0).random(images) < 0.5
    assert len(encode(bits)) <= (images / 8 + 20) * 4 / 3 + 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be unpacked|does not hold a bit"),
        ("not base64!", "cannot be unpacked"),
        (packed(b"\x92\x40")[:-4], "cannot be unpacked|does not hold a bit"),
        (base64.b64encode(b"not deflated").decode(), "cannot be unpacked"),
        (packed(b"\x92"), "does not hold a bit for each of 11 images"),
        (packed(b"\x92\x40\x00"), "does not hold a bit for each of 11 images"),
        (base64.b64encode(zlib.compress(b"\x92\x40") + b"more").decode(), "does not hold a bit"),
        (base64.b64encode(zlib.compress(b"\x92\x40")[:-1]).decode(), "does not hold a bit"),
        (packed(b"\x92\x50"), "has bits beyond those of 11 images"),
    ],
)
def test_what_was_not_written_so_is_refused(text, words):
    assert encode(BITS) == encode(decode(packed(b"\x92\x40"), images=11))
    with pytest.raises(ValueError, match=words):
        decode(text, images=11)


def test_what_would_unpack_to_more_is_left_packed():
    bomb = packed(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(ValueError, match="does not hold"):
        decode(bomb, images=599)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000 < len(bomb) * 20


def test_an_epoch_says_which_were_right():
    epoch = measured(
        "0001-C-s0",
        2,
        evaluation_accuracy=4 / 11,
        evaluation_correct=encode(BITS),
        ema_evaluation_accuracy=7 / 11,
        ema_evaluation_correct=encode(~BITS),
    )
    assert read_record(write_record(epoch)) == epoch
    assert np.array_equal(correct_images(epoch, images=11), BITS)
    assert np.array_equal(correct_images(epoch, images=11, averaged=True), ~BITS)


def test_of_an_older_epoch_nobody_knows():
    line = write_record(measured("0001-C-s0", 2))
    older = line.replace(b',"evaluation_correct":null,"ema_evaluation_correct":null', b"")
    assert older != line
    for averaged in (False, True):
        assert correct_images(read_record(older), images=11, averaged=averaged) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"evaluation_correct": "?"}, "evaluation_correct cannot be unpacked"),
        ({"evaluation_correct": encode(BITS[:8])}, "evaluation_correct does not hold a bit"),
        (
            {"evaluation_correct": encode(~BITS)},
            "evaluation_correct has 7 of 11 images right, evaluation_accuracy is 0.3636",
        ),
        (
            {"evaluation_accuracy": np.nextafter(4 / 11, 1)},
            "evaluation_correct has 4 of 11 images right, evaluation_accuracy is 0.3636",
        ),
    ],
)
def test_a_record_that_contradicts_itself_is_one_line(changes, words):
    right = {"evaluation_accuracy": 4 / 11, "evaluation_correct": encode(BITS)}
    with pytest.raises(JournalCorruptError, match=f"^0001-C-s0: epoch 2: {words}") as caught:
        correct_images(measured("0001-C-s0", 2, **{**right, **changes}), images=11)
    assert "\n" not in str(caught.value)
