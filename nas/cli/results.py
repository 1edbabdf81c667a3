"""Commands that read studies: status, ls, rank, report, export."""

from pathlib import Path

import click

from nas.cli import forecasts, sweep
from nas.cli.formats import format_option
from nas.errors import SpecError


@click.command()
@click.argument("study")
@format_option
def status(study: str, output: str) -> None:
    """Show the trials of STUDY, or the studies of a sweep, and where each stands."""
    from nas.cli.output import print_frame, print_status_line
    from nas.study.folder import find_study, open_study
    from nas.tables.listings import status_frame

    if (swept := sweep.found(study)) is not None:
        sweep.print_status(swept, output)
        return
    opened = open_study(find_study(study))
    state = opened.state()
    if output == "table":
        print_status_line(opened, state)
    print_frame(status_frame(state.histories()), output)


@click.command()
@click.argument("root", default="studies", type=click.Path(path_type=Path))
@format_option
def ls(root: Path, output: str) -> None:
    """List the studies under ROOT (default: studies)."""
    from nas.cli.output import print_frame
    from nas.tables.listings import studies_frame

    print_frame(studies_frame(root), output)


@click.command()
@click.argument("study")
@click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
@click.option(
    "--metric",
    type=click.Choice(["generalization", "capacity", "transfer", "accuracy"]),
    help="What trials are scored by; else as the spec says.",
)
@click.option(
    "--simulate",
    is_flag=True,
    help="STUDY is a spec: tell how many seeds its questions need. Nothing is trained.",
)
@click.option(
    "--noise",
    metavar="POINTS,...",
    help=f"With --simulate: how much seeds scatter, as sd in points; default {forecasts.NOISE}.",
)
@format_option
def rank(
    study: str,
    overrides: tuple[str, ...],
    metric: str | None,
    simulate: bool,
    noise: str | None,
    output: str,
) -> None:
    """Rank the layouts of STUDY by its finished trials; of a sweep, one row a value.

    With --simulate STUDY is a spec, whose keys KEY.PATH=VALUE changes.
    """
    if simulate:
        if metric is not None:
            raise SpecError("is not for --simulate: no trial is scored", key="--metric")
        forecasts.print_forecast(study, overrides, noise=noise or forecasts.NOISE, output=output)
        return
    if overrides or noise is not None:
        raise SpecError("is only for --simulate", key=overrides[0] if overrides else "--noise")
    from nas.cli.output import print_ranking
    from nas.driver.conclusion import rank_study
    from nas.study.folder import find_study, open_study

    if (swept := sweep.found(study)) is not None:
        sweep.print_orders(swept, output, metric=metric)
        return
    opened = open_study(find_study(study))
    print_ranking(rank_study(opened, opened.histories(), metric=metric), output)


@click.command()
@click.argument("study")
@click.option("--to", type=click.Path(path_type=Path), help="HTML file; else inside STUDY.")
def report(study: str, to: Path | None) -> None:
    """Write the report of STUDY as one HTML file and print its path; of a sweep, its picture."""
    from nas.driver.conclusion import REPORT, rank_study, report_study
    from nas.study.folder import find_study, open_study

    if (swept := sweep.found(study)) is not None:
        click.echo(sweep.report(swept, to))
        return
    opened = open_study(find_study(study))
    histories = opened.histories()
    path = to or opened.folder / REPORT
    click.echo(report_study(opened, histories, rank_study(opened, histories), to=path))


@click.command()
@click.argument("study")
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder to write.")
def export(study: str, to: Path) -> None:
    """Write the best model of STUDY to a folder that `coatnet.load` reads."""
    from nas.driver.conclusion import rank_study
    from nas.export.winner import export_winner
    from nas.study.folder import find_study, open_study

    if (swept := sweep.found(study)) is not None:
        sweep.refuse(swept, "export")
    opened = open_study(find_study(study))
    histories = opened.histories()
    exported = export_winner(opened, rank_study(opened, histories), histories, to=to)
    if exported.note:
        click.echo(f"note: {exported.note}", err=True)
    click.echo(f"{exported.folder}  ({exported.trial_id})")
