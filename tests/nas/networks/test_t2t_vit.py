"""The network of T2T-ViT: soft splits, Performer attention, positions, in a 28 px setting."""

import pytest
import torch
from torch import nn

from nas.networks.t2t_design import designed
from nas.networks.t2t_vit import (
    BackboneLayer,
    T2TViT,
    TokenLayer,
    TokensToTokens,
    performer_attention,
    sinusoids,
)

SMALL = {"depth": 3, "embed_dim": 16, "num_heads": 2, "token_dim": 8, "strides": [2, 2, 1]}


def network(*, drop_path: float = 0.0, size: int = 28, **options: object) -> T2TViT:
    torch.manual_seed(0)
    design = designed("t2t_vit_7", {**SMALL, **options})
    return T2TViT(design, image_size=size, in_channels=1, classes=10, drop_path=drop_path)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_a_soft_split_lays_out_overlapping_patches() -> None:
    """Kernel 3 and stride 2: neighbours share a column; the border is zeros."""
    design = designed("t2t_vit_7", {"kernels": [3], "strides": [2]})
    module = TokensToTokens(design, image_size=4, in_channels=1)
    rows = torch.arange(1.0, 17.0).reshape(1, 1, 4, 4)
    tokens = module._split(rows, 0)
    assert tokens.shape == (1, 4, 9)
    assert tokens[0, 0].tolist() == [0, 0, 0, 0, 1, 2, 0, 5, 6]
    assert tokens[0, 3].tolist() == [6, 7, 8, 10, 11, 12, 14, 15, 16]


def test_tokens_are_laid_out_as_the_map_they_came_from() -> None:
    """With attention's outputs at zero each token depends on the pixels of its patches alone."""
    model = network(kernels=[7, 3], strides=[2, 2]).tokens
    (layer,) = model.layers
    assert isinstance(layer, TokenLayer)
    nn.init.zeros_(layer.out.weight)
    one = drawn(1, 1, 28, 28)
    other = one.clone()
    other[..., 0:2, 24:28] += 1.0  # top right
    changed = (model(one) - model(other)).abs().sum(-1).reshape(7, 7) > 1e-6
    assert changed[0, 6]
    assert not changed[:, 0].any()
    assert not changed[6].any()


def test_a_performer_is_the_ratio_of_sums_over_features() -> None:
    """Choromanski et al. (2021), Eq. 4 and Lemma 1, without the factors that cancel."""
    q, k, v = (drawn(2, 5, 8, seed=seed).double() for seed in range(3))
    directions = drawn(4, 8, seed=4).double()

    def features(x: torch.Tensor) -> torch.Tensor:
        x = x / 8**0.25
        return (x @ directions.mT - x.square().sum(-1, keepdim=True) / 2).exp()

    weights = features(q) @ features(k).mT
    expected = weights @ v / weights.sum(-1, keepdim=True)
    assert torch.allclose(performer_attention(q, k, v, directions), expected)


def test_a_performer_estimates_softmax() -> None:
    q, k, v = (drawn(4, 20, 16, seed=seed).double() for seed in range(3))
    q, k = q / 2, k / 2  # the estimate's variance grows as the exponential of their squares
    directions = drawn(20_000, 16, seed=4).double()
    softmax = nn.functional.scaled_dot_product_attention(q, k, v)
    found = performer_attention(q, k, v, directions)
    mean = v.mean(1, keepdim=True).expand_as(v)
    assert (found - softmax).square().mean() < 0.03 * (mean - softmax).square().mean()


def test_a_performer_is_finite_where_exponentials_are_not() -> None:
    q, k, v = (100 * drawn(2, 6, 8, seed=seed) for seed in range(3))
    assert performer_attention(q, k, v, drawn(4, 8, seed=4)).isfinite().all()


def test_directions_are_orthogonal_fixed_and_kept_with_the_weights() -> None:
    model = network()
    directions = [value for name, value in model.state_dict().items() if "directions" in name]
    assert [tuple(each.shape) for each in directions] == [(4, 8), (4, 8)]
    for each in directions:
        assert torch.allclose(each @ each.mT, 8 * torch.eye(4), atol=1e-5)
    assert not any("directions" in name for name, _ in model.named_parameters())
    softmax = network(token_attention="transformer").state_dict()
    assert not any("directions" in name for name in softmax)


def test_positions_are_sinusoids() -> None:
    """Vaswani et al. (2017), Section 3.5: pairs of sine and cosine, from fast to slow."""
    table = sinusoids(50, 6)
    assert table.shape == (50, 6)
    assert table[0].tolist() == [0, 1, 0, 1, 0, 1]
    position = torch.tensor(7.0)
    assert table[7, 0] == pytest.approx(position.sin())
    assert table[7, 3] == pytest.approx((position / 10_000 ** (2 / 6)).cos())
    assert sinusoids(3, 5).shape == (3, 5)


def test_drop_path_grows_with_depth() -> None:
    rates = [
        part.drop_prob
        for part in network(drop_path=0.2).modules()
        if isinstance(part, BackboneLayer)
    ]
    assert rates == pytest.approx([0.0, 0.1, 0.2])
    assert [layer.drop_prob for layer in network(drop_path=0.2, depth=1).layers] == [0.2]


def test_each_image_has_its_own_logits() -> None:
    model, images = network().eval(), drawn(3, 1, 28, 28)
    assert torch.allclose(model(images)[1:2], model(images[1:2]), atol=1e-6)


@pytest.mark.slow
def test_it_learns_to_tell_two_images_apart() -> None:
    model, images = network(), drawn(2, 1, 28, 28)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), torch.tensor([0, 1]))
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_everything_is_trained() -> None:
    model = network()
    model(drawn(2, 1, 28, 28)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
