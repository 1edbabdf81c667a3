"""Commands for models: export one, and label image files by it."""

from dataclasses import asdict
from pathlib import Path

import click

from nas.cli.formats import LocalPath, format_option
from nas.errors import NasError, SpecError


@click.command()
@click.argument("study")
@click.option("--to", type=LocalPath(), required=True, help="Folder to write.")
@click.option("--format", "formats", multiple=True, metavar="F,...",
              help="Beside safetensors: pt2, onnx, timm, mlflow; several at once.")  # fmt: skip
@click.option("--trial", metavar="ID", help="This trial; else the best of the best layout.")
@click.option("--layout", metavar="L", help="The best trial of this layout.")
def export(
    study: str, to: Path, formats: tuple[str, ...], trial: str | None, layout: str | None
) -> None:
    """Write the best model of STUDY to a folder that `coatnet.load` reads."""
    from nas.export.formats import Format
    from nas.reading.target import open_target

    known = {each.value for each in Format}
    asked = [name.strip() for each in formats for name in each.split(",")]
    for name in asked:
        if name not in known:
            raise SpecError(f"{name!r} is none of {', '.join(Format)}", key="--format")
    if trial is not None and layout is not None:
        raise SpecError("a trial is of one layout: give one of both", key="--layout")
    exported = (
        open_target(study)
        .only_study("export")
        .export(to, formats={Format(name) for name in asked}, trial=trial, layout=layout)
    )
    if exported.note:
        click.echo(f"note: {exported.note}", err=True)
    click.echo(f"{exported.folder}  ({exported.trial_id})")


@click.command()
@click.argument("model", type=LocalPath())
@click.argument("images", nargs=-1, required=True, type=LocalPath())
@format_option
def predict(model: Path, images: tuple[Path, ...], output: str) -> None:
    """Label image files by MODEL, a folder that `nas export` wrote or one of its files.

    IMAGES may be folders: all images in them. Files are decoded and resized as in training.
    """
    from nas.cli.listing import print_frame
    from nas.export.predicting import image_files, open_model, predict
    from nas.tables.schemas import PREDICTIONS

    files = image_files(images)
    found = list(predict(open_model(model), files))
    print_frame(PREDICTIONS.frame(asdict(each) for each in found), output)
    bad = [each for each in found if each.unreadable]
    if bad:
        raise NasError(f"{len(bad)} of {len(found)} files cannot be read as images: {bad[0].file}")
