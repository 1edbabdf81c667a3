"""T2T-ViT as a description: which there are, what their options may be, which maps they leave."""

from typing import Any

import pytest

from nas.errors import SpecError
from nas.networks.t2t_design import PUBLISHED, designed


def test_the_published_ones() -> None:
    assert sorted(PUBLISHED) == [
        "t2t_vit_10", "t2t_vit_12", "t2t_vit_14", "t2t_vit_19", "t2t_vit_24", "t2t_vit_7",
        "t2t_vit_t_14", "t2t_vit_t_19", "t2t_vit_t_24",
    ]  # fmt: skip
    for name, design in PUBLISHED.items():
        assert design.embed_dim == 64 * design.num_heads
        assert name.endswith(f"_{design.depth}")
        assert (design.token_attention == "transformer") == ("_t_" in name)


def test_the_papers_maps() -> None:
    """Section 3.3: patches of 7, 3, 3 that overlap by 3, 1, 1, from 224 to 14 pixels."""
    design = designed("t2t_vit_14", {})
    assert [k - s for k, s in zip(design.kernels, design.strides, strict=True)] == [3, 1, 1]
    assert design.paddings == (2, 1, 1)
    assert design.sides(224) == (56, 28, 14)


@pytest.mark.parametrize(
    ("strides", "size", "sides"),
    [([2, 2, 1], 28, (14, 7, 7)), ([2, 2, 2], 32, (16, 8, 4)), ([1, 2, 2], 27, (27, 14, 7))],
)
def test_maps_of_small_images(strides: list[int], size: int, sides: tuple[int, ...]) -> None:
    assert designed("t2t_vit_7", {"strides": strides}).sides(size) == sides


def test_options_change_the_network_they_are_given_to() -> None:
    design = designed("t2t_vit_7", {"depth": 3, "kernels": [3, 3], "strides": [2, 1]})
    assert (design.depth, design.kernels, design.strides) == (3, (3, 3), (2, 1))
    assert (design.embed_dim, design.mlp_ratio) == (256, 2)


@pytest.mark.parametrize(
    ("name", "options", "key", "message"),
    [
        ("t2t_vit_15", {}, "network", "has no network 't2t_vit_15', did you mean 't2t_vit_1"),
        ("qqqqqq", {}, "network", "has no network 'qqqqqq'; known here: t2t_vit_10, t2t_vit_12, "),
        ("t2t_vit_7", {"dept": 3}, "options.dept", "no such option, did you mean 'depth'?"),
        ("t2t_vit_7", {"depth": 0}, "options.depth", "an integer of at least 1, not 0"),
        ("t2t_vit_7", {"token_dim": "x"}, "options.token_dim", "an integer of at least 1, not 'x'"),
        ("t2t_vit_7", {"num_heads": True}, "options.num_heads", "an integer of at least 1"),
        ("t2t_vit_7", {"embed_dim": 30}, "options.num_heads", "must divide embed_dim, 30, not 4"),
        ("t2t_vit_7", {"mlp_ratio": 0}, "options.mlp_ratio", "a number above 0"),
        ("t2t_vit_7", {"mlp_ratio": float("nan")}, "options.mlp_ratio", "a number above 0"),
        ("t2t_vit_7", {"mlp_ratio": "2"}, "options.mlp_ratio", "a number above 0"),
        ("t2t_vit_7", {"token_attention": "linear"}, "options.token_attention",
         "must be performer or transformer, not 'linear'"),
        ("t2t_vit_7", {"token_attention": []}, "options.token_attention", "performer or"),
        ("t2t_vit_7", {"kernels": 7}, "options.kernels", "a list of integers of at least 1, not 7"),
        ("t2t_vit_7", {"strides": []}, "options.strides", "a list of integers of at least 1"),
        ("t2t_vit_7", {"strides": [4, 2, 0]}, "options.strides", "a list of integers"),
        ("t2t_vit_7", {"strides": [4, 2]}, "options.strides", "as many as kernels, 3, not 2"),
        ("t2t_vit_7", {"strides": [8, 2, 2]}, "options.strides",
         "must not exceed kernels, [7, 3, 3], or cells are lost: [8, 2, 2]"),
    ],
)  # fmt: skip
def test_refused_in_one_line(name: str, options: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        designed(name, options)
    assert raised.value.key == key
    assert message in raised.value.message
    assert "\n" not in str(raised.value)
