"""The source `procedural`: images that are drawn, as many as are asked for or without end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nas.data.arrays import ImageArrays
from nas.data.dataset import Dataset, Decoded, Pool, Source
from nas.data.images import DeviceImages, Indices, Pixels
from nas.data.scenes import CHANNELS, CLASS_NAMES, SMALLEST, Scenes
from nas.spec.study import DataSpec

if TYPE_CHECKING:
    import torch

EVALUATION = 2_000  # images, unless a spec says otherwise


@dataclass(frozen=True, kw_only=True, slots=True)
class ProceduralImages(Scenes):
    """Scenes as a set of images without end (see `nas.data.images.Images`)."""

    @property
    def count(self) -> None:
        """Images there are: without end."""

    def batches(self, chosen: Iterable[Indices]) -> Iterator[tuple[Pixels, Indices]]:
        """Yield batches, drawn on the CPU."""
        import torch

        drawn = self.to_device(torch.device("cpu"))
        for images, labels in drawn.batches(torch.tensor(batch) for batch in chosen):
            yield images.numpy(), labels.numpy()

    def subset(self, indices: Indices) -> ImageArrays:
        """Return these images in memory."""
        images, labels = next(self.batches([indices]))
        return ImageArrays(images=images, labels=labels)

    def to_device(self, device: "torch.device") -> DeviceImages:
        """Return images that are drawn on the device when they are taken."""
        from nas.data.rendering import RenderedImages  # noqa: PLC0415 - imports torch

        return RenderedImages(scenes=self, device=device)


def _open(spec: DataSpec) -> Dataset:
    train, evaluation = (
        ProceduralImages(
            name=name,
            seed=spec.split_seed,
            size=spec.image_size,
            channels=spec.channels or CHANNELS,
        )
        for name in ("train", "evaluation")
    )
    return Dataset(
        name="procedural",
        channels=train.channels,
        class_names=CLASS_NAMES,
        train=_first(train, spec.train or spec.probe),
        evaluation=_first(evaluation, spec.evaluation or EVALUATION),
        endless=train if spec.endless else None,
    )


def _first(drawn: ProceduralImages, count: int) -> Pool:
    """Return images 0 to `count` - 1."""
    import torch

    from nas.data.rendering import labels_of  # noqa: PLC0415 - likewise

    def decode(indices: Indices) -> Decoded:
        return Decoded(images=drawn.subset(indices).images, bad={})

    return Pool(labels=labels_of(drawn, torch.arange(count)).numpy(), decode=decode)


SOURCE = Source(
    channels=CHANNELS,
    class_names=lambda spec: CLASS_NAMES,
    open=_open,
    drawn=True,
    smallest=SMALLEST,
)
