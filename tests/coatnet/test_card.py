"""The card is true of the network, and its YAML holds whatever the metadata are."""

import re
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from coatnet import cost, named
from coatnet.card import card, front_matter

NASTY = [
    'end"\n---\nlicense: stolen',
    "- a\n- b",
    "\\",
    "{{ }} # not a comment: no",
    "a\u2028b\u0085c\x00\x7f\r",
    "😀 é",
    "---",
    "",
    "yes",
]


def parsed(text):
    """Return the front matter, as YAML reads it, and the rest."""
    before, yaml, rest = re.split(r"^---$", text, maxsplit=2, flags=re.MULTILINE)
    assert before == ""
    return YAML(typ="safe").load(yaml), rest


def test_front_matter_names_library_and_task():
    values, rest = parsed(front_matter())
    assert values == {
        "library_name": "coatnet",
        "pipeline_tag": "image-classification",
        "tags": ["coatnet", "image-classification"],
    }
    assert rest == "\n"


def test_nothing_in_the_metadata_breaks_the_front_matter():
    values, _ = parsed(
        card(
            named("coatnet-28"),
            {"license": NASTY[0], "language": NASTY[4], "tags": NASTY, "datasets": NASTY},
        )
    )
    assert values["license"] == NASTY[0]
    assert values["language"] == NASTY[4]
    assert values["tags"] == ["coatnet", "image-classification", *NASTY]
    assert values["datasets"] == NASTY
    assert set(values) == {
        "library_name", "pipeline_tag", "license", "language", "tags", "datasets",
    }  # fmt: skip


def test_the_hubs_own_library_reads_it():
    hub = pytest.importorskip("huggingface_hub")
    metadata = {"license": "apache-2.0", "tags": [NASTY[0], NASTY[5]], "datasets": ["org/digits"]}
    data = hub.ModelCard(card(named("coatnet-28"), metadata)).data
    assert data.library_name == "coatnet"
    assert data.pipeline_tag == "image-classification"
    assert data.license == "apache-2.0"
    assert data.tags == ["coatnet", "image-classification", NASTY[0], NASTY[5]]
    assert data.datasets == ["org/digits"]


def test_metadata_of_other_types_stay_out():
    values, _ = parsed(front_matter({"license": 3, "tags": "text", "datasets": [1, None, "a"]}))
    assert values["datasets"] == ["a"]
    assert values["tags"] == ["coatnet", "image-classification"]
    assert "license" not in values


@pytest.mark.parametrize(
    ("config", "size", "larger"),
    [
        (named("coatnet-0", classes=7), "224 x 224", "image_size=448"),
        (named("coatnet-0", image_size=(64, 96)), "64 x 96", r"image_size=\(128, 192\)"),
    ],
)
def test_the_card_says_what_the_network_is(config, size, larger):
    text = card(config)
    price = cost(config)
    for said in (
        f"# CoAtNet {config.layout}",
        f"{price.parameters:,} parameters",
        f"{price.macs:,} multiply-adds",
        size,
        f"{config.classes} classes",
        "S3 (transformer) | 5 | 384 | 2 | " + " x ".join(str(side) for side in config.map_sizes[3]),
        "| relative_bias | pre |",
    ):
        assert said in text
    assert re.search(larger, text)
    assert "classes=10," in text


def test_the_card_of_ten_classes_shows_another_number():
    assert "classes=100," in card(named("coatnet-0", classes=10))


def test_the_card_names_options_that_are_not_the_paper_s():
    plain = named("coatnet-0")
    assert "own options" not in card(plain)
    assert "kernel" not in card(plain)
    first, *others, last = plain.stages
    first = replace(first, kernel=5, squeeze_ratio=0.0)
    mixed = replace(plain, expansion=6, stages=(first, *others, replace(last, head_size=64)))
    text = card(mixed)
    for said in (
        "| part | blocks | width | stride | map | own options |",
        "|---|---|---|---|---|---|",
        "| stem (convolution) | 2 | 64 | 2 | 112 x 112 |  |",
        "| S1 (convolution) | 2 | 96 | 2 | 56 x 56 | kernel 5, squeeze_ratio 0.0 |",
        "| S4 (transformer) | 2 | 768 | 2 | 7 x 7 | head_size 64 |",
        "| expansion | 6 |",
    ):
        assert said in text
