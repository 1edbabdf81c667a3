"""T2T-ViT (arXiv 2101.11986) as a description: its published sizes, and the options of others."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from nas.errors import SpecError
from search_spaces.language.errors import did_you_mean, shown

TOKEN_ATTENTION = ("performer", "transformer")
_COUNTS = ("depth", "embed_dim", "num_heads", "token_dim")


@dataclass(frozen=True, kw_only=True, slots=True)
class T2TDesign:
    """A T2T-ViT whatever the images; the fields are the options that a spec may give."""

    depth: int  # layers of the backbone
    embed_dim: int  # its width, in channels
    num_heads: int  # of each of its layers
    mlp_ratio: float  # hidden channels of an MLP, over `embed_dim`
    kernels: tuple[int, ...] = (7, 3, 3)  # of the soft splits, in cells of the map they split
    strides: tuple[int, ...] = (4, 2, 2)  # of the soft splits
    token_dim: int = 64  # width of the layers between them, in channels
    token_attention: str = "performer"  # of the layers between them

    @property
    def paddings(self) -> tuple[int, ...]:
        """Half of what neighbouring patches share: a map of n cells becomes one of n / stride."""
        return tuple((k - s + 1) // 2 for k, s in zip(self.kernels, self.strides, strict=True))

    def sides(self, image_size: int) -> tuple[int, ...]:
        """Return the sides of the maps that the soft splits leave (paper, Eq. 3)."""
        found = [image_size]
        for kernel, stride, pad in zip(self.kernels, self.strides, self.paddings, strict=True):
            found.append((found[-1] + 2 * pad - kernel) // stride + 1)
        return tuple(found[1:])


def _lite(depth: int) -> T2TDesign:
    return T2TDesign(depth=depth, embed_dim=256, num_heads=4, mlp_ratio=2)


_LARGE = {  # paper, Table 1; heads of 64 channels
    14: T2TDesign(depth=14, embed_dim=384, num_heads=6, mlp_ratio=3),
    19: T2TDesign(depth=19, embed_dim=448, num_heads=7, mlp_ratio=3),
    24: T2TDesign(depth=24, embed_dim=512, num_heads=8, mlp_ratio=3),
}
# Table 1 gives T2T-ViT-7 eight layers; only seven have the parameters that it states.
PUBLISHED: Mapping[str, T2TDesign] = {
    **{f"t2t_vit_{depth}": _lite(depth) for depth in (7, 10, 12)},
    **{f"t2t_vit_{depth}": design for depth, design in _LARGE.items()},
    **{
        f"t2t_vit_t_{depth}": replace(design, token_attention="transformer")
        for depth, design in _LARGE.items()
    },
}


def designed(name: str, options: Mapping[str, Any]) -> T2TDesign:
    """Return the published network `name` with its fields changed by `options`.

    Raises:
        SpecError: no such network or option, or a value that no network can have; `key` is one of
            BaselineSpec's.
    """
    if name not in PUBLISHED:
        raise SpecError(
            f"T2T-ViT has no network {shown(name)}{did_you_mean(name, PUBLISHED)}", key="network"
        )
    known = [each.name for each in fields(T2TDesign)]
    for option in options:
        if option not in known:
            raise SpecError(
                f"T2T-ViT has no such option{did_you_mean(option, known)}", key=f"options.{option}"
            )
    given: dict[str, Any] = {
        option: tuple(value) if isinstance(value, list) else value
        for option, value in options.items()
    }
    design = replace(PUBLISHED[name], **given)
    _check_numbers(design)
    _check_splits(design)
    return design


def _check_numbers(design: T2TDesign) -> None:
    for option in _COUNTS:
        if not _is_count(value := getattr(design, option)):
            raise SpecError(
                f"must be an integer of at least 1, not {shown(value)}", key=f"options.{option}"
            )
    if design.embed_dim % design.num_heads:
        raise SpecError(
            f"must divide embed_dim, {design.embed_dim}, not {design.num_heads}",
            key="options.num_heads",
        )
    ratio = design.mlp_ratio
    if type(ratio) not in (int, float) or not design.embed_dim * ratio >= 1:
        raise SpecError(
            f"must be a number above 0 that leaves a hidden channel, not {shown(ratio)}",
            key="options.mlp_ratio",
        )
    if design.token_attention not in TOKEN_ATTENTION:
        raise SpecError(
            f"must be {' or '.join(TOKEN_ATTENTION)}, not {shown(design.token_attention)}",
            key="options.token_attention",
        )


def _check_splits(design: T2TDesign) -> None:
    for option in ("kernels", "strides"):
        value = getattr(design, option)
        if not isinstance(value, tuple) or not value or not all(map(_is_count, value)):
            raise SpecError(
                f"must be a list of integers of at least 1, not {shown(value)}",
                key=f"options.{option}",
            )
    kernels, strides = design.kernels, design.strides
    if len(kernels) != len(strides):
        raise SpecError(
            f"must be as many as kernels, {len(kernels)}, not {len(strides)}", key="options.strides"
        )
    if any(stride > kernel for kernel, stride in zip(kernels, strides, strict=True)):
        raise SpecError(
            f"must not exceed kernels, {list(kernels)}, or cells are lost: {list(strides)}",
            key="options.strides",
        )


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1
