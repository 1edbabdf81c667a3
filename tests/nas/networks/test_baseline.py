"""Names, options and images: what cannot be is refused in one line, the rest is built."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from nas.errors import SpecError
from nas.networks.registry import family_of
from nas.study.records import BaselineConfig, DataShape

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


def construct(config: BaselineConfig, *, drop_path: float | None = None):
    return family_of(config).construct(config, drop_path=drop_path)


VIT = BaselineConfig(
    network="timm/test_vit",
    options='{"depth": 2, "embed_dim": 8, "patch_size": 4}',
    image_size=8,
    in_channels=1,
    classes=3,
)
NFNET = replace(VIT, network="timm/test_nfnet", options='{"width_factor": 0.25}')
TINY_CVT = replace(
    VIT,
    network="transformers/cvt-13",
    options='{"depth": [1, 2, 3], "embed_dim": [4, 8, 12], "num_heads": [1, 2, 3]}',
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


ONE_LINE = [
    ("vit_small_patch16_224", {}, "network",
     "must be timm/NAME, transformers/NAME or t2t/NAME, not 'vit_small_patch16_224'"),
    ("torchvision/resnet18", {}, "network", "transformers/NAME or t2t/NAME, not"),
    ("hf-hub:timm/resnet18", {}, "network", "transformers/NAME or t2t/NAME, not"),
    ("timm/", {}, "network", "must be timm/NAME, transformers/NAME or t2t/NAME, not 'timm/'"),
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


def test_weights_that_fit_another_size_and_other_classes() -> None:
    def check(before: BaselineConfig, **changes: Any) -> None:
        family_of(before).check_weights_fit(before, replace(before, **changes))

    convnext = config("timm/test_convnext")
    check(convnext, image_size=64)
    check(convnext, image_size=64, classes=3)
    vit = config("timm/test_vit", patch_size=8, depth=1)
    check(vit, classes=3)
    with pytest.raises(ValueError, match=r"for images of 32 px: pos_embed has shape \(1, 17, 64\)"):
        check(vit, image_size=64)


def test_what_is_said_of_it() -> None:
    described = family_of(VIT).describe(VIT)
    assert (described.types, described.depths) == ("timm/test_vit", ())
    assert described.params == {"network": "timm/test_vit", "options": VIT.options}


def test_images_of_another_shape() -> None:
    shape = DataShape(image_size=12, channels=1, classes=5)
    tuned = family_of(VIT).retargeted(VIT, shape, drop_path=0.2)
    assert tuned == replace(VIT, image_size=12, classes=5, drop_path=0.2)
