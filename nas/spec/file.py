"""Reads a study's spec from a file and a command line; whatever is wrong is one line of words."""

import copy
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nas.errors import NotFoundError, SpecError
from nas.spec.block_times import with_block_times
from nas.spec.names import check_name
from nas.spec.paths import local_path
from nas.spec.recipe import changed_recipe
from nas.spec.study import StudySpec
from search_spaces.language.document import MAX_BYTES, Document, read_document
from search_spaces.language.errors import (
    DocumentError,
    KeyPath,
    SpaceError,
    did_you_mean,
    dotted,
    one_line,
    shown,
)
from search_spaces.language.overrides import COMMAND_LINE, override
from search_spaces.language.parse import parse_space
from search_spaces.language.recipe import extremes

_SUFFIX = ".yaml"
_NOT_RESULTS = frozenset({"name", "tracking", "resources"})  # they change no trial's outcome
_SECTIONS = frozenset(StudySpec.model_fields) - {"name"}
_QUOTED = re.compile(r"'([^']*)'")
_RULES = {  # pydantic's type of error -> the rule, after "must"
    "int_type": "be a whole number",
    "float_type": "be a number",
    "string_type": "be text",
    "bool_type": "be true or false",
    "tuple_type": "be a list",
    "dict_type": "be a section of keys",
    "model_type": "be a section of keys",
    "greater_than": "be more than {gt:g}",
    "greater_than_equal": "be at least {ge:g}",
    "less_than": "be less than {lt:g}",
    "less_than_equal": "be at most {le:g}",
    "finite_number": "be finite",
    "too_long": "have {max_length} entries",
}


def shipped() -> tuple[str, ...]:
    """Return the names of the specs that come with the package."""
    files = resources.files("search_spaces").iterdir()
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in files if f.name.endswith(_SUFFIX)))


def load_spec(
    name_or_path: str, overrides: Sequence[str] = (), *, name: str | None = None
) -> StudySpec:
    """Read a spec from a file, or a shipped one by its bare name, and check all of it.

    The study is called `name`, else what the file says, else the file's own name without suffix.

    Raises:
        NotFoundError: there is no such file, nor a shipped spec of that name.
        SpecError: something in the file or the overrides is wrong; the message is one line.
    """
    document, stem = _document(name_or_path, overrides)
    values = document.values
    if name is not None:
        values["name"] = name
        document = replace(document, lines={**document.lines, ("name",): None})
    elif "name" not in values:
        values["name"] = _own_name(stem, document.file)
    return _checked(document)


@contextmanager
def located(name_or_path: str, overrides: Sequence[str] = ()) -> Iterator[None]:
    """Add the file and the line to a SpecError that is raised inside and knows its key alone.

    What is wrong with a spec on these images, or with its space as a whole, is found after it was
    read; the user wants the line all the same.
    """
    try:
        yield
    except SpecError as error:
        known = bool(error.key) and not error.file and not error.key.startswith("-")
        if not known:
            raise
        document, _ = _document(name_or_path, overrides)
        path = tuple(int(part) if part.isdecimal() else part for part in error.key.split("."))
        raise _error(document, path, error.message) from error


def _document(name_or_path: str, overrides: Sequence[str]) -> tuple[Document, str]:
    """Return what is written with the overrides in place, and the file's name without suffix."""
    text, file, stem = _read(name_or_path)
    try:
        return with_block_times(override(read_document(text, file), overrides)), stem
    except DocumentError as error:
        raise SpecError(error.message, key=error.key, file=error.file, line=error.line) from error


def spec_of_values(values: Mapping[str, Any], overrides: Sequence[str] = ()) -> StudySpec:
    """Return the spec whose sections are given as plain values, checked like a file.

    Raises:
        SpecError: something in it or in the overrides is wrong; the message is one line.
    """
    plain = Document(file="spec", values=copy.deepcopy(dict(values)), lines={})
    try:
        return _checked(with_block_times(override(plain, overrides)))
    except DocumentError as error:
        raise SpecError(error.message, key=error.key, file=error.file, line=error.line) from error


def resolved(spec: StudySpec) -> dict[str, Any]:
    """Return the spec with every default filled in, as plain JSON values."""
    return spec.model_dump(mode="json")


def spec_from_json(values: Mapping[str, Any], file: str) -> StudySpec:
    """Return the spec that `resolved` wrote into `file`.

    Raises:
        SpecError: it is not one; the message is one line.
    """
    return _checked(Document(file=file, values=dict(values), lines={}))


def fingerprint(spec: StudySpec) -> str:
    """Return a digest of all that can change a result: not the name, tracking, resources."""
    values = {key: part for key, part in resolved(spec).items() if key not in _NOT_RESULTS}
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read(name_or_path: str) -> tuple[bytes, str, str]:
    """Return the text, what to call the file in messages, and its name without suffix."""
    if name_or_path in shipped():
        file = resources.files("search_spaces") / f"{name_or_path}{_SUFFIX}"
        return file.read_bytes(), f"{name_or_path}{_SUFFIX}", name_or_path
    path = local_path(name_or_path, key="SPEC")
    called = one_line(name_or_path, limit=300)
    try:
        if not path.exists():
            _not_found(f"no file '{called}', and no spec of that name", name_or_path)
        if not path.is_file():  # a pipe could block, a device never ends
            _not_found(f"'{called}' is not a regular file", name_or_path)
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1), called, path.stem
    except (OSError, ValueError) as error:
        if isinstance(error, NotFoundError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise NotFoundError(f"cannot read '{called}': {one_line(reason)}{_hint('')}") from error


def _not_found(problem: str, name: str) -> NoReturn:
    raise NotFoundError(f"{problem}{_hint(name)}")


def _hint(name: str) -> str:
    near = did_you_mean(name, shipped())
    return f"{near if near.endswith('?') else ''} (shipped: {', '.join(shipped())})"


def _own_name(stem: str, file: str) -> str:
    try:
        return check_name(stem)
    except ValueError as error:
        message = f"the file's own name cannot name a study: {error}; add 'name: ...'"
        raise SpecError(message, key="name", file=file, line=1) from error


def _checked(document: Document) -> StudySpec:
    """Return the spec, or raise its problems: the command line's first, then by line."""
    # A section whose keys are all commented out reads as null, and means its defaults.
    sections = {key for key, part in document.values.items() if part is None} & _SECTIONS
    values = {key: part for key, part in document.values.items() if key not in sections}
    problems: list[tuple[KeyPath, str]] = []
    spec: StudySpec | None = None
    try:
        spec = StudySpec.model_validate(values)
    except ValidationError as error:
        problems.extend((found["loc"], _words(found)) for found in error.errors())
    space = values.get("space")
    if isinstance(space, dict):
        problems += _space_problems(space, spec)
    if spec is not None and not problems:
        return spec
    problems.sort(key=lambda problem: _line(document, problem[0]) or 0)
    first, *others = (_error(document, path, message) for path, message in problems)
    first.others = tuple(others)
    raise first


def _space_problems(space: dict[str, Any], spec: StudySpec | None) -> list[tuple[KeyPath, str]]:
    """Return what is wrong with a space, and with the recipes that it chooses."""
    try:
        parsed = parse_space(space)
    except SpaceError as error:
        return [(("space", *each.path), each.message) for each in (error, *error.others)]
    found: list[tuple[KeyPath, str]] = []
    if spec is None:
        return found
    for changes in extremes(parsed.layouts[0].recipe):
        try:
            changed_recipe(spec.training, changes)
        except ValidationError as error:
            key = next((key for key in changes if key == dotted(error.errors()[0]["loc"])), "")
            key = key or next(iter(changes))
            found.append((("space", "recipe", key), _words(error.errors()[0])))
    return list(dict.fromkeys(found))


def _error(document: Document, path: KeyPath, message: str) -> SpecError:
    line = _line(document, path)
    from_file = line is not None or not document.lines
    return SpecError(
        one_line(message),
        key=dotted(path),
        file=document.file if from_file else COMMAND_LINE,
        line=line,
    )


def _line(document: Document, path: KeyPath) -> int | None:
    """Return the line to blame; None is the command line, or a file that has no lines."""
    if not document.lines:
        return None
    for known, line in document.lines.items():
        if line is None and known[: len(path)] == path:
            return None  # a rule over several keys, of which one was overridden
    return document.line(path)


def _words(found: ErrorDetails) -> str:
    """Return a pydantic error as rule and value, in the words of someone who writes YAML."""
    kind, context = found["type"], found.get("ctx", {})
    value = shown(found["input"])
    match kind:
        case "extra_forbidden":
            key = found["loc"][-1]
            return f"unknown key{did_you_mean(key, _known_keys(found['loc'][:-1]))}"
        case "missing":
            return "is required"
        case "value_error":
            return str(context["error"])
        case "literal_error" | "enum":
            words = _QUOTED.findall(context["expected"])
            hint = did_you_mean(found["input"], words)
            return f"must be {context['expected']}, not {value}{hint if '?' in hint else ''}"
    if kind in _RULES:
        return f"must {_RULES[kind].format(**context)}, not {value}"
    return f"{found['msg'].lower()}, not {value}"


def _known_keys(path: KeyPath) -> Iterable[str]:
    """Return the keys of the section at `path`; numbers in it count the entries of a list."""
    model = StudySpec
    for key in path:
        if isinstance(key, str):
            model = next(_sections(model.model_fields[key].annotation))
    return model.model_fields


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that a field may hold: itself one, optional, or a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)
