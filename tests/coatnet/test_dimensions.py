"""What holds in a stage: its own options before the network's."""

from dataclasses import replace

from coatnet import named
from coatnet.dimensions import BlockOptions, block_options, pads_beforehand, squeezed_width

ZERO = named("coatnet-0", kernel=5, expansion=2, squeeze_ratio=0.5, head_size=16)


def test_a_stage_without_options_has_the_networks():
    for stage in ZERO.stages:
        assert block_options(ZERO, stage) == BlockOptions(5, 2, 0.5, 16)
    plain = named("coatnet-0")
    assert block_options(plain, plain.stages[0]) == BlockOptions(3, 4, 0.25, 32)


def test_a_stage_s_own_options_go_first():
    first, *_, last = ZERO.stages
    convolutions = replace(first, kernel=7, expansion=1, squeeze_ratio=0.0)
    assert block_options(ZERO, convolutions) == BlockOptions(7, 1, 0.0, 16)
    transformers = replace(last, expansion=8, head_size=64)
    assert block_options(ZERO, transformers) == BlockOptions(5, 8, 0.5, 64)


def test_the_bottleneck_is_at_least_a_channel_or_none():
    assert [squeezed_width(BlockOptions(3, 4, ratio, 32), 12) for ratio in (0.0, 0.01, 0.25)] == [
        0, 1, 3,
    ]  # fmt: skip


def test_only_small_kernels_on_smaller_maps_are_padded_beforehand():
    """Where it pays: the docstring has the measurements."""
    padded = {
        (kernel, size)
        for kernel in (3, 5, 7)
        for size in ((1, 1), (2, 9), (9, 2), (3, 3), (4, 6), (6, 6))
        if pads_beforehand(BlockOptions(kernel, 4, 0.25, 32), size)
    }
    assert padded == {(3, (1, 1)), (3, (2, 9)), (3, (9, 2))}
