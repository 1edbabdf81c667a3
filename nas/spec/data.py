"""Which images a study trains on: the section `data` of a spec, and that of its fine-tuning."""

from typing import Literal, get_args

from pydantic import model_validator

from nas.spec.recipe import Count, Pixels, Rate, Section

# What a spec must know of its sources; the rest each source says of itself, in `nas.data`.
FromPath = Literal["idx", "folder", "cifar", "parquet"]  # read from `data.path`
WithoutPath = Literal["digits", "procedural"]
ENDLESS = frozenset({"procedural"})  # without `data.train` no image comes twice
WITH_COLUMNS = frozenset({"parquet"})


class DataSpec(Section):
    """Where images come from and how they are split; the split never depends on a trial.

    `evaluation` images come from the source's own test set where it has one (IDX `t10k`, CIFAR
    `test`, folder `val/` or `test/`, Parquet `validation` or `test`), else they are set apart from
    the rest by `split_seed`. Nothing is trained on that any task of the study evaluates on
    (docs/measures.md, "Images that are evaluated on").
    """

    source: Literal[WithoutPath, FromPath] = "digits"
    path: str | None = None  # folder of the files; of 'parquet' a URI too, such as s3://BUCKET/SET
    image: str | None = None  # Parquet column of the encoded images; null: `image`, or `img`
    label: str | None = None  # Parquet column of the classes; null: `label`
    image_size: Pixels = 28  # pixels; images are resized to this square
    channels: Literal[1, 3] | None = None  # null: as the source has them
    train: Count | None = None  # images to train on; null takes all: of 'procedural' endlessly many
    probe: Count = 512  # training images on which the probe loss is measured
    evaluation: Count | None = None  # images to evaluate on; null takes all, or a third if unsplit
    split_seed: int = 0
    max_bad: Rate = 0.01  # share of unreadable images at which loading stops

    @model_validator(mode="after")
    def _path_given(self) -> "DataSpec":
        has_path = self.source in get_args(FromPath)
        if has_path and self.path is None:
            raise ValueError(f"path is required for source '{self.source}'")
        if not has_path and self.path is not None:
            raise ValueError(
                f"path is not used by source '{self.source}': remove it or choose a source"
            )
        for key in ("image", "label"):
            if getattr(self, key) is not None and self.source not in WITH_COLUMNS:
                raise ValueError(
                    f"{key} names a Parquet column and is not used by source '{self.source}': "
                    "remove it or choose source 'parquet'"
                )
        return self

    @property
    def endless(self) -> bool:
        """Whether no training image comes twice."""
        return self.source in ENDLESS and self.train is None
