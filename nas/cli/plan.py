"""`nas plan`: what a study will take, before it takes it; and how such a forecast came out."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.cli.formats import format_option
from nas.errors import SpecError

if TYPE_CHECKING:
    from nas.planning.forecast import Checked
    from nas.planning.plan import Plan
    from nas.spec.study import StudySpec


@click.command()
@click.argument("spec", required=False)
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option("--price", metavar="NUMBER", help="Of a device hour: prints money, in its currency.")
@click.option("--noise", metavar="POINTS", help="How much seeds scatter, as sd in points.")
@click.option("--address", metavar="ADDRESS", help="Ray cluster, HOST:PORT; else RAY_ADDRESS.")
@click.option("--inline", is_flag=True, help="As `nas search --inline`: one trial at a time.")
@click.option("--study", metavar="PATH", help="Keep the plan for the study that will be there.")
@click.option("--check", metavar="STUDY", help="Compare the plan kept for STUDY with what it took.")
@format_option
def plan(
    spec: str | None,
    overrides: tuple[str, ...],
    study: str | None,
    check: str | None,
    output: str,
    **options: Any,
) -> None:
    """Say what the study of SPEC will take: trials, hours, memory, money.

    A few real steps of a few of its networks are trained, here or on the cluster: some seconds to a
    minute, on a machine that does nothing else. Numbers have intervals (docs/plan.md).
    """
    if check is not None:
        if spec is not None:
            raise SpecError("is for a study alone: leave SPEC out", key="--check")
        _print_checked(_checked(check), output)
        return
    if spec is None:
        raise click.UsageError("name a SPEC, or a study with --check")
    from nas.spec.file import load_spec, located

    loaded = load_spec(spec, overrides)
    if loaded.sweep is not None:
        raise SpecError(
            "one study is planned at a time: add sweep=null and the key's value", key="sweep"
        )
    from nas.study.places import study_folder

    folder = study_folder(loaded.name, study)
    with located(spec, overrides):
        made = _plan(loaded, **options)
    _print_plan(made, output)
    if study is not None:
        from nas.planning.forecast import keep

        click.echo(f"kept in {keep(made, folder)}; `nas plan --check` compares", err=True)


def _number(text: str, key: str, *, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= most:
        raise SpecError(f"must be a number above 0 and up to {most:g}, not {text!r}", key=key)
    return value


def _plan(
    loaded: "StudySpec",
    *,
    price: str | None,
    noise: str | None,
    address: str | None,
    inline: bool,
) -> "Plan":
    cost = None if price is None else _number(price, "--price", most=1e9)
    scatter = None if noise is None else _number(noise, "--noise", most=50.0) / 100
    from nas.driver.images import load_images
    from nas.planning.bill import make_plan
    from nas.planning.where import open_place

    images = load_images(loaded)
    with closing(open_place(loaded.resources, address=address, inline=inline, say=_say)) as place:
        return make_plan(
            loaded,
            images.training,
            images.fine_tuning,
            room=place.room,
            measure=place.measure,
            noise=scatter,
            price=cost,
        )


def _say(what: str) -> None:
    click.echo(f"measuring {what}", err=True)


def _checked(name: str) -> "Checked":
    from nas.errors import NotFoundError
    from nas.planning.forecast import check, kept, plan_file
    from nas.reading.target import open_target

    one = open_target(name).only_study("plan --check")
    seconds = kept(Path(one.folder))
    if seconds is None:
        raise NotFoundError(
            f"no plan at {plan_file(one.folder)}: `nas plan SPEC --study {one.folder}` keeps one"
        )
    found = check(one.histories, seconds)
    if found is None:
        raise NotFoundError(f"{one.folder}: no trial has an epoch yet")
    return found


def _print_checked(found: "Checked", output: str) -> None:
    import pandas as pd

    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame

    if output == "json":
        print_json(asdict(found))
    elif output == "csv":
        print_frame(pd.DataFrame([asdict(found)]), output)
    else:
        click.echo(found.words())


def _print_plan(made: "Plan", output: str) -> None:
    import pandas as pd

    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame
    from nas.planning.words import rows, sentence, written

    if output == "json":
        print_json(made.to_json())
        return
    frame = pd.DataFrame(rows(made) if output == "csv" else written(made))
    print_frame(frame, output, literal=True)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    if output == "table":
        click.echo(f"\n{sentence(made)}")
