"""The report of a study: what it says of how the study came about."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.reading.page import report_study
from nas.reading.study import rank_study
from nas.study.left_out import LeftOut
from tests.nas.reading.studies import a_study
from tests.nas.synthetic import study


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (LeftOut(), "nothing that is evaluated on was among images to train on"),
        (LeftOut(reserved=7), "7 are set apart, since fine_tune.data evaluates on them"),
        (None, "begun by 0.1: nobody looked"),
    ],
)
def test_the_report_says_what_was_not_trained_on(
    tmp_path: Path, left_out: LeftOut | None, words: str
) -> None:
    found = a_study(tmp_path)
    found = replace(found, data=replace(found.data, left_out=left_out))
    histories = study(seeds=range(2))
    page = report_study(found, histories, rank_study(found, histories), to=tmp_path / "r.html")
    assert words in page.read_text(encoding="utf-8")
