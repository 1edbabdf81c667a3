"""The source `parquet`: encoded images and their classes as columns, in the hub's layout."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nas.data.dataset import Dataset, Decoded, Pool, Source
from nas.data.decoding import decode_files
from nas.data.images import Indices
from nas.data.shard_images import ShardImages
from nas.data.shards import BROKEN, Rows, Shard, find_shards, reason_of
from nas.data.unpacked import key_of
from nas.errors import DataError
from nas.spec.data import DataSpec

CHANNELS = 3
IMAGES, LABELS = ("image", "img"), ("label",)  # what columns are called where the spec is silent
CLASSES_LIMIT = 100_000
UNLABELLED = -1  # as the hub writes it too


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    """Shards that go together, and the columns in all of them."""

    train: Sequence[Shard]
    tests: Sequence[Shard]  # to evaluate on; may be none
    image: str
    label: str


def _opened(spec: DataSpec) -> _Opened:
    splits = find_shards(spec.path or "")
    train, tests = splits["train"], splits["validation"] or splits["test"]
    image, label = _image_column(train[0], spec), _label_column(train[0], spec)
    for shard in (*train[1:], *tests):
        for column in (image, label):
            _check_same(shard, train[0], column)
    return _Opened(train=train, tests=tests, image=image, label=label)


def _class_names(spec: DataSpec) -> tuple[str, ...]:
    opened = _opened(spec)
    told = _told_names(opened.train[0], opened.label)
    return told or _found_names(opened, _labels(opened.train, opened.label))


def _open(spec: DataSpec) -> Dataset:
    opened = _opened(spec)
    labels, told = _labels(opened.train, opened.label), _told_names(opened.train[0], opened.label)
    names = told or _found_names(opened, labels)

    channels = spec.channels or CHANNELS

    def pool(shards: Sequence[Shard], labels: _Labels) -> Pool:
        indices = _told(labels, len(told)) if told else _known(labels, names, shards[0].name)
        return _pool(shards, opened.image, indices, size=spec.image_size, channels=channels)

    return Dataset(
        name=spec.path or "",
        channels=channels,
        class_names=names,
        train=pool(opened.train, labels),
        evaluation=pool(opened.tests, _labels(opened.tests, opened.label))
        if opened.tests
        else None,
    )


def _label_column(shard: Shard, spec: DataSpec) -> str:
    name = _column(shard, "label", spec.label, LABELS)
    kind = _plain(shard.schema.field(name).type)
    if not (pa.types.is_integer(kind) or pa.types.is_boolean(kind) or _is_text(kind)):
        raise DataError(
            f"{shard.name}: column {name!r} is {kind}: data.label is a column of class numbers "
            "or names"
        )
    return name


def _image_column(shard: Shard, spec: DataSpec) -> str:
    """Return the column of encoded images: itself binary, or a struct with `bytes`."""
    name = _column(shard, "image", spec.image, IMAGES)
    kind = shard.schema.field(name).type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise DataError(
            f"{shard.name}: column {name!r} is {kind}: data.image is a column of encoded images, "
            "binary or a struct with a field 'bytes'"
        )
    return name


def _column(shard: Shard, key: str, asked: str | None, usual: Sequence[str]) -> str:
    names = shard.schema.names
    for name in usual if asked is None else [asked]:
        if names.count(name) == 1:
            return name
    have = ", ".join(repr(name) for name in names[:20]) or "none"
    wanted = " or ".join(repr(name) for name in (usual if asked is None else [asked]))
    raise DataError(f"{shard.name}: has no column {wanted}: set data.{key} to one of {have}")


def _check_same(shard: Shard, first: Shard, column: str) -> None:
    types = [
        each.schema.field(column).type if each.schema.names.count(column) == 1 else None
        for each in (shard, first)
    ]
    if types[0] != types[1]:
        raise DataError(
            f"{shard.name}: column {column!r} is {types[0] or 'missing'}, in {first.name} it is "
            f"{types[1]}: move shards of other sets away"
        )
    if _told_names(shard, column) != _told_names(first, column):
        raise DataError(
            f"{shard.name}: its classes are not those of {first.name}: move shards of other sets "
            "away"
        )


def _told_names(shard: Shard, label: str) -> tuple[str, ...] | None:
    """Return the names of a ClassLabel of numbers, which the hub writes beside the schema."""
    if _is_text(_plain(shard.schema.field(label).type)):
        return None
    told = (shard.schema.metadata or {}).get(b"huggingface")
    if told is None:
        return None
    try:
        feature = json.loads(told)["info"]["features"].get(label)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{shard.name}: its metadata 'huggingface' is no description of columns: "
            "write it without"
        ) from error
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return None
    names = feature.get("names")
    if (
        not isinstance(names, list)
        or not all(isinstance(name, str) and name for name in names)
        or not 2 <= len(set(names)) == len(names) <= CLASSES_LIMIT
    ):
        raise DataError(
            f"{shard.name}: its metadata 'huggingface' names no classes for column {label!r}: "
            "two or more names, none twice, are needed"
        )
    return tuple(names)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Labels:
    """Labels as they are written, without those that are null or negative: UNLABELLED."""

    values: list[str] | list[int]  # each once
    codes: Indices  # [N], into `values`


def _labels(shards: Sequence[Shard], column: str) -> _Labels:
    text = _is_text(_plain(shards[0].schema.field(column).type))
    kind = pa.large_string() if text else pa.int64()
    parts: list[pa.Array] = []
    for shard in shards:
        found = list(shard.column(column))
        try:
            parts += [part.cast(kind) for part in found]
        except BROKEN as error:
            raise shard.broken(f"column {column!r}: {reason_of(error)}") from error
    if not sum(len(part) for part in parts):
        raise DataError(f"{shards[0].name}: holds no rows, nor do shards beside it: fetch it again")
    joined = pa.concat_arrays(parts)
    if text:
        encoded = joined.dictionary_encode()
        codes = encoded.indices.fill_null(UNLABELLED).to_numpy(zero_copy_only=False)
        return _Labels(values=encoded.dictionary.to_pylist(), codes=codes.astype(np.int64))
    numbers = joined.fill_null(UNLABELLED).to_numpy(zero_copy_only=False)
    values, codes = np.unique(np.maximum(numbers, UNLABELLED), return_inverse=True)
    if values[0] == UNLABELLED:
        values, codes = values[1:], codes - 1
    return _Labels(values=values.tolist(), codes=codes)


def _found_names(opened: _Opened, labels: _Labels) -> tuple[str, ...]:
    """Return the classes by index: the labels there are, sorted."""
    if not 2 <= len(labels.values) <= CLASSES_LIMIT:
        raise DataError(
            f"{opened.train[0].name}: column {opened.label!r} has {len(labels.values):,} different "
            f"classes: data.label is a column of 2 to {CLASSES_LIMIT:,}"
        )
    return tuple(str(value) for value in sorted(labels.values))


def _told(labels: _Labels, count: int) -> Indices:
    """Return numbers of classes, and UNLABELLED for numbers that none has."""
    places = [int(value) if int(value) < count else UNLABELLED for value in labels.values]
    return _coded(places, labels)


def _known(labels: _Labels, names: Sequence[str], source: str) -> Indices:
    """Return places among the names.

    Raises:
        DataError: images to evaluate on are of a class that none to train on is of.
    """
    known = {name: place for place, name in enumerate(names)}
    for value in labels.values:
        if str(value) not in known:
            raise DataError(f"{source}: class {value!r} has no training images")
    return _coded([known[str(value)] for value in labels.values], labels)


def _coded(places: list[int], labels: _Labels) -> Indices:
    return np.array([*places, UNLABELLED], dtype=np.int64)[labels.codes]


def _pool(
    shards: Sequence[Shard], image: str, labels: Indices, *, size: int, channels: int
) -> Pool:
    is_struct = pa.types.is_struct(shards[0].schema.field(image).type)
    column = f"{image}.bytes" if is_struct else image
    rows = Rows(shards=shards, column=column)
    on_demand = ShardImages(
        shards=shards,
        column=column,
        key=key_of(shards, column),
        rows=np.arange(len(labels)),
        labels=labels,
        size=size,
        channels=channels,
    )

    def decode(indices: Indices) -> Decoded:
        cells = rows.take(indices)
        images, bad = decode_files([cell or b"" for cell in cells], size=size)
        bad |= {place: "has no bytes" for place, cell in enumerate(cells) if not cell}
        bad |= dict.fromkeys(np.flatnonzero(labels[indices] < 0).tolist(), "has no class")
        named = {place: f"{rows.name(int(indices[place]))}: {why}" for place, why in bad.items()}
        return Decoded(images=images, bad=named)

    return Pool(
        labels=np.maximum(labels, 0),
        decode=decode,
        on_demand=on_demand,
        name=rows.name,
        digests=on_demand.digests,
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


SOURCE = Source(channels=CHANNELS, class_names=_class_names, open=_open)
