"""The special functions of the statistics: scipy's, imported when the first is asked for.

Whoever prints where a study stands asks for none, and waits a sixth of a second less.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Return the function of that name of `scipy.special`.

    Raises:
        AttributeError: it has none.
    """
    from scipy import special  # noqa: PLC0415

    return getattr(special, name)
