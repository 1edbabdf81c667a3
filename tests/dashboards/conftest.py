"""The studies that are trained for all tests who only read them."""

from tests.nas.conftest import finished, swept

__all__ = ["finished", "swept"]
