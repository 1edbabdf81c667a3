"""`nas validate` and `nas space`: look at a spec before anything runs."""

import json
import shlex
from itertools import chain, islice
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
    from nas.spec.schema import spec_schema

    click.echo(json.dumps(spec_schema(), indent=1))


@click.group()
def space() -> None:
    """Look at the search space of a spec."""


@space.command(name="count")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option("--exact", is_flag=True, help="Count exactly, in minutes where need be.")
@format_option
def count(spec: str, overrides: tuple[str, ...], exact: bool, output: str) -> None:
    """Say how many points the space has, and how many of them keep to its limits.

    Of a space too large to be counted exactly in a second it is an estimate between bounds that are
    proven.
    """
    from nas.cli.output import print_json
    from nas.data.load import peek
    from nas.space.candidate import sized_space
    from nas.space.feasible import FeasibleSpace
    from nas.spec.file import load_spec, located

    loaded = load_spec(spec, overrides)
    with located(spec, overrides):
        shape = peek(loaded.data)
        feasible = FeasibleSpace(sized_space(loaded, shape)[0], shape)
        found = feasible.count(exact=exact)
        if not found.feasible.value and feasible.empty:
            raise feasible.why_empty()
    counted = found.feasible
    names = (each.value for each in feasible.quantities)
    row = {
        "points": found.points,
        "feasible": counted.value,
        "exact": counted.exact,
        "low": counted.low,
        "high": counted.high,
        "resolution": dict(zip(names, counted.resolution, strict=True)),
    }
    if output == "json":
        print_json(row)
        return
    if output == "csv":  # numbers may be larger than a column of numbers holds
        click.echo(",".join(row))
        click.echo(",".join(json.dumps(value) for value in list(row.values())[:-1]), nl=False)
        click.echo("," + ";".join(map(str, counted.resolution)))
        return
    limits = "keep to its limits" if feasible.space.limits else "can be built"
    if counted.exact:
        click.echo(f"{counted.value:,} of {found.points:,} points {limits}.")
    else:
        click.echo(
            f"About {counted.value:.3g} of {found.points:.3g} points {limits}: "
            f"from {counted.low:.3g} to {counted.high:.3g} for sure."
        )
    click.echo(f"\nnext: nas space sample {' '.join(map(shlex.quote, (spec, *overrides)))} -n 5")


@space.command(name="sample")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option(
    "-n", "number", default=10, show_default=True, type=click.IntRange(1, 100_000),
    help="So many points.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Equal seeds give equal points.")
@format_option
def sample(spec: str, overrides: tuple[str, ...], number: int, seed: int, output: str) -> None:
    """Draw points that keep to the space's limits, each equally likely, with their prices."""
    from nas.cli.output import print_frame
    from nas.data.load import peek
    from nas.space.candidate import make_candidate, sized_space
    from nas.space.feasible import FeasibleSpace
    from nas.spec.file import load_spec, located
    from nas.tables.listings import candidates_frame

    loaded = load_spec(spec, overrides)
    shape, drop_path = peek(loaded.data), loaded.training.drop_path
    with located(spec, overrides):
        parsed, _ = sized_space(loaded, shape)
        feasible = FeasibleSpace(parsed, shape)
        points = feasible.sample(number, seed=seed)
    found = [
        make_candidate(
            point, shape, space=parsed, drop_path=drop_path, label=f"{point.layout}#{place}"
        )
        for place, point in enumerate(points, start=1)
    ]
    print_frame(candidates_frame(found), output)


@space.command(name="list")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option("-n", "number", type=click.IntRange(min=1), help="So many rows at most.")
@format_option
def list_(spec: str, overrides: tuple[str, ...], number: int | None, output: str) -> None:
    """List the candidates of the space with parameters and MACs, and why points are rejected.

    Baselines come last. Of a space with more points than are listed, those that keep to its limits.
    """
    from nas.cli.output import print_frame
    from nas.data.load import peek
    from nas.space.baselines import enter_baselines
    from nas.space.candidate import candidates
    from nas.spec.file import load_spec, located
    from nas.tables.listings import candidates_frame

    loaded = load_spec(spec, overrides)
    shape = peek(loaded.data)
    with located(spec, overrides):
        every = chain(candidates(loaded, shape), enter_baselines(loaded, shape).candidates)
        found = list(islice(every, number))
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
