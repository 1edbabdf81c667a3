"""What a point says of itself."""

from search_spaces.language.parse import parse_space


def test_shape_in_words_and_numbers() -> None:
    stages = [{"depth": 2, "width": 8}, {"depth": 3, "width": 4}]
    layouts = {"C-T": {}, "ViT_REL": {"patch": 7, "depth": 5, "width": 8}}
    values = {"stem": {"width": 8}, "head_size": 4, "stages": stages, "layouts": layouts}
    first, second = parse_space(values).points()
    assert str(first) == "C-T depths 2-3 widths 8-4"
    assert str(second) == "ViT_REL (T) patch 7 depths 5 widths 8"
    assert (first.total_depth, second.total_depth) == (5, 5)
    assert (first.widths_shrink, second.widths_shrink) == (True, False)
    wider = parse_space({**values, "stem": {"width": 4}, "stages": stages[:1] * 2})
    assert not wider.point_at(0).widths_shrink
    assert (
        parse_space({**values, "stem": {"width": 9}, "stages": stages[:1] * 2})
        .point_at(0)
        .widths_shrink
    )
