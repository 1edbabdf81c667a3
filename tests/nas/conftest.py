"""A small finished study, trained once a session for all who only read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SMALL = Path(__file__).with_name("small.yaml")


@contextmanager
def nobody(*_: object) -> Iterator[tuple[()]]:
    """Watch nothing."""
    yield ()


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return the folder of a finished study; do not change it."""
    from functools import partial

    from nas.driver.study import begin_study
    from nas.execution.choose import open_executors
    from nas.spec.file import load_spec

    folder = tmp_path_factory.mktemp("finished") / "small"
    begin_study(
        load_spec(str(SMALL)),
        folder=folder,
        executors=partial(open_executors, inline=True),
        observers=nobody,
    )
    return folder


SWEPT = ("search.seeds=2", 'sweep={"key": "data.train", "values": [48, 80]}')


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """Return the folder of a finished sweep of two studies; do not change it."""
    from functools import partial

    from nas.driver.sweep import begin_sweep
    from nas.execution.choose import open_executors
    from nas.spec.file import load_spec

    folder = tmp_path_factory.mktemp("swept") / "small"
    begin_sweep(
        load_spec(str(SMALL), SWEPT),
        folder=folder,
        executors=partial(open_executors, inline=True),
        observers=nobody,
    )
    return folder
