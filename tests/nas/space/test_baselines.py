"""What `baselines:` asks for, as candidates: named, priced, or refused under its own key."""

from typing import Any

import pytest

from nas.errors import SpecError
from nas.networks.family import Size
from nas.space.baselines import Entered, enter_baselines
from nas.spec.file import load_spec
from nas.spec.study import StudySpec
from nas.study.records import DataShape
from tests.nas.networks.test_baseline import config
from tests.nas.space.test_candidate import SPACE

SHAPE = DataShape(image_size=32, channels=1, classes=10)
VIT = {"network": "timm/test_vit", "options": {"patch_size": 8, "depth": 1}}


def study(*baselines: Any, **changes: Any) -> StudySpec:
    return StudySpec.model_validate(
        {"name": "a", "space": SPACE, "baselines": baselines, **changes}
    )


def test_none() -> None:
    assert enter_baselines(study(), SHAPE) == Entered()


@pytest.mark.slow
def test_a_network_with_its_price() -> None:
    spec = study(VIT, "timm/test_vit3", training={"drop_path": 0.1})
    entered = enter_baselines(spec, SHAPE)
    first, second = entered.candidates
    assert (first.label, first.layout, second.label) == ("test_vit", "test_vit", "test_vit3")
    assert first.config == config("timm/test_vit", drop_path=0.1, patch_size=8, depth=1)
    assert first.cost == Size(parameters=47_818, macs=799_488)  # by hand
    assert first.point is None
    # The rate grows from 0 at the first block on, so a network of one block drops none.
    assert entered.notes == ("test_vit has no drop path and is trained without",)


@pytest.mark.slow
def test_labels_are_unique() -> None:
    layout = {**VIT, "network": "timm/test_vit"}
    entered = enter_baselines(study(layout, {**VIT, "label": "test_vit-2"}, VIT), SHAPE)
    labels = [candidate.label for candidate in entered.candidates]
    assert labels == ["test_vit", "test_vit-2", "test_vit-3"]


@pytest.mark.parametrize(
    ("labels", "number"), [(["C-T"], 0), (["ViT", "ViT"], 1), (["other", "twin"], 1)]
)
def test_a_label_that_is_taken(labels: list[str], number: int) -> None:
    with pytest.raises(SpecError) as raised:
        enter_baselines(study(*({**VIT, "label": label} for label in labels)), SHAPE)
    assert raised.value.key == f"baselines.{number}.label"
    assert f"'{labels[number]}' is another network of this study" in raised.value.message


@pytest.mark.slow
def test_the_key_leads_to_what_is_wrong() -> None:
    for wrong, key in (
        ("timm/nothing", "baselines.1.network"),
        ({"network": "timm/test_vit", "options": {"pretrained": True}},
         "baselines.1.options.pretrained"),
    ):  # fmt: skip
        with pytest.raises(SpecError) as raised:
            enter_baselines(study(VIT, wrong), SHAPE)
        assert raised.value.key == key


@pytest.mark.slow
def test_it_is_said_who_has_no_drop_path() -> None:
    cvt = {
        "network": "transformers/cvt-13",
        "label": "CvT",
        "options": {"embed_dim": [8, 16, 24], "num_heads": [1, 2, 3], "depth": [1, 2, 3]},
    }
    entered = enter_baselines(study(cvt, "timm/test_convnext", training={"drop_path": 0.1}), SHAPE)
    assert entered.notes == ("CvT has no drop path and is trained without",)
    assert enter_baselines(study(cvt), SHAPE).notes == ()


@pytest.mark.slow
def test_all_that_the_paper_compares_with_are_shipped_in_one_file() -> None:
    """CoAtNet's Tables 4 and 5 and its related work; near 150 k, as the file says of them."""
    entered = enter_baselines(
        load_spec("baselines"), DataShape(image_size=32, channels=1, classes=10)
    )
    sizes = {each.label: each.cost.parameters for each in entered.candidates}
    rivals = {"ViT", "NFNet", "BoTNet", "CvT", "LeViT", "T2T-ViT", "MobileNetV2"}
    assert rivals <= sizes.keys()
    assert sizes.pop("MobileNetV2") == 408_650
    assert all(140_000 < size < 161_000 for size in sizes.values())
