"""One spec, a study for each value of one of its keys, or for each set of keys: their folder.

SWEEP/
  sweep.json              the resolved spec and the values
  spec.json               the spec alone: `nas search SWEEP/spec.json` runs the sweep again
  data.train=300/         a study like any other
  data.train=endless/
  size=40k/               or, of a sweep over sets of keys, by the key's word and the set's name
  phase.html .csv .parquet    views: the order against the key
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from nas.errors import SpecError
from nas.spec.file import fingerprint, resolved, spec_from_json
from nas.spec.names import check_name
from nas.spec.paths import is_uri, local_path
from nas.spec.study import StudySpec, SweepSpec
from nas.study.copies import copy_at
from nas.study.folder import SPEC, STUDY, Study, has_secret, open_study
from nas.study.places import STUDIES
from nas.study.places import refuse_existing as refuse_existing_study
from nas.study.storage import FolderKind, write_json
from search_spaces.language.document import Document
from search_spaces.language.errors import DocumentError
from search_spaces.language.overrides import override

SWEEP = FolderKind(word="sweep", file="sweep.json", format=1, reads=frozenset({1}))
IMAGES = "data.train"  # the key of a phase diagram: number of training images
_KEY = "sweep.values"
_SETS = "sweep.sets"
_UNSWEPT = ("name", "sweep")  # a study has its own
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One value of a sweep, and the study it asks for."""

    value: JsonValue  # of the key; the name of a set
    word: str  # the value in names and tables: 300, all, endless
    spec: StudySpec
    folder: Path  # there is nothing until the study begins

    @property
    def begun(self) -> bool:
        """Whether the study exists."""
        return STUDY.is_at(self.folder)

    def study(self) -> Study | None:
        """Return the study, None before it begins.

        Raises:
            SpecError: its `study.json` is damaged.
        """
        return open_study(self.folder) if self.begun else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """An opened sweep. Its studies are run one after another, in the order of the values."""

    folder: Path
    created: float  # Unix time
    spec: StudySpec
    members: tuple[Member, ...]

    @property
    def key(self) -> str:
        """The key that differs, dotted; of sets the word for what differs."""
        assert self.spec.sweep is not None
        return self.spec.sweep.key


def plan_sweep(spec: StudySpec, *, folder: Path) -> tuple[Member, ...]:
    """Return the studies of a sweep in `folder`, each checked as if it were asked for alone.

    Raises:
        SpecError: a value cannot be used; the message names it.
    """
    assert spec.sweep is not None
    key = spec.sweep.key
    if not key or "=" in key:
        raise SpecError(f"{key!r} is not a key path such as {IMAGES}", key="sweep.key")
    for changed, place in ((key, "sweep.key"), *_keys_of_sets(spec.sweep)):
        if changed.split(".")[0] in _UNSWEPT:
            raise SpecError(f"{changed} cannot differ between the studies of a sweep", key=place)
    members = tuple(_member(spec, asked, folder) for asked in _asked(spec.sweep))
    place = _KEY if spec.sweep.sets is None else _SETS
    known: dict[str, Member] = {}
    for member in members:
        same = known.setdefault(fingerprint(member.spec), member)
        if same is not member:
            raise SpecError(f"{same.word} and {member.word} ask for the same study", key=place)
    words = [member.word for member in members]
    if twice := {word for word in words if words.count(word) > 1}:
        raise SpecError(f"two values would be called {min(twice)}", key=place)
    return members


def _keys_of_sets(sweep: SweepSpec) -> list[tuple[str, str]]:
    """Return each key that a set changes, and where that stands in the spec."""
    sets = sweep.sets or {}
    return [(key, f"{_SETS}.{name}") for name, keys in sets.items() for key in keys]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """A study that a sweep asks for: its value, and the keys that make it."""

    key: str
    value: JsonValue
    changes: Mapping[str, JsonValue]
    said: str  # how an error names it
    place: str  # where it stands in the spec


def _asked(sweep: SweepSpec) -> list[_Asked]:
    key = sweep.key
    if sweep.sets is not None:
        return [
            _Asked(key=key, value=name, changes=keys, said=f"{key}={name}", place=f"{_SETS}.{name}")
            for name, keys in sweep.sets.items()
        ]
    return [
        _Asked(key=key, value=value, changes={key: value}, said=f"{key}={_json(value)}", place=_KEY)
        for value in sweep.values or ()
    ]


def _json(value: JsonValue) -> str:
    return json.dumps(value, allow_nan=False)


def create_sweep(spec: StudySpec, *, folder: Path) -> Sweep:
    """Create the folder with its `sweep.json`; of several processes at once one succeeds.

    Raises:
        StudyExistsError: there is something at `folder` already.
        SpecError: a value cannot be used, or the folder cannot be created.
    """
    created = time.time()
    sweep = Sweep(
        folder=folder, created=created, spec=spec, members=plan_sweep(spec, folder=folder)
    )
    values = {
        "created": created,
        "fingerprint": fingerprint(spec),
        "values": [member.value for member in sweep.members],
        "spec": resolved(spec),
    }
    with SWEEP.creating(folder, values, private=has_secret(spec)) as staged:
        write_json(staged / SPEC, resolved(spec))
    return sweep


def refuse_existing(folder: Path) -> None:
    """Check that a sweep can be created at `folder`.

    Raises:
        StudyExistsError: there is something already.
    """
    if not SWEEP.is_at(folder):
        STUDY.refuse_existing(folder)
    SWEEP.refuse_existing(folder)


def check_new(spec: StudySpec, *, folder: Path) -> None:
    """Check that a spec, of a study or a sweep, can begin at `folder`: what is quick to tell.

    Raises:
        StudyExistsError: there is something already.
        SpecError: a value of the sweep cannot be used.
    """
    if spec.sweep is None:
        refuse_existing_study(folder)
        return
    refuse_in_store(spec, folder=folder)
    refuse_existing(folder)
    plan_sweep(spec, folder=folder)


def refuse_in_store(spec: StudySpec, *, folder: Path) -> None:
    """Check that a sweep is not to go into an object store; nothing is asked of a store.

    Raises:
        SpecError: it is.
    """
    if spec.sweep is not None and copy_at(folder) is not None:
        raise SpecError(
            "a sweep of studies needs a folder; give each study a place of its own in the store",
            key="--study",
        )


def specs_of(spec: StudySpec) -> tuple[StudySpec, ...]:
    """Return the specs of the studies that a spec runs: its own, or those of its sweep.

    Raises:
        SpecError: a value of the sweep cannot be used.
    """
    if spec.sweep is None:
        return (spec,)
    return tuple(member.spec for member in plan_sweep(spec, folder=Path(spec.name)))


def find_sweep(name: str) -> Path | None:
    """Return the folder of a sweep given as a path, or as a name under `studies/`; else None."""
    if is_uri(name):
        return None
    return next(filter(SWEEP.is_at, (local_path(name, key="STUDY"), STUDIES / name)), None)


def open_sweep(folder: Path) -> Sweep:
    """Read `sweep.json`.

    Raises:
        NotFoundError: there is none.
        SpecError: it is damaged, or of a newer format.
    """
    with SWEEP.reading(folder) as values:
        spec = spec_from_json(values["spec"], str(folder / SWEEP.file))
        if spec.sweep is None:
            raise SpecError("is missing", key="sweep", file=str(folder / SWEEP.file))
        members = plan_sweep(spec, folder=folder)
        return Sweep(folder=folder, created=float(values["created"]), spec=spec, members=members)


def _member(spec: StudySpec, asked: _Asked, folder: Path) -> Member:
    overrides = [f"{key}={_json(value)}" for key, value in asked.changes.items()]
    try:
        changed = override(
            Document(file=SWEEP.file, values=resolved(spec), lines={}), overrides
        ).values
        plain = spec_from_json({**changed, "sweep": None}, SWEEP.file)
        word = _word(plain, asked.key, asked.value)
        named: dict[str, Any] = {**changed, "sweep": None, "name": f"{spec.name}-{word}"}
        check_name(f"{asked.key}-{word}")
        member = spec_from_json(named, SWEEP.file)
    except (DocumentError, SpecError) as error:
        raise SpecError(f"{asked.said}: {_placed(error, asked.key)}", key=asked.place) from error
    except ValueError as error:
        raise SpecError(f"{asked.said}: {error}", key=asked.place) from error
    return Member(value=asked.value, word=word, spec=member, folder=folder / f"{asked.key}={word}")


def _placed(error: DocumentError | SpecError, key: str) -> str:
    """Return what is wrong, with the key to blame where it is another than the sweep's."""
    return error.message if error.key in ("", key) else f"{error.key}: {error.message}"


def _word(spec: StudySpec, key: str, value: JsonValue) -> str:
    """Return a value as it stands in names: letters, digits, '.' and '-'."""
    if value is None and key == IMAGES:
        return "endless" if spec.data.endless else "all"
    text = value if isinstance(value, str) else json.dumps(value)
    return _UNSAFE.sub("-", text).strip("-.") or "empty"
