"""What a study declares when it begins, and what its journal's extensions make of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nas.spec.budget import raised
from nas.spec.file import resolved, spec_from_json
from nas.spec.study import StudySpec
from nas.study.declaration import Declaration
from nas.study.journal import FILE, START, read_from
from nas.study.records import StudyExtended

_MARK = b'"kind":"extended"'
_PIECE = 1 << 20  # bytes


def declaration(spec: StudySpec) -> Declaration:
    """Return what a study of this spec declares before its first result.

    The certificate looks at two paired seeds at the earliest; l* of a study that never has a second
    seed is read off the only one. Where a study confirms, it is the confirmation that is ranked.
    """
    ranked = spec.search.confirm or spec.search
    first = max(ranked.seeds, 2)
    return Declaration(
        first=ranked.seeds,
        last=ranked.most_seeds,
        alpha=spec.ranking.alpha,
        first_round=first if ranked.most_seeds > 1 else 1,
        growing=ranked.most_seeds > ranked.seeds,
    )


def redeclared(
    declared: Declaration, *, before: StudySpec, after: StudySpec, measured: bool
) -> Declaration:
    """Return what a study declares once its spec is `after`; `measured` tells if anything was seen.

    What adds no look and no candidate costs nothing, and neither does what is asked for before
    anything was measured, or where the answer so far claims nothing, of one seed. Otherwise the
    next answer has half the level of the one before, so that all answers together never exceed
    twice the first level, however often a study is extended (docs/ranking.md, "Adding seeds
    afterwards").
    """
    if not measured:
        return declaration(after)
    if after.search.most_seeds <= declared.last and not _more_candidates(before, after):
        return declared
    fresh = declaration(after)
    if declared.last < 2:
        return replace(fresh, first_round=declared.first_round, growing=declared.growing)
    return Declaration(
        first=fresh.first,
        last=fresh.last,
        alpha=declared.alpha / 2,
        first_round=declared.first_round,
        growing=declared.growing,
        spent=declared.together,
    )


def _more_candidates(before: StudySpec, after: StudySpec) -> bool:
    """Tell whether candidates may come that were not there: more are asked for, or paid."""
    more = before.search.candidates != after.search.candidates
    return more or raised(before.search.budget, after.search.budget)


def extended_spec(
    spec: StudySpec, changes: Mapping[str, int | float | str | None], *, file: str
) -> StudySpec:
    """Return the spec with the values at the dotted keys of `changes` in place.

    Raises:
        SpecError: a value cannot be used; the message says that `file` holds it.
    """
    values = resolved(spec)
    for key, value in changes.items():
        *sections, name = key.split(".")
        part = values
        for section in sections:
            part = part[section]
        part[name] = value
    return spec_from_json(values, file)


def journalled_extensions(journal: Path) -> tuple[StudyExtended, ...]:
    """Return the extensions in the journal of this folder; without any no record is decoded.

    Raises:
        JournalError: the journal cannot be read.
        JournalCorruptError: it has an extension, and a record was altered.
    """
    try:
        if not _has_mark(journal / FILE):
            return ()
    except OSError:
        return ()  # not there yet; what cannot be read is told by whoever reads the trials
    records, _ = read_from(journal, START)
    return tuple(record for record in records if isinstance(record, StudyExtended))


def _has_mark(path: Path) -> bool:
    """Look for the mark piece by piece: a journal may have hundreds of megabytes."""
    end = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if _MARK in end + piece:
                return True
            end = piece[-len(_MARK) :]
    return False
