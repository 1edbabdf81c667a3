"""What `nas space list` lists: the sizes of layouts stage by stage, baselines by their name."""

from nas.networks.family import Size
from nas.space.candidate import Candidate, Rejection
from nas.study.records import BaselineConfig
from nas.tables.listings import candidates_frame
from tests.nas.builders import TINY


def test_layouts_baselines_and_rejections_share_the_columns():
    config = BaselineConfig(network="timm/test_vit", image_size=8, in_channels=1, classes=10)
    size = Size(parameters=3, macs=4)
    frame = candidates_frame(
        [
            Candidate(label="C", layout="C", config=TINY, cost=size),
            Candidate(label="ViT", layout="ViT", config=config, cost=size),
            Rejection(layout="T", point="T depths 9", reason="too large"),
        ]
    )
    sizes = frame[["candidate", "types", "depths", "widths"]].head(2)
    assert sizes.to_numpy().tolist() == [["C", "C", "1", "4"], ["ViT", "timm/test_vit", "", ""]]
    assert frame["parameters"].tolist()[:2] == [3, 3]
    assert frame["rejected"].iloc[2] == "too large"
