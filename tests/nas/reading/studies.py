"""Studies on disk of which the tests of readers make up the trials."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from nas.spec.study import StudySpec
from nas.study.facts import DataFacts
from nas.study.folder import Study, create_study
from nas.study.records import DataShape

SEEDS = {"search": {"seeds": 4, "max_seeds": 6, "until": "sharp"}}
LAYOUTS = ["C-C-C-C", "C-C-T-T"]


def a_study(tmp_path: Path, *, tuned: int | None = None, **more: Any) -> Study:
    """A study with 600 images to evaluate on, and so many after fine-tuning."""
    facts = DataFacts(
        fingerprint="f",
        train_images=10,
        evaluation_images=600,
        probe_images=5,
        shape=DataShape(image_size=28, channels=1, classes=10),
        class_names=tuple("0123456789"),
        mean=(0.0,),
        std=(1.0,),
    )
    space = {"stem": {"width": 8}, "layouts": LAYOUTS, "stages": [{"depth": 1, "width": 32}] * 4}
    spec = StudySpec.model_validate({"name": "a", "space": space, **SEEDS, **more})
    after = None if tuned is None else replace(facts, evaluation_images=tuned)
    return create_study(spec, facts, fine_tuning=after, folder=tmp_path / "a")
