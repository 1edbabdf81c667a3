"""Stochastic depth: whole samples, the right share, and nothing when off."""

import pytest
import torch

from coatnet import CoAtNet
from coatnet.stochastic_depth import drop_path, drop_path_rates


def test_whole_samples_are_left_out_and_the_rest_scaled():
    torch.manual_seed(0)
    branch = torch.rand(4000, 3, 2) + 1
    dropped = drop_path(branch, 0.25, training=True)
    left_out = (dropped == 0).flatten(1).all(1)
    assert left_out.float().mean().item() == pytest.approx(0.25, abs=0.03)
    torch.testing.assert_close(dropped[~left_out], branch[~left_out] / 0.75)


@pytest.mark.parametrize(("rate", "training"), [(0.0, True), (0.9, False)])
def test_off_is_free(rate, training):
    branch = torch.rand(2, 3)
    state = torch.get_rng_state()
    assert drop_path(branch, rate, training) is branch
    assert torch.equal(torch.get_rng_state(), state)


def test_rates_are_linear_and_the_last_block_gets_the_full_rate(tiny):
    rates = drop_path_rates(tiny(drop_path=0.4))
    assert [len(stage) for stage in rates] == [1, 1, 2, 1]
    flat = [rate for stage in rates for rate in stage]
    assert flat == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_blocks_get_their_rates(tiny):
    model = CoAtNet(tiny(drop_path=0.4), seed=0)
    found = [module.drop_path for module in model.modules() if hasattr(module, "drop_path")]
    assert found == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_a_single_block_gets_the_full_rate(tiny):
    config = tiny("C-C-T-T", drop_path=0.4)
    single = type(config)(stem=config.stem, stages=config.stages[:1], drop_path=0.4)
    assert drop_path_rates(single) == ((0.4,),)


def test_attention_and_feed_forward_are_dropped_separately(tiny):
    torch.manual_seed(0)
    block = CoAtNet(tiny("C-C-T-T", drop_path=0.5), seed=0).stages[2][1]
    block.drop_path = 0.5
    x_bnc = torch.rand(1, block.sizes.input[0] ** 2, 12).expand(400, -1, -1)
    distinct = torch.unique(block(x_bnc).detach().flatten(1), dim=0)
    assert len(distinct) == 4  # neither, either, both
