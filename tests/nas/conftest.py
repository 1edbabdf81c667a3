"""A small finished study, trained once a session for all who only read it."""

from pathlib import Path

import pytest

SMALL = Path(__file__).with_name("small.yaml")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return the folder of a finished study; do not change it."""
    from nas.driver.display import Silent
    from nas.driver.study import begin_study
    from nas.execution.inline import InlineExecutor
    from nas.spec.file import load_spec

    folder = tmp_path_factory.mktemp("finished") / "small"
    begin_study(
        load_spec(str(SMALL)),
        folder=folder,
        executor=InlineExecutor(),
        display=Silent(),
    )
    return folder


SWEPT = ("search.seeds=2", 'sweep={"key": "data.train", "values": [48, 80]}')


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """Return the folder of a finished sweep of two studies; do not change it."""
    from nas.driver.display import Silent
    from nas.driver.sweep import begin_sweep
    from nas.execution.inline import InlineExecutor
    from nas.spec.file import load_spec

    folder = tmp_path_factory.mktemp("swept") / "small"
    begin_sweep(
        load_spec(str(SMALL), SWEPT),
        folder=folder,
        executor=InlineExecutor(),
        display=Silent(),
    )
    return folder
