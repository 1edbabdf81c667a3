"""Names, options and images: what cannot be is refused in one line, the rest is built."""

import json
from typing import Any

import pytest
import torch

from nas.errors import SpecError
from nas.networks.construction import construct
from nas.study.records import BaselineConfig

pytestmark = pytest.mark.slow  # timm and transformers take seconds to import


def config(network: str, *, size: int = 32, drop_path: float = 0.0, **options: Any):
    return BaselineConfig(
        network=network,
        options=json.dumps(options, sort_keys=True),
        image_size=size,
        in_channels=1,
        classes=10,
        drop_path=drop_path,
    )


CVT = {"embed_dim": [8, 16, 24], "num_heads": [1, 2, 3], "depth": [1, 2, 3]}


@pytest.mark.parametrize(
    ("network", "options"),
    [
        ("timm/test_vit", {"patch_size": 8, "depth": 1}),
        ("timm/test_nfnet", {"width_factor": 0.5}),
        ("timm/mobilenetv2_035", {}),
        ("transformers/cvt-13", CVT),
    ],
)
def test_images_go_in_and_logits_come_out(network: str, options: dict[str, Any]) -> None:
    model = construct(config(network, **options))
    logits_bk = model(torch.rand(2, 1, 32, 32))
    assert logits_bk.shape == (2, 10)
    assert torch.is_tensor(logits_bk)


def test_the_size_is_given_where_a_network_asks_for_it() -> None:
    model = construct(config("timm/test_vit", size=48, patch_size=8, depth=1))
    assert model.pos_embed.shape[1] == 6 * 6 + 1


def test_drop_path_is_the_recipes() -> None:
    def rates(drop_path: float, given: float | None) -> list[float]:
        model = construct(
            config("timm/test_vit", patch_size=8, depth=3, drop_path=drop_path), drop_path=given
        )
        return [part.drop_prob for part in model.modules() if hasattr(part, "drop_prob")]

    assert rates(0.0, None) == []
    assert max(rates(0.2, None)) == pytest.approx(0.2)
    assert max(rates(0.2, 0.4)) == pytest.approx(0.4)
    assert rates(0.2, 0.0) == []


def test_a_network_without_drop_path_is_built_all_the_same() -> None:
    model = construct(config("timm/test_vit", patch_size=8, depth=1))
    assert construct(config("timm/vgg11", drop_path=0.3)) is not model


def test_the_three_of_cvts_paper() -> None:
    """Wu et al. (2021), Table 3: 20 M, 32 M and 277 M parameters."""
    for name, millions in (("cvt-13", 20), ("cvt-21", 32), ("cvt-w24", 277)):
        with torch.device("meta"):
            model = construct(
                BaselineConfig(
                    network=f"transformers/{name}", image_size=224, in_channels=3, classes=1000
                )
            )
        assert sum(p.numel() for p in model.parameters()) == pytest.approx(millions * 1e6, rel=0.02)


ONE_LINE = [
    ("vit_small_patch16_224", {}, "network",
     "must be timm/NAME or transformers/NAME, not 'vit_small_patch16_224'"),
    ("torchvision/resnet18", {}, "network", "must be timm/NAME or transformers/NAME, not"),
    ("hf-hub:timm/resnet18", {}, "network", "must be timm/NAME or transformers/NAME, not"),
    ("timm/", {}, "network", "must be timm/NAME or transformers/NAME, not 'timm/'"),
    ("timm/hf-hub:timm/resnet18.a1_in1k", {}, "network", "nothing is downloaded"),
    ("timm/local-dir:/weights", {}, "network", "nothing is downloaded"),
    ("timm/../resnet18", {}, "network", "nothing is downloaded"),
    ("transformers/microsoft/cvt-13", {}, "network", "nothing is downloaded"),
    ("timm/vit_smal_patch16_224", {}, "network",
     "timm has no network 'vit_smal_patch16_224', did you mean 'vit_small_patch16_224'?"),
    ("timm/qqqqqqqqqqqq", {}, "network",
     "timm has no network 'qqqqqqqqqqqq'; timm.list_models() lists them"),
    ("timm/resnet18.a1_in1k", {}, "network",
     "'.a1_in1k' names trained weights, and every trial starts from random ones: timm/resnet18"),
    ("transformers/cvt-14", {}, "network",
     ("must be one of transformers/cvt-13, transformers/cvt-21, transformers/cvt-w24, not "
     "'transformers/cvt-14'")),
    ("timm/test_vit", {"pretrained": True}, "options.pretrained",
     "is refused: every trial starts from random weights"),
    ("timm/test_vit", {"checkpoint_path": "a.pth"}, "options.checkpoint_path", "is refused"),
    ("timm/test_vit", {"pretrained_cfg": {"file": "a"}}, "options.pretrained_cfg", "is refused"),
    ("timm/test_vit", {"num_classes": 3}, "options.num_classes",
     "is decided for all networks by data: remove it"),
    ("timm/test_vit", {"drop_path_rate": 0.1}, "options.drop_path_rate", "training.drop_path"),
    ("timm/test_vit", {"patchsize": 4}, "options",
     ("timm/test_vit with options {patchsize: 4} cannot be used on images of 32x32 pixels and 1 "
     "channel: TypeError: VisionTransformer.__init__() got an unexpected keyword argument "
     "'patchsize'")),
    ("transformers/cvt-13", {"depht": [1, 2, 3]}, "options.depht",
     "CvtConfig has no such option, did you mean 'depth'?"),
    ("transformers/cvt-13", {"depth": [1, 1, 3]}, "options.depth",
     "must be at least [1, 2, 3], not [1, 1, 3]: transformers builds none shallower"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "options", "key", "message"), ONE_LINE)
def test_refused_in_one_line(network: str, options: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        construct(config(network, **options))
    assert raised.value.key == key
    assert message in raised.value.message
    assert "\n" not in str(raised.value)
