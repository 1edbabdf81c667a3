"""`nas rank --simulate`: how many seeds a question needs, before the first run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from nas.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

    from nas.ranking.forecast.simulate import Forecast, ScenarioRow, SeedsNeeded
    from nas.spec.study import StudySpec

NOISE = "0.1,0.3,1"  # points: what seeds of small and large studies were seen to scatter by
MOST_LAYOUTS = 40  # whose pairs fit into memory a few hundred studies at a time
_SAID = {
    "seeds_median": "seeds_(half_of_studies)",
    "seeds_80": "seeds_(80_%_of_studies)",
    "decided": "pairs_decided_%",
    "false_ever": "any_false_claim_%",
    "trials_mean": "trials",
    "trials_10": "trials_(10_%)",
    "trials_90": "trials_(90_%)",
}
ENOUGH = 0.95  # share of pairs decided, from which a design is said to do


def print_forecast(name: str, overrides: Sequence[str], *, noise: str, output: str) -> None:
    """Simulate studies of the spec `name` and print what they came to.

    Raises:
        SpecError: the spec, or `noise`, cannot be used.
    """
    from nas.cli.formats import print_json
    from nas.cli.listing import print_frame
    from nas.ranking.forecast.simulate import forecast
    from nas.ranking.statistics.certificate import Design
    from nas.spec.file import load_spec

    sds = _noise(noise)
    spec = load_spec(name, overrides)
    ranked = spec.search.confirm or spec.search
    if ranked.seeds < 2:
        raise SpecError("one seed makes no claim, at whatever noise", key="search.seeds")
    layouts = _layouts(spec)
    pairs = layouts * (layouts - 1) // 2
    found = forecast(
        Design.of(spec.ranking, seeds=(ranked.seeds, ranked.most_seeds)),
        layouts,
        until=spec.search.until,
        noise=sds,
        studies=min(2000, max(200, 20_000 // pairs)),
        question=spec.ranking.question,
    )
    if output == "json":
        print_json(_json(found))
        return
    questions, scenarios = _questions(found), _scenarios(found)
    if output == "csv":
        print_frame(questions.merge(scenarios, on="noise"), output)
        return
    click.echo("seeds that a claim about one pair takes; noise is the sd of one run, in points:\n")
    print_frame(_in_points(questions, last=found.design.last), output)
    click.echo("\nwhole studies, their layouts as far apart as the paper's:\n")
    print_frame(_in_points(scenarios), output)
    click.echo(f"\n{conclusion(found)}")


def _noise(text: str) -> tuple[float, ...]:
    """Return the noise as fractions; it is written in points, parted by commas."""
    try:
        points = sorted({float(part) for part in text.split(",")})
    except ValueError:
        points = []
    if not points or not all(0 < each <= 50 for each in points):
        raise SpecError(
            f"must be points of accuracy above 0 and up to 50, as in 0.3,1, not {text!r}",
            key="--noise",
        )
    return tuple(each / 100 for each in points)


def _layouts(spec: "StudySpec") -> int:
    from nas.data.load import peek
    from nas.search.build import build_search

    if spec.search.confirm is not None:
        return spec.search.confirm.candidates
    alone = spec.model_copy(update={"fine_tune": None})
    alone = alone.model_copy(
        update={
            "search": spec.search.model_copy(update={"placebo": None, "schedule_placebo": None})
        }
    )
    layouts = build_search(alone, peek(spec.data)).expected // spec.search.seeds
    if not 2 <= layouts <= MOST_LAYOUTS:
        raise SpecError(
            f"a forecast is of 2 to {MOST_LAYOUTS} layouts; this spec has {layouts}", key="space"
        )
    return layouts


def conclusion(forecast: "Forecast") -> str:
    """Return what the forecast says, as one line."""
    from nas.cli.formats import counted

    first, last = forecast.design.first, forecast.design.last
    seeds = counted(first, "seed") if first == last else f"{first} to {last} seeds"
    enough = [row for row in forecast.scenarios if row.adaptive.decided >= ENOUGH]
    short = [row for row in forecast.scenarios if row.adaptive.decided < ENOUGH]
    said = f"{forecast.layouts} layouts with {seeds} each: "
    if enough:
        worst = enough[-1]
        said += (
            f"up to a noise of {_points(worst.noise)} {worst.adaptive.decided:.0%} of the pairs "
            f"are decided, in about {worst.adaptive.trials_mean:.0f} trials{_saving(worst)}"
        )
    if short:
        first_short = short[0]
        said += "; " if enough else ""
        said += (
            f"at {_points(first_short.noise)} only {first_short.adaptive.decided:.0%} of the pairs "
            "are decided: raise search.max_seeds or ranking.margin"
        )
    return said


def _saving(row: "ScenarioRow") -> str:
    if row.equal.trials_mean - row.adaptive.trials_mean < 1:
        return ""
    return f" ({row.equal.trials_mean:.0f} if every layout got as many)"


def _points(fraction: float) -> str:
    number = f"{100 * fraction:.3g}"
    return f"{number} point{'' if number == '1' else 's'}"


def _claim(asked: "SeedsNeeded") -> str:
    return "not ?" if asked.symbol.value == "?" else asked.symbol.value


def _questions(forecast: "Forecast") -> "pd.DataFrame":
    from nas.tables.schemas import QUESTIONS

    return QUESTIONS.frame(
        {
            "noise": round(asked.deviation / 2**0.5, 12),
            "claim": _claim(asked),
            "true_difference": round(asked.true_difference, 12),
            "seeds_median": asked.seeds_median,
            "seeds_80": asked.seeds_80,
        }
        for asked in forecast.questions
    )


def _scenarios(forecast: "Forecast") -> "pd.DataFrame":
    from nas.tables.schemas import SCENARIOS

    return SCENARIOS.frame(
        {
            "noise": round(row.noise, 12),
            "decided": row.adaptive.decided,
            "trials_mean": row.adaptive.trials_mean,
            "trials_10": row.adaptive.trials_quantiles[0],
            "trials_90": row.adaptive.trials_quantiles[2],
            "trials_if_equal": row.equal.trials_mean,
            "false_ever": row.adaptive.false_ever,
        }
        for row in forecast.scenarios
    )


def _in_points(frame: "pd.DataFrame", *, last: int = 0) -> "pd.DataFrame":
    """Return the frame for people: fractions as points, seeds beyond the last in words."""
    shown = frame.copy()
    for name in ("noise", "true_difference", "decided", "false_ever"):
        if name in shown:
            shown[name] = shown[name].map(lambda value: f"{100 * value:.3g}")
    for name in ("seeds_median", "seeds_80"):
        if name in shown:
            known = frame[name].notna()
            shown[name] = frame[name].astype(str).where(known, f"more than {last}")
    for name in ("trials_mean", "trials_10", "trials_90", "trials_if_equal"):
        if name in shown:
            shown[name] = shown[name].map(lambda value: f"{value:.0f}")
    return shown.rename(columns=_SAID)


def _json(forecast: "Forecast") -> dict[str, Any]:
    from dataclasses import asdict  # not at the top: it is slow to import, and `--help` is not

    values: dict[str, Any] = asdict(forecast)
    values["design"]["correction"] = forecast.design.correction.value
    values["until"] = forecast.until.value
    for row, asked in zip(values["questions"], forecast.questions, strict=True):
        del row["symbol"]
        row["claim"] = _claim(asked)
    return values | {"conclusion": conclusion(forecast)}
