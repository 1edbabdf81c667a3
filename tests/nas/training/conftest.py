"""The fixtures of tiny networks and images."""

from tests.nas.tiny import (  # noqa: F401 - fixtures are found by their names here
    _make_config,
    _make_data,
    _make_trial,
    _one_thread,
    training,
)
