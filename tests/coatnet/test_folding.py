"""Folded networks: the same function, without batch norms."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from coatnet import CoAtNet, create, folded


def trained(config) -> CoAtNet:
    """Scales, shifts and statistics that are not those of a new network."""
    torch.manual_seed(0)
    model = create(config, seed=0)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    return model.eval()


@pytest.mark.parametrize("layout", ["C-C-C-C", "C-C-T-T", "ViT_REL"])
@pytest.mark.parametrize("place", ["expand", "depthwise", "pool"])
def test_same_outputs(tiny, layout, place):
    model = trained(tiny(layout, mbconv_stride=place))
    images_bchw = torch.randn(3, 2, 20, 20)
    with torch.no_grad():
        torch.testing.assert_close(
            folded(model)(images_bchw), model(images_bchw), atol=1e-5, rtol=1e-5
        )


def test_no_batch_norm_is_left(tiny):
    model = trained(tiny("C-C-C-C"))
    left = [m for m in folded(model).modules() if isinstance(m, nn.BatchNorm2d)]
    assert left == []
    pooled = folded(trained(tiny("C-C-C-C", mbconv_stride="pool")))
    left = [m for m in pooled.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(left) == 3  # one before each pooling of a stage with stride 2


def test_layer_norms_stay(tiny):
    model = trained(tiny("C-C-C-C", mbconv_norm="layer"))
    images_bchw = torch.randn(3, 2, 20, 20)
    torch.testing.assert_close(folded(model)(images_bchw), model(images_bchw))


def test_the_original_is_untouched(tiny):
    model = trained(tiny())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.train()
    folded(model)
    assert model.training
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_training_is_refused(tiny):
    model = folded(trained(tiny()))
    assert not model.eval().training
    with pytest.raises(RuntimeError, match="train the original"):
        model.train()


@pytest.mark.parametrize("place", ["expand", "depthwise", "pool"])
def test_same_outputs_whatever_the_kernels_and_expansions(tiny, place):
    config = tiny("C-C-C-C", mbconv_stride=place, expansion=1)
    first, *others = config.stages
    model = trained(replace(config, kernel=7, stages=(replace(first, kernel=5), *others)))
    images_bchw = torch.randn(3, 2, 20, 20)
    with torch.no_grad():
        torch.testing.assert_close(
            folded(model)(images_bchw), model(images_bchw), atol=1e-5, rtol=1e-5
        )
