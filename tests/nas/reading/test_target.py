"""One way to read, whatever the name stands for."""

import shutil

import pandas as pd
import pytest

from nas.errors import NotFoundError, SpecError
from nas.ranking.result import Ranking
from nas.reading.study import StudyReader
from nas.reading.sweep import SweepOrders, SweepReader
from nas.reading.target import open_target

pytestmark = pytest.mark.slow


@pytest.fixture
def there(finished, swept, tmp_path, monkeypatch):
    """A study and a sweep under studies/."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, tmp_path / "studies" / "one")
    shutil.copytree(swept, tmp_path / "studies" / "many")


@pytest.mark.parametrize(("name", "kind"), [("one", StudyReader), ("many", SweepReader)])
def test_a_name_or_a_path_opens_either(there, name, kind):
    for given in (name, f"studies/{name}"):
        assert type(open_target(given)) is kind


def test_what_is_not_there_is_said(there):
    with pytest.raises(NotFoundError, match="no study 'none'"):
        open_target("none")


@pytest.mark.parametrize(("name", "answer"), [("one", Ranking), ("many", SweepOrders)])
def test_both_are_read_alike(there, name, answer):
    target = open_target(name)
    assert "finished" in target.headline()
    assert isinstance(target.answer(), answer)
    for frame in (target.trials, target.epochs, target.ranking, target.status()):
        assert isinstance(frame, pd.DataFrame)
        assert len(frame)
    assert target.report().is_file()


def test_frames_of_a_sweep_say_whose_rows_they_are(there):
    many = open_target("many")
    assert isinstance(many, SweepReader)
    assert list(many.trials["value"].unique()) == ["48", "80"]
    assert len(many.trials) == sum(len(one.trials) for one in many.studies.values()) == 8
    with pytest.raises(SpecError, match="load one of its studies, such as studies/many"):
        many.best()
