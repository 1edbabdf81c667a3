"""One driver holds a study, wherever the study is."""

import pytest

from nas.errors import JournalError
from nas.spec.file import load_spec
from nas.study.driving import driving
from nas.study.folder import create_study
from nas.study.places import study_folder
from tests.nas.builders import planned
from tests.nas.conftest import SMALL
from tests.nas.study.test_folder import FACTS


@pytest.fixture(params=["folder", "store"])
def study(request, tmp_path):
    where = str(tmp_path / "s")
    if request.param == "store":
        where = f"{request.getfixturevalue('bucket')}/s"
    spec = load_spec(str(SMALL))
    return create_study(spec, FACTS, folder=study_folder(spec.name, where))


def test_a_driver_appends_and_no_other_does_meanwhile(study):
    with driving(study) as journal:
        journal.append(planned(1))
        assert study.running
        with pytest.raises(JournalError, match=study.place), driving(study):
            pass
    assert not study.running
    with driving(study) as journal:
        assert journal.records == [planned(1)]
    assert len(study.histories()) == 1
