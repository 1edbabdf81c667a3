"""Spaces for tests, drawn at random or written out."""

from typing import Any

from hypothesis import strategies as st

DOMAINS = st.one_of(
    st.integers(1, 4),
    st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True),
    st.builds(
        lambda first, length: {"from": first, "to": first + length},
        st.integers(1, 3),
        st.integers(0, 2),
    ),
)


def lists_of(count: int) -> st.SearchStrategy[list[Any]]:
    """Return lists of `count` domains."""
    return st.lists(DOMAINS, min_size=count, max_size=count)


LAYOUTS = st.one_of(
    st.just(None),
    st.builds(lambda depths: {"depths": depths}, lists_of(3)),
    st.builds(lambda kernels: {"kernel": kernels}, st.sampled_from([5, [3, 5], [5, 7]])),
    st.builds(
        lambda depths, widths: {"depths": depths, "widths": widths}, lists_of(3), lists_of(3)
    ),
)
NAMED = st.dictionaries(st.sampled_from(["C-C-C", "C-C-T", "C-T-T"]), LAYOUTS, min_size=1)
PATCH = st.builds(
    lambda depth, width: {"patch": 4, "depth": depth, "width": width}, DOMAINS, DOMAINS
)
STAGES = st.lists(
    st.builds(lambda depth, width: {"depth": depth, "width": width}, DOMAINS, DOMAINS),
    min_size=3,
    max_size=3,
)


@st.composite
def space_values(draw: st.DrawFn) -> dict[str, Any]:
    """Return the plain values of a valid space section."""
    values: dict[str, Any] = {"stem": {"width": 4}, "head_size": 1, "stages": draw(STAGES)}
    if draw(st.booleans()):
        values["layouts"] = draw(NAMED)
        if draw(st.booleans()):
            values["layouts"]["ViT_REL"] = draw(PATCH)
    else:
        for stage in values["stages"]:
            stage["type"] = draw(st.sampled_from(["C", ["C"], ["C", "T"], ["T", "C"]]))
    return values
