"""`nas validate` and `nas space`: look at a spec before anything runs."""

import json
import shlex
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nas.cli.formats import LocalPath, counted, format_option

if TYPE_CHECKING:
    from nas.driver.images import StudyImages
    from nas.spec.study import StudySpec


@click.command()
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
def validate(spec: str, overrides: tuple[str, ...]) -> None:
    """Check SPEC and its images, and say what it would run: of a sweep, all its studies."""
    from nas.spec.file import load_spec, located
    from nas.study.sweep import specs_of

    loaded = load_spec(spec, overrides)
    with located(spec, overrides):
        seen: dict[str, StudyImages] = {}  # studies of a sweep mostly have the same
        for each in specs_of(loaded):
            _validate(each, seen)


def _validate(loaded: "StudySpec", seen: "dict[str, StudyImages]") -> None:
    from nas.data.load import peek
    from nas.driver.images import facts_of, images_key, load_images
    from nas.driver.study import plan_search
    from nas.search.build import build_search
    from nas.study.facts import left_out_words
    from nas.tracking.uri import refuse_secrets

    if loaded.tracking.uri is not None:
        refuse_secrets(loaded.tracking.uri)
    build_search(loaded, peek(loaded.data))  # what the spec alone tells is wrong, at once
    key = images_key(loaded)
    known = key in seen
    images = seen.setdefault(key, seen[key] if known else load_images(loaded))
    search = plan_search(loaded, images)
    facts = facts_of(images.training)
    tuned = None if images.fine_tuning is None else facts_of(images.fine_tuning)
    notes = list(search.notes)
    if not known:
        for section, each in (("data", facts), ("fine_tune.data", tuned)):
            if each is not None:
                click.echo(f"{section}: {each.words}")
                notes += [*each.notes, *(f"cannot be read: {bad}" for bad in each.bad_files)]
        notes += left_out_words(facts, tuned)
    for sentence in notes:
        click.echo(f"note: {sentence}", err=True)
    click.echo(
        f"{loaded.name}: {counted(search.expected, 'trial')}, "
        f"{counted(search.expected_epochs, 'epoch')} in all, {_seeds(loaded)}, "
        f"data {loaded.data.source}"
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

    Of a space too large to be counted exactly in a second it is an estimate, between bounds that
    are likely and bounds that are proven. Of a sweep, each of its studies is counted.
    """
    from nas.cli.formats import print_json
    from nas.spec.file import load_spec, located

    loaded = load_spec(spec, overrides)
    rows = []
    with located(spec, overrides):
        for word, each in _studies(loaded):
            row, sentences = _counted(each, exact=exact)
            rows.append(row if word is None else {"set": word, **row})
            if output == "table":
                for sentence in sentences:
                    click.echo(sentence if word is None else f"{word}: {sentence}")
    if output == "json":
        print_json(rows[0] if loaded.sweep is None else rows)
    elif output == "csv":  # numbers may be larger than a column of numbers holds
        click.echo(",".join(rows[0]))
        for row in rows:
            click.echo(",".join(map(_csv, row.values())))
    else:
        words = " ".join(map(shlex.quote, (spec, *overrides)))
        click.echo(f"\nnext: nas space sample {words} -n 5")


def _csv(value: object) -> str:
    if isinstance(value, dict):
        return ";".join(map(str, value.values()))
    return value if isinstance(value, str) else json.dumps(value)


def _studies(loaded: "StudySpec") -> "list[tuple[str | None, StudySpec]]":
    """Return the studies of a spec; of a sweep each with its value, or its set's name."""
    from nas.study.sweep import plan_sweep

    if loaded.sweep is None:
        return [(None, loaded)]
    return [(each.word, each.spec) for each in plan_sweep(loaded, folder=Path(loaded.name))]


def _counted(loaded: "StudySpec", *, exact: bool) -> tuple[dict[str, object], list[str]]:
    """Return what is counted as values, and in words of 80 columns at most."""
    from nas.data.load import peek
    from nas.space.candidate import sized_space
    from nas.space.feasible import FeasibleSpace

    shape = peek(loaded.data)
    feasible = FeasibleSpace(sized_space(loaded, shape)[0], shape)
    found = feasible.count(exact=exact)
    if not found.feasible.value and feasible.empty:
        raise feasible.why_empty()
    counted = found.feasible
    resolution = dict(zip(feasible.quantities, counted.resolution, strict=True))
    row: dict[str, object] = {
        "points": found.points,
        "feasible": counted.value,
        "exact": counted.exact,
        "low": counted.low,
        "high": counted.high,
        "likely_low": counted.likely_low,
        "likely_high": counted.likely_high,
        "resolution": {quantity.value: each for quantity, each in resolution.items()},
    }
    limits = "keep to its limits" if feasible.space.limits else "can be built"
    if counted.exact:
        return row, [f"{counted.value:,} of {found.points:,} points {limits}."]
    slack = ", ".join(f"{each:,} {which.words}" for which, each in resolution.items())
    likely = f"{counted.likely_low:.4g} to {counted.likely_high:.4g} with 99.9 % confidence"
    return row, [
        f"About {counted.value:.4g} of {found.points:.3g} points {limits}:",
        f"{likely}, {counted.low:.4g} to {counted.high:.4g} proven,",
        f"prices known up to {slack}.",
    ]


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
    """Draw points that keep to the space's limits, each equally likely, with their prices.

    Of a sweep, as many of each study.
    """
    from nas.cli.listing import print_frame
    from nas.data.load import peek
    from nas.space.candidate import make_candidate, sized_space
    from nas.space.feasible import FeasibleSpace
    from nas.spec.file import load_spec, located
    from nas.tables.listings import candidates_frame, in_sets

    loaded = load_spec(spec, overrides)
    frames = {}
    with located(spec, overrides):
        for word, each in _studies(loaded):
            shape, drop_path = peek(each.data), each.training.drop_path
            parsed, _ = sized_space(each, shape)
            points = FeasibleSpace(parsed, shape).sample(number, seed=seed)
            found = [
                make_candidate(
                    point, shape, space=parsed, drop_path=drop_path, label=f"{point.layout}#{place}"
                )
                for place, point in enumerate(points, start=1)
            ]
            frames[word] = candidates_frame(found)
    print_frame(in_sets(frames), output)


@space.command(name="list")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option(
    "-n",
    "number",
    type=click.IntRange(min=1),
    help="So many rows at most, of a sweep for each study.",
)
@format_option
def list_(spec: str, overrides: tuple[str, ...], number: int | None, output: str) -> None:
    """List the candidates of the space with parameters and MACs, and why points are rejected.

    Baselines come last. Of a space with more points than are listed, those that keep to its limits.
    Of a sweep, those of each study.
    """
    from nas.cli.listing import print_frame
    from nas.data.load import peek
    from nas.space.baselines import enter_baselines
    from nas.space.candidate import candidates
    from nas.spec.file import load_spec, located
    from nas.tables.listings import candidates_frame, in_sets

    loaded = load_spec(spec, overrides)
    frames = {}
    with located(spec, overrides):
        for word, each in _studies(loaded):
            shape = peek(each.data)
            every = chain(candidates(each, shape), enter_baselines(each, shape).candidates)
            frames[word] = candidates_frame(islice(every, number))
    print_frame(in_sets(frames), output)


@space.command(name="draw")
@click.argument("spec")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option("--layout", help="Draw this layout alone, with the layers of its blocks.")
@click.option("--to", type=LocalPath(dir_okay=False), help="SVG file; else standard output.")
@click.option(
    "-o", "--output", type=click.Choice(["svg", "json", "csv"]), default="svg", show_default=True,
    help="The drawing, or the bars of its histograms.",
)  # fmt: skip
def draw(
    spec: str, overrides: tuple[str, ...], layout: str | None, to: Path | None, output: str
) -> None:
    """Draw the space as SVG: the first candidate of each layout, and how prices are spread.

    A histogram of parameters, of MACs and of whatever else is limited, over all points of a layout
    that can be built; what the budget allows is shaded.
    """
    from nas.cli.formats import print_json
    from nas.data.load import peek
    from nas.space.candidate import sized_space
    from nas.space.drawing import draw_space, write_drawing
    from nas.space.spread import bars_of, spreads
    from nas.spec.file import load_spec, located

    loaded = load_spec(spec, overrides)
    shape = peek(loaded.data)
    if output != "svg":
        with located(spec, overrides):
            rows = bars_of(spreads(sized_space(loaded, shape)[0], shape))
        if output == "json":
            print_json(rows)
            return
        for row in [list(rows[0]), *(list(each.values()) for each in rows)]:
            click.echo(",".join(map(str, row)))
        return
    drawing = draw_space(loaded, shape, layout=layout)
    for sentence in drawing.left_out:
        click.echo(f"note: left out {sentence}", err=True)
    if to is None:
        click.echo(drawing.svg, nl=False)
        return
    write_drawing(to, drawing.svg)
    click.echo(to)
