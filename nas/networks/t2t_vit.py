"""T2T-ViT (Yuan et al., arXiv 2101.11986): tokens that gather their neighbours, then a narrow ViT.

Names: b batch, c channels, n tokens, h heads, d channels of a head, m random features, k classes.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from coatnet.checkpointing import run_checkpointed
from coatnet.stochastic_depth import drop_path as dropped
from nas.networks.t2t_design import T2TDesign


class T2TViT(nn.Module):
    """Soft splits with layers between them, a class token, a deep and narrow backbone.

    The paper states no initialisation. Matrices are uniform as of Glorot, like ours in
    `coatnet.model`: normal 0.02, as its authors' networks have it, suits widths of hundreds. Four
    epochs of digits at width 60 (`search_spaces/baselines.yaml`, one seed) ended at 28 % with that,
    at 93 % with this.
    """

    def __init__(
        self,
        design: T2TDesign,
        *,
        image_size: int,
        in_channels: int,
        classes: int,
        drop_path: float = 0.0,
    ) -> None:
        """Build the network on square images; its weights come from torch's global stream.

        Args:
            design: the network.
            image_size: height and width, in pixels.
            in_channels: of the images.
            classes: of the logits.
            drop_path: rate of the last layer; it grows linearly from 0 at the first.
        """
        super().__init__()
        width, last = design.embed_dim, design.depth - 1
        self.checkpointing = False
        self.tokens = TokensToTokens(design, image_size=image_size, in_channels=in_channels)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        count = design.sides(image_size)[-1] ** 2 + 1
        self.positions_nc: torch.Tensor
        self.register_buffer("positions_nc", sinusoids(count, width))
        self.layers = nn.ModuleList(
            BackboneLayer(design, drop_path=drop_path * (number / last if last else 1.0))
            for number in range(design.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, classes)
        self.apply(_initialize)
        nn.init.normal_(self.class_token, std=0.02)

    def forward(self, images_bchw: torch.Tensor) -> torch.Tensor:
        """Return the logits (b, k), read off the class token (paper, Eq. 5)."""
        tokens_bnc = self.tokens(images_bchw, checkpointing=self.checkpointing)
        first_b1c = self.class_token.expand(len(tokens_bnc), -1, -1).to(tokens_bnc.dtype)
        x_bnc = torch.cat((first_b1c, tokens_bnc), dim=1) + self.positions_nc
        for layer in self.layers:
            x_bnc = run_checkpointed(layer, x_bnc) if self.checkpointing else layer(x_bnc)
        return self.classifier(self.norm(x_bnc[:, 0]))

    def no_weight_decay(self) -> frozenset[str]:
        """Return the name of the class token; positions are no parameters."""
        return frozenset({"class_token"})


class TokensToTokens(nn.Module):
    """The T2T module: split softly, and between two splits attend and lay the tokens out as a map.

    A soft split makes one token of each patch; patches overlap, so that neighbours share cells.
    """

    def __init__(self, design: T2TDesign, *, image_size: int, in_channels: int) -> None:
        """Build the module on images of that size."""
        super().__init__()
        self.design = design
        self.sides = design.sides(image_size)
        channels = in_channels
        self.layers = nn.ModuleList()
        for kernel in design.kernels[:-1]:
            self.layers.append(
                TokenLayer(channels * kernel**2, design.token_dim, design.token_attention)
            )
            channels = design.token_dim
        self.project = nn.Linear(channels * design.kernels[-1] ** 2, design.embed_dim)

    def forward(self, images_bchw: torch.Tensor, *, checkpointing: bool = False) -> torch.Tensor:
        """Return the tokens (b, n, width of the backbone)."""
        x_bnc = self._split(images_bchw, 0)
        for number, layer in enumerate(self.layers):
            x_bnc = run_checkpointed(layer, x_bnc) if checkpointing else layer(x_bnc)
            x_bchw = x_bnc.mT.unflatten(-1, (self.sides[number], self.sides[number]))
            x_bnc = self._split(x_bchw, number + 1)
        return self.project(x_bnc)

    def _split(self, x_bchw: torch.Tensor, number: int) -> torch.Tensor:
        """Return the patches of a map as tokens (b, n, c times the cells of a patch)."""
        design = self.design
        return functional.unfold(
            x_bchw,
            design.kernels[number],
            stride=design.strides[number],
            padding=design.paddings[number],
        ).mT


class TokenLayer(nn.Module):
    """Attention of one head, then an MLP, that also make wide tokens narrow (paper, Eq. 1).

    Attention is added to the values, since the tokens that come in are wider. By softmax it costs
    n^2; as a Performer (Choromanski et al., arXiv 2009.14794) it costs n: softmax's kernel is then
    estimated by positive features of orthogonal directions, half as many as channels, which are
    drawn once and not trained.
    """

    def __init__(self, in_width: int, width: int, attention: str) -> None:
        """Build the layer, from tokens of `in_width` channels to tokens of `width`."""
        super().__init__()
        self.norm = nn.LayerNorm(in_width)
        self.qkv = nn.Linear(in_width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = _mlp(width, width)
        self.directions_md: torch.Tensor | None
        directions_md = None
        if attention == "performer":
            directions_md = nn.init.orthogonal_(torch.empty(max(1, width // 2), width))
            directions_md = directions_md * math.sqrt(width)  # as long as normal ones on average
        self.register_buffer("directions_md", directions_md)

    def forward(self, x_bnc: torch.Tensor) -> torch.Tensor:
        """Return as many tokens (b, n, width)."""
        q_bnd, k_bnd, v_bnd = self.qkv(self.norm(x_bnc)).chunk(3, dim=-1)
        if self.directions_md is None:
            found_bnd = functional.scaled_dot_product_attention(
                q_bnd[:, None], k_bnd[:, None], v_bnd[:, None]
            )[:, 0]
        else:
            found_bnd = performer_attention(q_bnd, k_bnd, v_bnd, self.directions_md)
        x_bnd = v_bnd + self.out(found_bnd)
        return x_bnd + self.mlp(self.mlp_norm(x_bnd))


class BackboneLayer(nn.Module):
    """x + Attention(Norm(x)), then x + MLP(Norm(x))."""

    def __init__(self, design: T2TDesign, *, drop_path: float) -> None:
        """Build the layer; `drop_path` is the rate of each of its branches."""
        super().__init__()
        width = design.embed_dim
        self.heads = design.num_heads
        self.drop_prob = drop_path
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = _mlp(width, int(width * design.mlp_ratio))

    def forward(self, x_bnc: torch.Tensor) -> torch.Tensor:
        """Return as many tokens (b, n, c)."""
        x_bnc = x_bnc + dropped(self._attend(self.norm(x_bnc)), self.drop_prob, self.training)
        return x_bnc + dropped(self.mlp(self.mlp_norm(x_bnc)), self.drop_prob, self.training)

    def _attend(self, x_bnc: torch.Tensor) -> torch.Tensor:
        q_bhnd, k_bhnd, v_bhnd = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.qkv(x_bnc).chunk(3, dim=-1)
        )
        found_bhnd = functional.scaled_dot_product_attention(q_bhnd, k_bhnd, v_bhnd)
        return self.out(found_bhnd.transpose(1, 2).flatten(2))


def performer_attention(
    q_bnd: torch.Tensor, k_bnd: torch.Tensor, v_bnd: torch.Tensor, directions_md: torch.Tensor
) -> torch.Tensor:
    """Return softmax attention (b, n, d) as estimated by positive random features.

    exp(q k) is the mean over normal directions w of exp(w q - q^2 / 2) exp(w k - k^2 / 2)
    (Choromanski et al., Lemma 1). What all terms of a token's average share is left out, and each
    feature's largest exponent moves from the keys to the queries: nothing overflows, and what is
    divided by is at least 1.
    """
    scale = q_bnd.shape[-1] ** -0.25  # on both sides, where softmax divides by the square root
    to_q_bnm = q_bnd * scale @ directions_md.mT
    to_k_bnm = k_bnd * scale @ directions_md.mT
    to_k_bnm = to_k_bnm - (k_bnd * scale).square().sum(-1, keepdim=True) / 2
    largest_b1m = to_k_bnm.amax(-2, keepdim=True).detach()
    of_k_bnm = torch.exp(to_k_bnm - largest_b1m)
    of_q_bnm = torch.softmax(to_q_bnm + largest_b1m, dim=-1)
    weights_bn1 = of_q_bnm @ of_k_bnm.sum(-2)[..., None]
    return of_q_bnm @ (of_k_bnm.mT @ v_bnd) / weights_bn1


def sinusoids(count: int, width: int) -> torch.Tensor:
    """Return fixed embeddings (count, width) of positions 0, 1, ... (Vaswani et al., 2017, 3.5)."""
    channels = torch.arange(width)
    slowness_c = 10_000.0 ** (channels // 2 * 2 / width)
    angles_nc = torch.arange(count)[:, None] / slowness_c
    return torch.where(channels % 2 == 0, angles_nc.sin(), angles_nc.cos())


def _mlp(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


def _initialize(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
