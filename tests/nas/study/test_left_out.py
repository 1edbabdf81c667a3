"""What is not trained on is said in a sentence each, and nothing where there is nothing."""

from nas.study.left_out import LeftOut


def test_each_reason_is_a_sentence() -> None:
    found = LeftOut(reserved=1470, copies=("train/a/1.png", "train/a/2.png"))
    assert list(found.words("data", "fine_tune.data")) == [
        (
            "data: of the images that could be trained on, 1,470 are set apart, since "
            "fine_tune.data evaluates on them"
        ),
        (
            "data: training images left out because they equal an evaluation image: 2, the first "
            "train/a/1.png"
        ),
    ]
    assert list(LeftOut().words("data", "fine_tune.data")) == []
