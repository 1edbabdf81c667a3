"""Every table has the columns that the dictionary declares, and a word means one thing."""

from dataclasses import fields

import pandas as pd
import pytest

from nas.ranking.relations import rank, ranking_json
from nas.ranking.result import LayoutScore, Relation
from nas.space.candidate import Rejection
from nas.spec.study import RankingSpec
from nas.tables import frames, listings, schemas
from nas.tables.columns import WORDS, Type, word
from tests.nas.synthetic import study

HISTORIES = study(seeds=(0, 1), epochs=2)
RANKING = rank(HISTORIES, RankingSpec(), evaluation_images=599)
REJECTION = Rejection(layout="C-C", point="depth=1", reason="too large")
DTYPES = {Type.COUNT: "Int64", Type.REAL: "float64", Type.FLAG: "bool"}


@pytest.mark.parametrize(
    ("frame", "table"),
    [
        (frames.trials_frame(HISTORIES), schemas.TRIALS),
        (frames.epochs_frame(HISTORIES), schemas.EPOCHS),
        (frames.ranking_frame(RANKING), schemas.RANKING),
        (frames.relations_frame(RANKING), schemas.RELATIONS),
        (listings.status_frame(HISTORIES), schemas.STATUS),
        (listings.status_frame(()), schemas.STATUS),
        (listings.candidates_frame([REJECTION]), schemas.CANDIDATES),
    ],
)
def test_a_frame_has_exactly_the_declared_columns(frame, table):
    assert frame.columns.tolist() == table.names
    for column in table.columns:
        assert frame[column.name].dtype == DTYPES.get(column.type, frame[column.name].dtype)


def test_a_listing_of_studies_has_exactly_the_declared_columns(tmp_path):
    assert listings.studies_frame(tmp_path).columns.tolist() == schemas.STUDIES.names
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "study.json").write_text("{")
    frame = listings.studies_frame(tmp_path)
    assert frame.columns.tolist() == schemas.STUDIES.names
    assert frame["status"].tolist() == [schemas.UNREADABLE]
    assert frame["trials"].isna().all()


def test_a_word_has_one_type_and_one_unit_in_all_tables():
    assert all(WORDS[name].name == name for name in WORDS)
    for table in schemas.TABLES:
        for column in table.columns:
            known = WORDS.get(column.name.removeprefix("next_"))
            if known is not None:
                assert (column.type, column.unit) == (known.type, known.unit), column.name
                assert column.meaning.startswith(known.meaning), column.name


def test_every_column_is_explained():
    for table in schemas.TABLES:
        assert len(set(table.names)) == len(table.names)
        assert all(column.meaning for column in table.columns)
    assert word("low", "of the mean").meaning == "lower end of the interval; of the mean"
    with pytest.raises(KeyError, match="train_los"):
        word("train_los")


@pytest.mark.parametrize(
    ("record", "table"), [(LayoutScore, schemas.RANKING), (Relation, schemas.RELATIONS)]
)
def test_json_and_tables_use_the_same_words(record, table):
    ends = {"new_images_low", "new_images_high"}
    names = {field.name for field in fields(record)}
    assert (names - {"new_images"}) | (ends if "new_images" in names else set()) <= set(table.names)
    more = ["seeds"] if record is Relation else []
    found = ranking_json(RANKING)
    key = "layouts" if record is LayoutScore else "relations"
    expected = [[f.name for f in fields(record)] + more] * len(found[key])
    assert [list(each) for each in found[key]] == expected


def test_a_row_is_typed_also_where_it_lacks_a_value():
    frame = schemas.STUDIES.frame([{"study": "a"}, {"study": "b", "trials": 3}])
    assert frame["trials"].tolist() == [pd.NA, 3]
    assert frame["trials"].dtype == "Int64"
