"""What holds for all tests: signals, and which warnings of others are let through."""

import signal

import pytest

# MLflow 3.17 makes SQLAlchemy warn about MLflow's own models.
_NOLOAD = "ignore:The ``noload`` loader strategy is deprecated"


def pytest_configure() -> None:
    """Have Ctrl-C interrupt also when a shell without job control started the tests with `&`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow that one warning, in the tests that import MLflow only."""
    for item in items:
        if item.get_closest_marker("mlflow"):
            item.add_marker(pytest.mark.filterwarnings(_NOLOAD))
