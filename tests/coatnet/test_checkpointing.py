"""Activation checkpointing: the same training, number by number, for less memory."""

from contextlib import nullcontext

import pytest
import torch

from coatnet import CoAtNet, create
from coatnet.config import VIT_REL

NETWORKS = {
    "C-C-T-T": {},
    "C-C-C-C": {"layout": "C-C-C-C"},
    "C-T-T-T": {"layout": "C-T-T-T"},
    VIT_REL: {"layout": VIT_REL},
    "LayerNorm": {"mbconv_norm": "layer", "squeeze_ratio": 0.0},
    "windows, y_post": {"attention": "window", "window": 3, "relative_bias": "post"},
    "linear": {"attention": "linear", "relative_bias": "none", "mbconv_stride": "pool"},
    "kernels and expansions": {"layout": "C-C-T-T", "kernel": 7, "expansion": 1},
    "resized": {"bias_image_size": 40, "mbconv_stride": "depthwise", "pool": "average"},
}


def batch(number: int) -> torch.Tensor:
    return torch.randn(4, 2, 20, 20, generator=torch.Generator().manual_seed(number))


def trained(model: CoAtNet, steps: int = 2, context=nullcontext) -> list[torch.Tensor]:
    """Return logits, gradients, state and the random state's next number of every step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    seen: list[torch.Tensor] = []
    torch.manual_seed(0)
    for step in range(steps):
        optimizer.zero_grad()
        with context():
            logits_bk = model(batch(step))
        logits_bk.float().square().sum().backward()
        optimizer.step()
        seen += [logits_bk.detach(), *(parameter.grad for parameter in model.parameters())]
        seen += [tensor.clone() for tensor in model.state_dict().values()]
        seen.append(torch.rand(3))
    return seen


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


def pair(tiny, **changes) -> tuple[CoAtNet, CoAtNet]:
    plain, checkpointed = (create(tiny(**changes), drop_path=0.5, seed=0) for _ in range(2))
    checkpointed.checkpoint_activations()
    return plain, checkpointed


@pytest.mark.parametrize("changes", NETWORKS.values(), ids=NETWORKS)
def test_training_is_exactly_the_same(tiny, changes):
    """Outputs, gradients, what is dropped, running statistics and their counters: two steps."""
    plain, checkpointed = pair(tiny, **changes)
    expected = trained(plain)
    assert_same(trained(checkpointed), expected)
    counters = [b for name, b in plain.named_buffers() if name.endswith("num_batches_tracked")]
    assert all(counter == 2 for counter in counters)
    assert bool(counters) == (changes.get("layout") != VIT_REL)


def test_what_is_dropped_matters_here(tiny):
    """The noise must be drawn again as it was: another noise gives other gradients."""
    plain, _ = pair(tiny)
    torch.manual_seed(0)
    one, other = plain(batch(0)), plain(batch(0))
    assert not torch.equal(one, other)


def test_low_precision_is_exactly_the_same(tiny):
    plain, checkpointed = pair(tiny)

    def context():
        return torch.autocast("cpu", torch.bfloat16)

    assert_same(trained(checkpointed, context=context), trained(plain, context=context))


def test_statistics_count_each_batch_once_in_whatever_order_backwards_come(tiny):
    def statistics(model: CoAtNet) -> list[torch.Tensor]:
        torch.manual_seed(0)
        first, second = model(batch(0)), model(batch(1))
        first.sum().backward()
        second.sum().backward()
        gradients = [parameter.grad for parameter in model.parameters()]
        return [*gradients, *(buffer.clone() for buffer in model.buffers())]

    plain, checkpointed = pair(tiny)
    assert_same(statistics(checkpointed), statistics(plain))


def test_norms_are_left_as_they_were(tiny):
    _, model = pair(tiny)
    trained(model)
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert len(norms) == 7
    for norm in norms:
        assert norm.training
        assert norm.track_running_stats
        assert norm.momentum == model.config.batch_norm_momentum
        assert norm.num_batches_tracked == 2
    fresh, _ = pair(tiny)
    assert list(model.state_dict()) == list(fresh.state_dict())


def kept(model: CoAtNet) -> int:
    """Return how many bytes beside the parameters autograd keeps for the backward pass."""
    own = {parameter.data_ptr() for parameter in model.parameters()}
    found: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        logits_bk = model(batch(0))
    del logits_bk
    return sum(found.values())


def test_it_keeps_less(tiny):
    plain, checkpointed = pair(tiny)
    assert kept(checkpointed) < 0.5 * kept(plain)
    checkpointed.checkpoint_activations(False)
    assert kept(checkpointed) > 0.9 * kept(plain)


@pytest.mark.parametrize("mode", ["eval", "no_grad"])
def test_without_a_backward_pass_it_is_off(tiny, mode):
    plain, checkpointed = pair(tiny)
    if mode == "eval":
        plain.eval()
        checkpointed.eval()
        assert torch.equal(checkpointed(batch(0)), plain(batch(0)))
        assert kept(checkpointed) == kept(plain)
        return
    torch.manual_seed(0)
    with torch.no_grad():
        expected = plain(batch(0))
    torch.manual_seed(0)
    with torch.no_grad():
        assert torch.equal(checkpointed(batch(0)), expected)
