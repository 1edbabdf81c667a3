"""A study's report, and what it says of how the study came about."""

import time
from collections.abc import Sequence
from pathlib import Path

from nas.planning.forecast import check, kept
from nas.ranking.confirmed import confirmed
from nas.ranking.result import Ranking
from nas.reading.extension import again, extensions_words
from nas.reading.pareto import study_fronts
from nas.reading.rungs import study_rungs
from nas.report.page import Searched, write_report
from nas.study.folder import Study
from nas.study.records import TrialHistory


def report_study(
    study: Study, histories: Sequence[TrialHistory], ranking: Ranking, *, to: Path
) -> Path:
    """Write the HTML report of a study to `to`; return it."""
    write_report(
        to,
        title=study.spec.name,
        histories=histories,
        shown=confirmed(histories, study.spec.search),
        ranking=ranking,
        facts=_facts(study) | _forecast(study, histories),
        searched=Searched(
            rungs=study_rungs(study, histories), fronts=study_fronts(study, histories, ranking)
        ),
    )
    return to


def _kept_apart(study: Study) -> str:
    if study.data.left_out is None:
        return "begun by 0.1: nobody looked whether images that are evaluated on are trained on"
    return "; ".join(study.left_out) or "nothing that is evaluated on was among images to train on"


def _forecast(study: Study, histories: Sequence[TrialHistory]) -> dict[str, str]:
    """Return how the plan that was kept for the study came out, where one was."""
    seconds = kept(study.folder)
    checked = None if seconds is None else check(histories, seconds)
    return {} if checked is None else {"forecast": checked.words()}


def _facts(study: Study) -> dict[str, str]:
    """Return what someone needs to run the study again."""
    data = study.data
    return {
        "study": f"{study.spec.name} ({study.id})",
        "begun": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(study.created)),
        "data": f"{study.spec.data.source}: {data.amount} images to train on, "
        f"{data.probe_images:,} of them the probe, {data.evaluation_images:,} to evaluate; "
        f"{data.shape.classes} classes, {data.pixels} pixels; sha256 {data.fingerprint}",
        "kept apart": _kept_apart(study),
        "recipe": study.spec.training.model_dump_json(),
        "search": study.spec.search.model_dump_json(),
        **({"extended": extensions_words(study)} if study.extensions else {}),
        "versions": ", ".join(f"{name} {version}" for name, version in study.versions.items()),
        "commit": study.commit or "not in a git repository",
        "again": again(study),
    }
