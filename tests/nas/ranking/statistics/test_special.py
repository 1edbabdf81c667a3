"""scipy waits until a number is asked for."""

import subprocess
import sys

import pytest

from nas.ranking.statistics import special


def test_the_functions_are_those_of_scipy():
    import scipy.special

    assert special.ndtri is scipy.special.ndtri
    with pytest.raises(AttributeError, match="nonsense"):
        special.nonsense  # noqa: B018


def test_where_a_study_stands_is_said_without_scipy():
    code = "import sys, nas.reading.target; print('scipy.special' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "False"
