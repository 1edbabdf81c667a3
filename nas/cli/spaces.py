"""`nas validate` and `nas space`: look at a spec before anything runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nas.cli.formats import format_option

if TYPE_CHECKING:
    from nas.spec.study import StudySpec


@click.command()
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
def validate(spec: str, overrides: tuple[str, ...]) -> None:
    """Check SPEC and say what it would run: of a sweep, all its studies."""
    from nas.spec.file import load_spec, located
    from nas.study.sweep import specs_of

    loaded = load_spec(spec, overrides)
    with located(spec, overrides):
        for each in specs_of(loaded):
            _validate(each)


def _validate(loaded: "StudySpec") -> None:
    from nas.data.load import peek
    from nas.driver.images import foresee_left_out
    from nas.search.build import build_search

    shape, tuned = peek(loaded.data), None
    if loaded.fine_tune is not None:
        same = {"channels": shape.channels}
        tuned = peek(loaded.fine_tune.data.model_copy(update=same))
    search = build_search(loaded, shape, fine_tune_shape=tuned)
    for sentence in (*search.notes, *foresee_left_out(loaded)):
        click.echo(f"note: {sentence}", err=True)
    click.echo(
        f"{loaded.name}: {search.expected} trials, {search.expected_epochs} epochs in all, "
        f"{_seeds(loaded)}, data {loaded.data.source}"
    )


def _seeds(loaded: "StudySpec") -> str:
    seeds, confirm = loaded.search.seeds, loaded.search.confirm
    words = f"{seeds} seed{'' if seeds == 1 else 's'} a candidate"
    if confirm is None:
        return words
    return f"{words}, then the best {confirm.candidates} with {confirm.seeds} of their own"


@click.command()
def schema() -> None:
    """Print the JSON Schema of specs, for editors.

    A spec that begins with "# yaml-language-server: $schema=FILE" is then completed and checked
    while you write it.
    """
    import json

    from nas.spec.schema import spec_schema

    click.echo(json.dumps(spec_schema(), indent=1))


@click.group()
def space() -> None:
    """Look at the search space of a spec."""


@space.command(name="count")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
def count(spec: str, overrides: tuple[str, ...]) -> None:
    """Print the number of points of the space, before sizes are matched."""
    from nas.space.candidate import study_space
    from nas.spec.file import load_spec

    click.echo(study_space(load_spec(spec, overrides)).count())


@space.command(name="list")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@format_option
def list_(spec: str, overrides: tuple[str, ...], output: str) -> None:
    """List the candidates of the space with parameters and MACs, and why points are rejected.

    Baselines come last.
    """
    from nas.cli.output import print_frame
    from nas.data.load import peek
    from nas.space.baselines import enter_baselines
    from nas.space.candidate import candidates
    from nas.spec.file import load_spec
    from nas.tables.listings import candidates_frame

    loaded = load_spec(spec, overrides)
    shape = peek(loaded.data)
    found = [*candidates(loaded, shape), *enter_baselines(loaded, shape).candidates]
    print_frame(candidates_frame(found), output)


@space.command(name="draw")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option("--layout", help="Draw this layout alone, with the layers of its blocks.")
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="SVG file; else standard output."
)
def draw(spec: str, overrides: tuple[str, ...], layout: str | None, to: Path | None) -> None:
    """Draw the layouts of the space below one another as SVG: the first candidate of each."""
    from nas.data.load import peek
    from nas.space.drawing import draw_space, write_drawing
    from nas.spec.file import load_spec

    loaded = load_spec(spec, overrides)
    drawing = draw_space(loaded, peek(loaded.data), layout=layout)
    for sentence in drawing.left_out:
        click.echo(f"note: left out {sentence}", err=True)
    if to is None:
        click.echo(drawing.svg, nl=False)
        return
    write_drawing(to, drawing.svg)
    click.echo(to)
