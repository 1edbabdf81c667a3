"""What is inside stem, blocks and head of a configuration, drawn as chains of layers."""

from collections.abc import Callable

from coatnet.config import (
    AttentionType,
    BlockType,
    CoAtNetConfig,
    NormType,
    PoolType,
    RelativeBias,
    StemType,
    StridePlace,
)
from coatnet.dimensions import BlockOptions, block_options
from coatnet.drawing.panel import Chain, Layer, Panel


def panels(config: CoAtNetConfig) -> tuple[Panel, ...]:
    """Return the stem, the block types that `config` has, and the head."""
    kinds = {stage.block for stage in config.stages}
    found = [_stem(config)]
    if BlockType.CONVOLUTION in kinds:
        found.append(_mbconv(config))
    if BlockType.TRANSFORMER in kinds:
        found.append(_transformer(config))
    return (*found, _head(config))


def _stem(config: CoAtNetConfig) -> Panel:
    stem = config.stem
    if stem.type is StemType.PATCH:
        kernel = f"Conv {stem.stride}×{stem.stride} → {stem.width:,}"
        layers = [Layer(lines=(kernel,), stride=stem.stride)]
    else:
        convolution = f"Conv 3×3 → {stem.width:,}"
        layers = [
            Layer(
                lines=(convolution, "BatchNorm, GELU") if i < stem.depth - 1 else (convolution,),
                stride=stem.stride if i == 0 else 1,
            )
            for i in range(stem.depth)
        ]
    note = "patches" if stem.type is StemType.PATCH else ""
    return Panel(heading="Stem S0", note=note, color="plain", chains=(Chain(layers=tuple(layers)),))


def _head(config: CoAtNetConfig) -> Panel:
    width = config.stages[-1].width
    lines = (
        ("Mean", "over cells"),
        ("LayerNorm",),
        (f"Linear → {width:,}", "tanh"),
        (f"Linear → {config.classes:,}",),
    )
    layers = tuple(Layer(lines=texts) for texts in lines)
    return Panel(heading="Head", note="", color="plain", chains=(Chain(layers=layers),))


def _mbconv(config: CoAtNetConfig) -> Panel:
    strided, projected = _changes(config, BlockType.CONVOLUTION)
    norm = "BatchNorm" if config.mbconv_norm is NormType.BATCH else "LayerNorm"
    expansion = _said(config, BlockType.CONVOLUTION, lambda inside: f"{inside.expansion}")
    kernel = _said(config, BlockType.CONVOLUTION, lambda inside: f"{inside.kernel}×{inside.kernel}")
    ratio = _said(config, BlockType.CONVOLUTION, lambda inside: f"{inside.squeeze_ratio:g}")
    place = config.mbconv_stride if strided else None
    layers = [Layer(lines=(norm,))]
    if place is StridePlace.POOL:
        layers.append(_pool(config))
    layers += [
        Layer(
            lines=(f"Conv 1×1 → {expansion} D", f"{norm}, GELU"),
            stride=2 if place is StridePlace.EXPAND else 1,
        ),
        Layer(
            lines=(f"Depthwise {kernel}", f"{norm}, GELU"),
            stride=2 if place is StridePlace.DEPTHWISE else 1,
        ),
    ]
    if ratio != "0":
        gate = f"gate, by way of {ratio} D"
        layers.append(Layer(lines=("Squeeze-excitation", gate)))
    layers.append(Layer(lines=("Conv 1×1 → D",)))
    chain = Chain(
        layers=tuple(layers),
        residual=True,
        identity=_identity(config, strided, projected, "Conv 1×1 → D"),
    )
    return Panel(heading="MBConv block", note=_note(strided, projected), color="C", chains=(chain,))


def _transformer(config: CoAtNetConfig) -> Panel:
    strided, projected = _changes(config, BlockType.TRANSFORMER)
    norm = Layer(lines=("LayerNorm",))
    heads = _said(config, BlockType.TRANSFORMER, lambda inside: f"{inside.head_size}")
    expansion = _said(config, BlockType.TRANSFORMER, lambda inside: f"{inside.expansion}")
    heading = f"Attention, heads of {heads}"
    attention = Layer(lines=(heading, _formula(config), _reach(config)))
    first = Chain(
        layers=(norm, *((_pool(config),) if strided else ()), attention),
        residual=True,
        identity=_identity(config, strided, projected, "Linear → D"),
    )
    feed_forward = Layer(lines=("Feed-forward", f"D → {expansion} D → D, GELU"))
    second = Chain(layers=(norm, feed_forward), residual=True)
    return Panel(
        heading="Transformer block",
        note=_note(strided, projected),
        color="T",
        chains=(first, second),
    )


def _said(config: CoAtNetConfig, block: BlockType, word: Callable[[BlockOptions], str]) -> str:
    """Return the words for all stages of this type, from the first on; equal ones once."""
    stages = [stage for stage in config.stages if stage.block is block]
    return " / ".join(dict.fromkeys(word(block_options(config, stage)) for stage in stages))


def _changes(config: CoAtNetConfig, block: BlockType) -> tuple[bool, bool]:
    """Return whether any stage of this type has a stride, and whether any changes the width."""
    before = (config.stem.width, *(stage.width for stage in config.stages))
    stages = [(s, w) for s, w in zip(config.stages, before, strict=False) if s.block is block]
    return any(s.stride > 1 for s, _ in stages), any(s.width != w for s, w in stages)


def _note(strided: bool, projected: bool) -> str:
    """Say what D is, and which blocks of a stage are not as drawn."""
    words = "D: channels it puts out"
    if not strided and not projected:
        return words
    lacks = [
        word for word, there in (("no stride", strided), ("no projection", projected)) if there
    ]
    return f"{words}; drawn as the first of a stage, the others have {' and '.join(lacks)}"


def _pool(config: CoAtNetConfig) -> Layer:
    kind = "Max" if config.pool is PoolType.MAX else "Mean"
    return Layer(lines=(f"{kind} pool {config.pool_size}×{config.pool_size}",), stride=2)


def _identity(
    config: CoAtNetConfig, strided: bool, projected: bool, projection: str
) -> tuple[Layer, ...]:
    pool = (_pool(config),) if strided else ()
    return (*pool, Layer(lines=(projection,))) if projected else pool


def _formula(config: CoAtNetConfig) -> str:
    if config.attention is AttentionType.LINEAR:
        return "φ(q) φ(k)ᵀ v / (φ(q) Σ φ(k)), φ = elu + 1"
    return {
        RelativeBias.PRE: "softmax(q kᵀ / √d + P) v",
        RelativeBias.POST: "(softmax(q kᵀ / √d) + P) v",
        RelativeBias.NONE: "softmax(q kᵀ / √d) v",
    }[config.relative_bias]


def _reach(config: CoAtNetConfig) -> str:
    reach = "over all cells"
    if config.attention is AttentionType.WINDOW:
        reach = f"in windows of {config.window}×{config.window} cells"
    if config.relative_bias is RelativeBias.NONE:
        return f"{reach}; no position bias"
    return f"{reach}; P: bias of relative positions"
