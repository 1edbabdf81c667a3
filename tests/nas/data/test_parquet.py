"""Parquet sets as the hub has them: columns, classes, bad rows, and refusals."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from nas.data.load import load, peek
from nas.data.sources import class_names, open_source
from nas.data.split import same_images
from nas.errors import DataError
from nas.spec.data import DataSpec
from nas.study.records import DataShape
from tests.nas.data.shards import hub, pictures, png, write_shard

NAMES = ("zebra", "ant")


def spec_of(root: Path, **fields: object) -> DataSpec:
    return DataSpec(**{"source": "parquet", "path": str(root), "image_size": 6, **fields})


def write(root: Path, labels: object, **options: object) -> list[np.ndarray]:
    images = pictures(len(labels))
    options = {"metadata": hub(NAMES), **options}
    write_shard(root / "train-00000-of-00001.parquet", [png(i) for i in images], labels, **options)
    return images


def refused(spec: DataSpec) -> str:
    with pytest.raises(DataError) as caught:
        load(spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_layout_of_the_hub(tmp_path: Path) -> None:
    images = pictures(10)
    cells = [png(image) for image in images]
    data = tmp_path / "data"
    for number, part in enumerate((slice(0, 4), slice(4, 7))):
        path = data / f"train-0000{number}-of-00002.parquet"
        write_shard(path, cells[part], [0, 1, 0, 1][: len(cells[part])], metadata=hub(NAMES))
    write_shard(data / "validation.parquet", cells[7:], [1, 1, 0], metadata=hub(NAMES))
    assert peek(spec_of(tmp_path)) == DataShape(image_size=6, channels=3, classes=2)
    loaded = load(spec_of(tmp_path))
    assert loaded.class_names == NAMES  # as told, not sorted
    expected = np.stack(images).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(loaded.train.images, expected[:7])
    np.testing.assert_array_equal(loaded.train.labels, [0, 1, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(loaded.evaluation.images, expected[7:])
    np.testing.assert_array_equal(loaded.evaluation.labels, [1, 1, 0])


def test_pixels_and_split_are_those_of_the_same_files_in_folders(tmp_path: Path) -> None:
    images = [(np.random.default_rng(n).integers(0, 255, (9, 7, 3))) for n in range(24)]
    for number, image in enumerate(images):
        path = tmp_path / "folder" / "ab"[number // 12] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(path)
    cells = [png(image) for image in images]
    write_shard(tmp_path / "set" / "x.parquet", cells, ["a"] * 12 + ["b"] * 12, group=5)
    folder = load(DataSpec(source="folder", path=str(tmp_path / "folder"), image_size=6))
    loaded = load(spec_of(tmp_path / "set"))
    assert loaded.fingerprint == folder.fingerprint
    assert loaded.train.count == 16


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (pa.array(["dog", "cat"] * 6), ("cat", "dog")),
        (pa.array(["dog", "cat"] * 6).dictionary_encode(), ("cat", "dog")),
        (pa.array([10, 9] * 6, pa.uint8()), ("9", "10")),
        (pa.array([True, False] * 6), ("0", "1")),
    ],
)
def test_classes_that_nobody_named(tmp_path: Path, labels: pa.Array, names: object) -> None:
    write(tmp_path, labels, metadata=None)
    assert class_names(spec_of(tmp_path)) == names
    np.testing.assert_array_equal(open_source(spec_of(tmp_path)).train.labels, [1, 0] * 6)


def test_columns_by_other_names(tmp_path: Path) -> None:
    labels = ("coarse", "fine")
    cells = [png(image) for image in pictures(12)]
    table = pa.table({"img": cells, "fine": ["a", "b"] * 6, "coarse": ["c", "d", "e"] * 4})
    parquet.write_table(table, tmp_path / "train.parquet")
    assert refused(spec_of(tmp_path)) == (
        f"{tmp_path / 'train.parquet'}: has no column 'label': set data.label to one of 'img', "
        "'fine', 'coarse'"
    )
    found = [class_names(spec_of(tmp_path, image="img", label=label)) for label in labels]
    assert found == [("c", "d", "e"), ("a", "b")]
    coarse, fine = (spec_of(tmp_path, label=label) for label in labels)
    assert same_images(fine, fine.model_copy(update={"image_size": 9}))
    assert not same_images(coarse, fine)
    assert "has no column 'x': set data.image" in refused(spec_of(tmp_path, image="x"))


def test_bad_rows_are_counted_listed_and_limited(tmp_path: Path) -> None:
    count = 300
    cells: list[bytes | None] = [png(image) for image in pictures(count)]
    labels: list[int | None] = [0, 1] * (count // 2)
    cells[7], cells[8], cells[9] = None, b"", b"no image"
    labels[100], labels[101], labels[102] = None, 2, -1
    path = tmp_path / "train.parquet"
    write_shard(path, cells, labels, metadata=hub(NAMES), group=70)
    loaded = load(spec_of(tmp_path, max_bad=0.02))
    assert loaded.train.count + loaded.evaluation.count == count - 6
    assert sorted(loaded.bad_files) == sorted(
        [
            f"{path}, row 7: has no bytes",  # the path in the row is not opened
            f"{path}, row 8: has no bytes",
            f"{path}, row 9: cannot identify image of 8 bytes",
            *(f"{path}, row {row}: has no class" for row in (100, 101, 102)),
        ]
    )
    said = refused(spec_of(tmp_path))
    assert "6 of 300 images cannot be read, more than data.max_bad 0.01; the first is" in said
    assert open_source(spec_of(tmp_path)).train.name_of(299) == f"{path}, row 299"


def test_a_class_of_the_test_set_alone_is_refused(tmp_path: Path) -> None:
    write(tmp_path, ["a", "b"] * 3, metadata=None)
    path = write_shard(tmp_path / "test.parquet", [png(pictures(1)[0])], ["eel"])
    assert refused(spec_of(tmp_path)) == f"{path}: class 'eel' has no training images"


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (pa.array([0.0, 1.0] * 3), "column 'label' is double: data.label is a column of class"),
        (pa.array([[0], [1]] * 3), "column 'label' is list<"),
        (pa.array(["a"] * 6), "column 'label' has 1 different classes"),
        (pa.array([None] * 6, pa.int64()), "column 'label' has 0 different classes"),
        (pa.array([2**64 - 1, 1] * 3, pa.uint64()), "column 'label': Integer value"),
    ],
)
def test_labels_that_are_none(tmp_path: Path, labels: pa.Array, says: str) -> None:
    write(tmp_path, labels, metadata=None)
    assert says in refused(spec_of(tmp_path))


def test_images_that_are_none(tmp_path: Path) -> None:
    table = pa.table({"image": ["/etc/passwd"] * 4, "label": [0, 1] * 2})
    parquet.write_table(table, tmp_path / "train.parquet")
    assert "column 'image' is string: data.image is a column of encoded" in refused(
        spec_of(tmp_path)
    )


@pytest.mark.parametrize(
    "told",
    [
        b"{",
        b"[]",
        b'{"info": {"features": []}}',
        b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": "ab"}}}}',
        b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": ["a", "a"]}}}}',
        b"[" * 100_000,
    ],
)
def test_metadata_that_is_nonsense_is_refused(tmp_path: Path, told: bytes) -> None:
    write(tmp_path, [0, 1] * 3, metadata={b"huggingface": told})
    assert "its metadata 'huggingface'" in refused(spec_of(tmp_path))


def test_shards_of_two_sets_are_refused(tmp_path: Path) -> None:
    write(tmp_path, [0, 1] * 3)
    cells = [png(image) for image in pictures(2, seed=1)]
    other = write_shard(tmp_path / "train-b.parquet", cells, ["a", "b"])
    assert refused(spec_of(tmp_path)).startswith(f"{other}: column 'label' is string, in ")
    write_shard(other, cells, [0, 1], metadata=hub(["x", "y"]))
    assert refused(spec_of(tmp_path)).startswith(f"{other}: its classes are not those of ")
    write_shard(other, cells, [0, 1], metadata=hub(NAMES), columns=("image", "labels"))
    assert "column 'label' is missing" in refused(spec_of(tmp_path))


def test_no_rows_at_all(tmp_path: Path) -> None:
    write(tmp_path, pa.array([], pa.int64()))
    assert "holds no rows" in refused(spec_of(tmp_path))
