"""At the start signals neither die nor explode over depth, forwards or backwards.

Blocks of pre-normed residual branches each add about as much to the stream as any other, so its
variance grows about linearly over depth. The bands below hold for the networks at hand with room
to spare (seen, of nine networks and three seeds: after the last block 2.2 to 4.2, gradients 1.4 to
13, logits 0.6 to 0.8) and leave out the initialisations that they should: the last test shows it.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional

from coatnet import CoAtNet, CoAtNetConfig, create, in_layout, named
from coatnet.config import VIT_REL, StageConfig, changed

STREAM = (0.15, 6.0)  # standard deviation of the map after the stem and after every block
LAST = (1.8, 6.0)  # and after the last block: every block has added something
GRADIENTS = (0.4, 30.0)  # norm of the loss's gradient after the first block over after the last
LOGITS = (0.3, 1.2)  # standard deviation
NETWORKS = {
    "CoAtNet-0": ("coatnet-0", "C-C-T-T", {}),
    "CoAtNet-1, 24 blocks": ("coatnet-1", "C-C-T-T", {}),
    "C-C-C-C": ("coatnet-0", "C-C-C-C", {}),
    "C-T-T-T": ("coatnet-0", "C-T-T-T", {}),
    VIT_REL: ("coatnet-0", VIT_REL, {}),
    "y_post": ("coatnet-0", "C-C-T-T", {"relative_bias": "post"}),
    "linear": ("coatnet-0", "C-C-T-T", {"attention": "linear", "relative_bias": "none"}),
    "LayerNorm": ("coatnet-0", "C-C-T-T", {"mbconv_norm": "layer"}),
    "depthwise, average": (
        "coatnet-0",
        "C-C-T-T",
        {"mbconv_stride": "depthwise", "pool": "average"},
    ),
}


def quarter(name: str, layout: str, **changes) -> CoAtNetConfig:
    """Describe a member of the family at a quarter of its widths, for images of 64 pixels."""
    full = named(name, image_size=64, head_size=8, classes=100, **changes)
    stages = tuple(
        StageConfig(
            block=stage.block, depth=stage.depth, width=stage.width // 4, stride=stage.stride
        )
        for stage in full.stages
    )
    stem = type(full.stem)(width=full.stem.width // 4)
    return in_layout(changed(full, stem=stem, stages=stages), layout)


def statistics(model: CoAtNet) -> tuple[list[float], list[float], float]:
    """Return the stream's deviations, its gradients' norms, and the logits' deviation."""
    maps: list[torch.Tensor] = []

    def keep(layer, inputs, output) -> None:
        output.retain_grad()
        maps.append(output)

    for layer in (model.stem, *(block for stage in model.stages for block in stage)):
        layer.register_forward_hook(keep)
    images_bchw = torch.randn(16, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    logits_bk = model.train()(images_bchw)
    functional.cross_entropy(logits_bk, torch.arange(16)).backward()
    deviations = [x.std().item() for x in maps]
    gradients = [x.grad.norm().item() for x in maps]
    return deviations, gradients, logits_bk.std().item()


def broken_bands(model: CoAtNet) -> list[str]:
    """Return which of the bands the model leaves, and where."""
    deviations, gradients, logits = statistics(model)
    measured = [
        *((f"stream {block}", value, STREAM) for block, value in enumerate(deviations)),
        ("last", deviations[-1], LAST),
        ("gradients", gradients[1] / gradients[-1], GRADIENTS),
        ("logits", logits, LOGITS),
    ]
    return [
        f"{name}: {value:.3g}" for name, value, (low, high) in measured if not low < value < high
    ]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_signals_keep_their_size_over_depth(network, seed):
    name, layout, changes = network
    assert broken_bands(create(quarter(name, layout, **changes), seed=seed)) == []


def normal(std: float):
    def start(model: CoAtNet) -> None:
        for parameter in model.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=std)

    return start


def branches_of_zeros(model: CoAtNet) -> None:
    for name, parameter in model.named_parameters():
        if name.endswith(("project.weight", "attention.output.weight", "feed_forward.2.weight")):
            parameter.zero_()


@pytest.mark.parametrize(
    ("start", "broken"),
    [
        (normal(1.0), {"last", "gradients", "logits"}),
        (normal(0.02), {"last", "logits"}),
        (branches_of_zeros, {"last"}),
    ],
    ids=["normal 1", "normal 0.02", "branches of zeros"],
)
def test_other_starts_leave_the_bands(start, broken):
    torch.manual_seed(0)
    model = create(quarter("coatnet-0", "C-C-T-T"), seed=0)
    with torch.no_grad():
        start(model)
    assert broken <= {entry.partition(":")[0] for entry in broken_bands(model)}
