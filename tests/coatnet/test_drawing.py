"""Drawings: whole and readable in a browser, true to the configuration, the same every time."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch
from playwright.sync_api import sync_playwright

from coatnet import FAMILY, CoAtNet, cost, in_layout, named
from coatnet.config import NETWORK_OPTIONS, CoAtNetConfig, changed
from coatnet.drawing import amount, draw, draw_all
from coatnet.drawing.canvas import _COLORS
from coatnet.drawing.layers import panels
from coatnet.drawing.parts import network_parts, stage_names

CHROMIUM = Path("/usr/bin/chromium")
SVG = "{http://www.w3.org/2000/svg}"
LAYOUTS = ("C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL")
ZERO = named("coatnet-0")


def eight_stages() -> CoAtNetConfig:
    first, second, third, last = ZERO.stages
    slim = tuple(replace(second, stride=1, width=width) for width in (96, 128, 160))
    stages = (first, *slim, second, third, last, replace(last, stride=1, depth=120))
    return replace(ZERO, stages=stages, image_size=(640, 200), drop_path=0.2)


def own_options() -> CoAtNetConfig:
    """Describe stages that differ in all that stages may have of their own, in long words."""
    first, second, third, last = ZERO.stages
    stages = (
        replace(first, kernel=5, expansion=3, squeeze_ratio=0.125),
        replace(second, kernel=7, expansion=6, squeeze_ratio=0.0),
        replace(third, head_size=128, expansion=8),
        replace(last, head_size=256),
    )
    return replace(ZERO, stages=stages)


CONFIGS = {
    **FAMILY,
    **{layout: in_layout(ZERO, layout) for layout in LAYOUTS},
    "T-C-T-C": in_layout(ZERO, "T-C-T-C"),
    "wide image": named("coatnet-2", image_size=(128, 1024), attention="window"),
    "tall image, fine-tuned": named("coatnet-7", image_size=(768, 64), bias_image_size=224),
    "eight stages": eight_stages(),
    "linear": named("coatnet-1", attention="linear", relative_bias="none", pool_size=3),
    "pooled": named("coatnet-1", mbconv_stride="pool", mbconv_norm="layer", pool="average"),
    "one stage": replace(ZERO, stages=ZERO.stages[:1], squeeze_ratio=0.0),
    "deep stem": replace(ZERO, stem=replace(ZERO.stem, depth=5)),
    "own options": own_options(),
    "other kernel": named("coatnet-2", kernel=7, expansion=1),
    "large numbers": named("coatnet-7", image_size=4096, classes=21843, in_channels=128),
}


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def layers(config: CoAtNetConfig, heading: str) -> dict[str, int]:
    """The layers' first lines with their strides, of the panel of that name, branches included."""
    (panel,) = (panel for panel in panels(config) if heading in panel.heading)
    found = [layer for chain in panel.chains for layer in (*chain.layers, *chain.identity)]
    return {layer.lines[0]: layer.stride for layer in found}


@pytest.mark.parametrize("name", CONFIGS)
def test_stands_alone(name):
    svg = draw(CONFIGS[name])
    root = ET.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {*("svg", "title", "style", "text", "rect", "circle", "polygon", "polyline")}, (
        "no script, picture or foreign object"
    )
    assert not re.search(r"href|url\(|@import|font-face|<!|&#", svg)
    assert svg.count("http") == 1, "the namespace, and nothing to fetch"
    assert svg.endswith("</svg>\n")


def test_equal_configurations_are_drawn_equal():
    again = CoAtNetConfig.from_dict(ZERO.to_dict())
    assert draw(again) == draw(ZERO)
    assert draw_all({"a": again}, title="t") == draw_all({"a": ZERO}, title="t")


def test_every_option_is_seen():
    base = changed(ZERO, relative_bias="none")
    kinds = {name: type(getattr(ZERO, name)) for name in NETWORK_OPTIONS}
    drawings = {
        (name, option): draw(changed(base, **{name: option}))
        for name, options in kinds.items()
        for option in options
        if (name, option) != ("relative_bias", "none") and option != getattr(ZERO, name)
    }
    drawings["base", ""] = draw(base)
    for changes in (
        {"head_size": 64},
        {"kernel": 5},
        {"kernel": 7},
        {"expansion": 6},
        {"squeeze_ratio": 0.5},
        {"squeeze_ratio": 0.0},
        {"pool_size": 3},
        {"in_channels": 1},
        {"classes": 10},
        {"drop_path": 0.1},
        {"bias_image_size": 384},
        {"image_size": (224, 256)},
        {"attention": "window", "window": 5},
        {"attention": "window", "window": 6},
    ):
        drawings[str(changes), ""] = draw(changed(base, **changes))
    first, *others, last = base.stages
    for changes in ({"kernel": 5}, {"expansion": 6}, {"squeeze_ratio": 0.0}):
        stages = (replace(first, **changes), *others, last)
        drawings["first stage", str(changes)] = draw(replace(base, stages=stages))
    for changes in ({"expansion": 6}, {"head_size": 64}):
        stages = (first, *others, replace(last, **changes))
        drawings["last stage", str(changes)] = draw(replace(base, stages=stages))
    for one, other in combinations(drawings, 2):
        assert drawings[one] != drawings[other], (one, other)


def test_the_table_of_coatnet_0_is_table_3():
    words = texts(draw(ZERO, title="CoAtNet-0"))
    for size in (112, 56, 28, 14, 7):
        assert f"{size} × {size}" in words
    start = words.index("channels")
    assert words[start : start + 8] == ["channels", "3", "64", "96", "192", "384", "768", "1,000"]
    start = words.index("blocks")
    assert words[start : start + 8] == ["blocks", "-", "2", "2", "3", "5", "2", "-"]
    assert {"12 × 32", "24 × 32", "CoAtNet-0"} <= set(words)
    assert any(word.startswith("25.04 M parameters · 4.142 G multiply-adds") for word in words)


@pytest.mark.parametrize("name", CONFIGS)
def test_parts_add_up_to_the_whole(name):
    config = CONFIGS[name]
    prices = [part.cost for part in network_parts(config)]
    assert sum(price.parameters for price in prices) == cost(config).parameters
    assert sum(price.macs for price in prices) == cost(config).macs


@pytest.mark.parametrize("name", ["coatnet-0", "coatnet-7", "coatnet-28", "ViT_REL", "T-C-T-C"])
def test_parts_are_the_model_s(name):
    with torch.device("meta"):
        model = CoAtNet(CONFIGS[name], seed=0)
    modules = (model.stem, *model.stages, model.head)
    for part, module in zip(network_parts(CONFIGS[name]), modules, strict=True):
        assert part.cost.parameters == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("place", "strided"),
    [("expand", "Conv 1×1 → 4 D"), ("depthwise", "Depthwise 3×3"), ("pool", "Max pool 2×2")],
)
def test_the_stride_is_where_it_sits(place, strided):
    found = layers(named("coatnet-0", mbconv_stride=place), "MBConv")
    # the identity branch is always pooled
    assert {name for name, stride in found.items() if stride == 2} == {strided, "Max pool 2×2"}


@pytest.mark.parametrize(
    ("changes", "formula", "reach"),
    [
        ({}, "softmax(q kᵀ / √d + P) v", "over all cells; P: bias of relative positions"),
        (
            {"relative_bias": "post"},
            "(softmax(q kᵀ / √d) + P) v",
            "over all cells; P: bias of relative positions",
        ),
        (
            {"relative_bias": "none", "attention": "window", "window": 5},
            "softmax(q kᵀ / √d) v",
            "in windows of 5×5 cells; no position bias",
        ),
    ],
)
def test_attention_is_written_as_it_is(changes, formula, reach):
    assert {formula, reach} <= set(texts(draw(named("coatnet-0", **changes))))


def row(config: CoAtNetConfig, label: str) -> list[str]:
    """The values of the table's row, from the image to the head; none if there is no such row."""
    words = texts(draw(config))
    start = words.index(label) + 1 if label in words else len(words)
    return words[start : start + len(config.stages) + 3]


def test_options_of_stages_are_said_in_words_and_in_numbers():
    found = {**layers(own_options(), "MBConv"), **layers(own_options(), "Transformer")}
    assert {
        "Conv 1×1 → 3 / 6 D", "Depthwise 5×5 / 7×7", "Attention, heads of 128 / 256",
    } <= set(found)  # fmt: skip
    assert {"gate, by way of 0.125 / 0 D", "D → 8 / 4 D → D, GELU"} <= set(
        texts(draw(own_options()))
    )
    assert row(own_options(), "kernel") == ["-", "-", "5 × 5", "7 × 7", "-", "-", "-"]
    assert row(own_options(), "expansion") == ["-", "-", "× 3", "× 6", "× 8", "× 4", "-"]
    assert row(own_options(), "squeeze ratio") == ["-", "-", "0.125", "0", "-", "-", "-"]
    assert row(own_options(), "heads × size") == ["-", "-", "-", "-", "3 × 128", "3 × 256", "-"]


def test_the_paper_s_kernel_and_expansion_need_no_words():
    for label in ("kernel", "expansion", "squeeze ratio"):
        assert row(ZERO, label) == []
    assert row(named("coatnet-2", kernel=7), "kernel") == ["-", "-", "7 × 7", "7 × 7", *"---"]
    unusual = {part.name: part.unusual for part in network_parts(own_options())}
    assert unusual == {
        "S0": "", "S1": "5×5, × 3, SE 0.125", "S2": "7×7, × 6, SE 0", "S3": "× 8, heads of 128",
        "S4": "heads of 256", "Head": "",
    }  # fmt: skip
    several = texts(draw_all({"a": ZERO, "b": own_options()}, title="Two"))
    assert {"5×5, × 3, SE 0.125", "heads of 256"} <= set(several)
    assert not any(part.unusual for part in network_parts(ZERO))
    assert not any("SE ratio" in word for word in texts(draw_all({"a": ZERO}, title="One")))


def test_nothing_is_drawn_that_is_not_there():
    patches = layers(in_layout(ZERO, "ViT_REL"), "Transformer")
    assert list(patches) == ["LayerNorm", "Attention, heads of 32", "Feed-forward"]
    equal = named("coatnet-2")  # S1 keeps the stem's width, S2 does not
    assert "Conv 1×1 → D" in layers(equal, "MBConv")
    only = replace(equal, stages=equal.stages[:1], squeeze_ratio=0.0)
    (panel,) = (panel for panel in panels(only) if panel.color == "C")
    assert [layer.lines[0] for layer in panel.chains[0].identity] == ["Max pool 2×2"]
    assert "Squeeze-excitation" not in layers(only, "MBConv")
    assert not [panel for panel in panels(only) if panel.color == "T"]


def test_bars_are_blocks_and_shrink_with_the_map():
    root = ET.fromstring(draw(ZERO))
    heights: dict[str, list[float]] = {"C": [], "T": []}
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("class") in heights and rect.get("width") == "12":
            heights[rect.get("class")].append(float(rect.get("height")))
    assert [len(found) for found in heights.values()] == [2 + 3, 5 + 2]
    distinct = list(dict.fromkeys(heights["C"] + heights["T"]))
    assert len(distinct) == 4
    assert all(above > below for above, below in pairwise(distinct))


def test_both_halves_of_a_mixed_stage_are_s3():
    assert stage_names(FAMILY["coatnet-7"]) == ("S1", "S2", "S3", "S3", "S4")
    assert stage_names(FAMILY["coatnet-28"]) == ("S1", "S2", "S3", "S4"), "S1 has stride 1 there"
    assert len(set(stage_names(eight_stages()))) == 8


def test_several_are_labelled_and_to_one_scale():
    small, large = named("coatnet-0", image_size=32), named("coatnet-0")
    words = texts(draw_all({"a < b": small, "large": large}, title="Two & more"))
    assert {"a < b", "large", "Two & more", "2 × 96", "56 × 56", "8 × 8"} <= set(words)
    with pytest.raises(ValueError, match="at least one"):
        draw_all({}, title="none")


def test_titles_are_text():
    title = '</title><script>alert("1")</script>'
    root = ET.fromstring(draw(ZERO, title=title))
    assert title in texts(draw(ZERO, title=title))
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize(
    ("number", "short"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.000 k"),
        (147_678, "147.7 k"),
        (25_042_696, "25.04 M"),
        (166_970_000, "167.0 M"),
        (2.54e12, "2,540 G"),
    ],
)
def test_amounts(number, short):
    assert amount(number) == short


@pytest.mark.parametrize("page", [0, 1], ids=["light", "dark"])
def test_colours_are_told_from_what_is_behind(page):
    def luminance(name: str) -> float:
        color = _COLORS[name][page]
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(p * w for p, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    # Web Content Accessibility Guidelines 2.2: 4.5 for text, 3 for what is drawn
    for text in ("ink", "muted"):
        assert min(contrast(text, behind) for behind in ("page", "panel", "box")) >= 4.5
    for drawn in ("C", "T", "plain", "wire"):
        assert min(contrast(drawn, behind) for behind in ("page", "panel")) >= 2.8
    for badge in ("C", "T"):
        assert contrast("on", badge) >= 3


@pytest.fixture(scope="module")
def page():
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser.new_page()
        browser.close()


MEASURE = """() => {
  const box = e => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; };
  const all = selector => [...document.querySelectorAll(selector)];
  const view = document.querySelector('svg').viewBox.baseVal;
  return {
    texts: all('text').map(e => ({text: e.textContent, box: box(e)})),
    boxes: all('rect.box').map(box),
    panels: all('rect.panel:not([class*=stroke])').map(box),
    shapes: all('rect, circle, polygon, polyline').map(box),
    view: [0, 0, view.width, view.height],
  };
}"""


def inside(box, outer, slack=0.6) -> bool:
    return all(a >= b - slack for a, b in zip(box[:2], outer[:2], strict=True)) and all(
        a <= b + slack for a, b in zip(box[2:], outer[2:], strict=True)
    )


def overlap(one, other) -> bool:
    # Boxes of text include room above and below the letters: touching is no fault.
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 0 and down > 2


def faults(page, svg: str) -> list[str]:
    """What a reader would stumble over."""
    page.set_content(svg)
    seen = page.evaluate(MEASURE)
    found = [f"cut: {t['text']}" for t in seen["texts"] if not inside(t["box"], seen["view"])]
    found += [f"cut: a shape at {s}" for s in seen["shapes"] if not inside(s, seen["view"])]
    found += [
        f"overlap: {one['text']} / {other['text']}"
        for one, other in combinations(seen["texts"], 2)
        if overlap(one["box"], other["box"])
    ]
    for text in seen["texts"]:
        x, y = (text["box"][0] + text["box"][2]) / 2, (text["box"][1] + text["box"][3]) / 2
        around = [b for b in seen["boxes"] if b[0] < x < b[2] and b[1] < y < b[3]]
        found += [f"out of its box: {text['text']}" for b in around if not inside(text["box"], b)]
    found += [
        f"half on a panel: {text['text']}"
        for text in seen["texts"]
        for panel in seen["panels"]
        if overlap(text["box"], panel) and not inside(text["box"], panel)
    ]
    found += [
        f"boxes overlap at {one}"
        for one, other in combinations(seen["boxes"], 2)
        if overlap(one, other)
    ]
    return found


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_nothing_overlaps_and_nothing_is_cut(name, page):
    assert faults(page, draw(CONFIGS[name], title=f"A title: {name}")) == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [LAYOUTS, tuple(FAMILY), ("coatnet-28",), ("ViT_REL",), ("own options",), tuple(CONFIGS)],
    ids=["layouts", "family", "one", "patches", "own options", "all"],
)
def test_nothing_overlaps_among_several(names, page):
    configs = {f"{name}#1234": CONFIGS[name] for name in names}
    assert faults(page, draw_all(configs, title="Several")) == []


@pytest.mark.browser
@pytest.mark.slow
def test_faults_are_found(page):
    svg = draw(ZERO)
    several = draw_all({"a": ZERO, "b": ZERO}, title="Several")
    shorter = several.replace('height="112"', 'height="95"')
    assert any("half on a panel" in f for f in faults(page, shorter))
    assert any("overlap" in f for f in faults(page, svg.replace("BatchNorm, GELU", "W" * 40)))
    assert any(
        "out of its box" in f for f in faults(page, svg.replace(">LayerNorm<", ">WWWWWWWWWWWW<"))
    )
    assert any(
        "cut" in f for f in faults(page, re.sub(r'viewBox="0 0 \d+', 'viewBox="0 0 900', svg))
    )
