"""Adds to a study what fits what it trained, and runs it: more seeds, candidates, budget, machines.

Nothing that was trained is trained again: ids and seeds go on where they stand.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from nas.driver.conclusion import Conclusion
from nas.driver.display import Display
from nas.driver.images import load_again, with_absolute_paths
from nas.driver.study import drive, plan_search, warn, watching
from nas.errors import SpecError
from nas.execution.executor import Executor
from nas.execution.inline import InlineExecutor
from nas.spec.budget import BudgetSpec, budget_key
from nas.spec.choices import Metric
from nas.spec.file import resolved, spec_of_values
from nas.spec.study import SearchSpec, StudySpec
from nas.study.driving import driving
from nas.study.extension import redeclared
from nas.study.folder import Study
from nas.study.records import EpochMeasured, Pause, StudyExtended
from nas.study.state import StudyState
from nas.tracking.checking import check_tracking

Changes = Mapping[str, int | float | str | None]

_SEARCH = ("seeds", "max_seeds", "until", "trials", "candidates")
_FREE = ("resources", "tracking")  # sections that change no trial's outcome
_MOVED = ("data.path", "fine_tune.data.path")  # the same images elsewhere: fingerprints tell
_QUESTION = "ranking.question"  # either is answered at its own level, whatever the other was
_REASONS = {
    "name": "it is what the study is called in tables and MLflow",
    "space": "candidates were drawn from it",
    "baselines": "they are part of the first round",
    "data": "what is trained saw these images",
    "training": "what is trained was trained so",
    "fine_tune": "what is trained was fine-tuned so",
    "search": "it chose the trials there are",
    "ranking": "it was declared before the first result",
    "sweep": "a study is no sweep",
}


def extend_study(
    study: Study, overrides: Sequence[str], *, executor: Executor, display: Display
) -> Conclusion:
    """Change the study by ``section.key=value`` and run it to its end.

    Whatever can be refused is refused before anything is written. The extension is a record of the
    journal: a study that is killed from then on goes on with it at the next resume.

    Raises:
        SpecError: a key cannot be changed, or has that value already, or asks for what cannot be.
        DataError: the images are not those the study began with.
        JournalError: another driver runs the study, or the disk refuses.
        NoClusterError: nothing to run on.
        KeyboardInterrupt: it was asked to stop; what ran is recorded as interrupted.
    """
    with driving(study, waiting=watching(study, display)) as journal:
        records = journal.records
        for done in [r for r in records if isinstance(r, StudyExtended)][len(study.extensions) :]:
            study = study.extended(done)  # by someone else, after it was opened
        spec, changes = changed_spec(study, overrides)
        extension = StudyExtended(
            at=time.time(),
            changes=changes,
            declared=redeclared(
                study.declared,
                before=study.spec,
                after=spec,
                measured=any(isinstance(record, EpochMeasured) for record in records),
            ),
        )
        extended = study.extended(extension)
        fresh = "tracking.uri" in changes
        warn(display, check_tracking(spec, folder=study.folder, fresh=fresh))
        images = load_again(extended)
        search = plan_search(spec, images, declared=extended.declared)
        state = StudyState(
            [*records, extension], attempts_allowed=extended.begun.resources.attempts
        )
        state.release_running()
        if search.decide(state) is Pause.DONE:
            executor = InlineExecutor()  # nothing is left to run: no cluster is needed
        executor.prepare(spec.resources)
        journal.append(extension)
        return drive(
            extended,
            images,
            search,
            journal=journal,
            records=[*records, extension],
            executor=executor,
            display=display,
        )


def changed_spec(study: Study, overrides: Sequence[str]) -> tuple[StudySpec, Changes]:
    """Return the spec with `overrides` and what they change, by dotted key.

    Raises:
        SpecError: a key cannot be changed, or not so, or nothing changes.
    """
    for text in overrides:
        _check_key(study, text.partition("=")[0].strip())
    before = resolved(study.spec)
    spec = with_absolute_paths(spec_of_values(before, _both_moved(study.spec, overrides)))
    _check_search(study, spec)
    after = resolved(spec)
    changes: dict[str, int | float | str | None] = {
        f"{section}.{key}": value
        for section in ("search", "search.budget", "ranking", *_FREE)
        for key, value in _part(after, section).items()
        if key != "budget" and value != _part(before, section)[key]
    }
    changes |= _moved(study.spec, spec)
    if not changes:
        asked = " ".join(overrides) or "nothing"
        raise SpecError(
            f"{study.place} has {asked} already; `nas resume {study.place}` goes on with it"
        )
    return spec, changes


def _paths(spec: StudySpec) -> dict[str, str | None]:
    tuned = {} if spec.fine_tune is None else {"fine_tune.data.path": spec.fine_tune.data.path}
    return {"data.path": spec.data.path, **tuned}


def _moved(before: StudySpec, after: StudySpec) -> dict[str, str | None]:
    """Return where images are that were elsewhere; an old relative path that is one is no other."""
    old, new = _paths(with_absolute_paths(before)), _paths(after)
    return {key: path for key, path in new.items() if path != old[key]}


def _both_moved(spec: StudySpec, overrides: Sequence[str]) -> list[str]:
    """Return the overrides; where both tasks have the same images, one path moves both."""
    paths = _paths(spec)
    given = {key: text for text in overrides if (key := text.partition("=")[0].strip()) in _MOVED}
    if len(given) != 1 or len(paths) != 2 or len(set(paths.values())) != 1:
        return list(overrides)
    ((key, text),) = given.items()
    (other,) = paths.keys() - {key}
    return [*overrides, f"{other}={text.partition('=')[2]}"]


def _part(values: dict[str, Any], section: str) -> dict[str, Any]:
    for key in section.split("."):
        values = values[key]
    return values


def _check_key(study: Study, key: str) -> None:
    section, _, name = key.partition(".")
    if key == "search.budget" or key in map(budget_key, BudgetSpec.model_fields):
        return
    if (section in _FREE and name) or (section == "search" and name in _SEARCH):
        return
    if key == _QUESTION or _paths(study.spec).get(key) is not None:
        return
    known = section == "search" and name in SearchSpec.model_fields
    if section in _REASONS and (known or section != "search"):
        raise SpecError(
            f"cannot be changed afterwards, {_REASONS[section]}: `nas search "
            f"{study.place}/spec.json {key}=VALUE --study OTHER` begins another study",
            key=key,
        )
    raise SpecError(
        f"{key or 'this'} is nothing that can be added to: search.{', search.'.join(_SEARCH)}, "
        f"search.budget.KEY, {_QUESTION}, data.path, resources.KEY and tracking.KEY are"
    )


def _check_search(study: Study, spec: StudySpec) -> None:
    """Refuse what would take back what was trained or said."""
    old, new = study.spec.search, spec.search
    if old.confirm is not None and (new.seeds, new.candidates) != (old.seeds, old.candidates):
        raise SpecError(
            "cannot grow: the best of what was explored are confirmed, and others would have been; "
            "`--study OTHER` begins another",
            key="search.seeds" if new.seeds != old.seeds else "search.candidates",
        )
    if new.seeds < old.seeds:
        raise SpecError(_fewer(new.seeds, old.seeds), key="search.seeds")
    if new.most_seeds < old.most_seeds:
        raise SpecError(_fewer(new.most_seeds, old.most_seeds), key="search.max_seeds")
    if new.candidates == old.candidates:
        return
    if old.candidates is None or (new.candidates is not None and new.candidates < old.candidates):
        raise SpecError(_fewer(new.candidates, old.candidates or "all"), key="search.candidates")
    if old.allocation.by_rungs:
        raise SpecError(
            "cannot grow where candidates are compared at rungs: who goes on depends on how many "
            "there are; `--study OTHER` begins another",
            key="search.candidates",
        )
    if spec.ranking.metric is Metric.GENERALIZATION:
        raise SpecError(
            "cannot grow where layouts are compared at equal training loss: l* is the loss that "
            "all reach, another candidate would move every score; `--study OTHER` begins another",
            key="search.candidates",
        )


def _fewer(new: object, old: object) -> str:
    return f"{new} is fewer than the {old} it has: nothing that was trained is taken back"
