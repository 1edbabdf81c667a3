"""Tables rebuilt from histories: columns, nulls, files, and CSV that no spreadsheet runs."""

import io
from dataclasses import fields, replace

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from nas.ranking.relations import rank
from nas.ranking.result import LayoutScore, Relation
from nas.spec.study import RankingSpec
from nas.study.records import EpochMeasured, TrialStatus
from nas.tables import frames as views
from nas.tables import schemas
from nas.tables.csv_text import to_csv
from tests.nas.rankings import ranking
from tests.nas.synthetic import SyntheticLayout, fine_tuned, study, with_twin

LOST = {0: TrialStatus.PLANNED, 1: TrialStatus.DIVERGED}
HISTORIES = study(
    {
        "C-C-C-C": SyntheticLayout(accuracy=0.95, spread=0.01),
        "C-C-T-T": SyntheticLayout(accuracy=0.5, spread=0.01, lost=LOST),
    },
    epochs=4,
)
RANKING = rank(HISTORIES, RankingSpec(), evaluation_images=599)
NOTHING = rank((), RankingSpec(), evaluation_images=599)


def test_a_row_for_each_trial_with_its_last_numbers():
    frame = views.trials_frame(HISTORIES)
    assert list(frame.columns) == schemas.TRIALS.names
    assert frame["number"].tolist() == [1, 2, 3, 4, 5, 6]
    row = frame.iloc[0]
    last = HISTORIES[0].epochs[-1]
    assert row["evaluation_accuracy"] == last.evaluation_accuracy
    assert row["accuracy_gap"] == last.probe_accuracy - last.evaluation_accuracy
    assert row["lowest_probe_loss"] == min(e.probe_loss for e in HISTORIES[0].epochs)
    assert (row["status"], row["epochs"], row["epochs_planned"]) == ("finished", 4, 4)


def test_a_planned_trial_has_nulls_and_zeros_not_numbers():
    row = views.trials_frame(HISTORIES).iloc[3]
    assert (row["status"], row["epochs"], row["samples"], row["seconds"]) == ("planned", 0, 0, 0.0)
    assert pd.isna(row["evaluation_accuracy"])
    assert pd.isna(row["lowest_probe_loss"])


def test_a_row_for_each_epoch_with_all_that_was_measured():
    frame = views.epochs_frame(HISTORIES)
    assert list(frame.columns) == schemas.EPOCHS.names
    assert len(frame) == sum(len(history.epochs) for history in HISTORIES)
    assert frame["epoch"].tolist()[:4] == [1, 2, 3, 4]
    assert frame["ema_evaluation_accuracy"].isna().all()
    gap = frame["evaluation_loss"] - frame["probe_loss"]
    assert (frame["loss_gap"] == gap).all()


@pytest.mark.parametrize(
    ("schema", "record", "besides"),
    [
        # which images were right is no number
        (
            schemas.EPOCHS,
            EpochMeasured,
            {"kind", "trial_id", "evaluation_correct", "ema_evaluation_correct"},
        ),
        (schemas.RANKING, LayoutScore, set()),
        (schemas.RELATIONS, Relation, {"new_images"}),  # its two ends are columns
    ],
)
def test_no_field_of_a_record_is_left_out(schema, record, besides):
    assert {field.name for field in fields(record)} - besides <= set(schema.names)


def test_both_ends_for_new_images_are_columns():
    found = ranking("A > B ? C")
    made = (replace(found.relations[0], new_images=None), *found.relations[1:])
    frame = views.relations_frame(replace(found, relations=made))
    assert frame["new_images_low"].isna().tolist() == [True, False, False]
    assert frame["new_images_low"][1:].tolist() == [-0.2, -0.2]
    assert frame["new_images_high"][1:].tolist() == [0.2, 0.2]


def test_a_row_for_each_layout_with_the_symbol_to_the_next():
    frame = views.ranking_frame(RANKING)
    assert list(frame.columns) == schemas.RANKING.names
    assert frame["rank"].tolist() == [1, 2]
    assert frame["label"].tolist() == ["C-C-C-C", "C-C-T-T"]
    assert frame["symbol"].iloc[0] == RANKING.symbols[0].value
    assert pd.isna(frame["symbol"].iloc[1])
    assert frame["diverged"].tolist() == [0, 1]
    assert pd.isna(frame["low"].iloc[1])  # one seed left


def test_a_rate_is_spread_over_columns():
    row = views.ranking_frame(RANKING).iloc[1]
    rate = RANKING.layouts[1].diverged
    assert (rate.count, rate.of) == (1, 2)
    assert (row["diverged"], row["diverged_of"]) == (1, 2)
    assert (row["diverged_low"], row["diverged_high"]) == (rate.low, rate.high)
    assert (row["collapsed"], row["collapsed_of"]) == (0, 1)


def test_a_layout_has_the_evidence_about_the_next_from_its_own_side():
    # Over the shared seeds C-C-T-T is better, though the order by all seeds has it second.
    layouts = {
        "C-C-C-C": SyntheticLayout(accuracy=0.80, spread=0.0),
        "C-C-T-T": SyntheticLayout(accuracy=0.82, spread=0.0),
    }
    histories = list(study(layouts, seeds=range(8), epochs=2))[:13]
    for i in range(5, 8):
        last = replace(histories[i].epochs[-1], evaluation_accuracy=0.99)
        histories[i] = replace(histories[i], epochs=(histories[i].epochs[0], last))
    spec = RankingSpec(metric="accuracy")
    ranking = rank(histories, spec, evaluation_images=9999, seeds=(5, 8))
    relation, row = ranking.relations[0], views.ranking_frame(ranking).iloc[0]
    assert (relation.a, row["label"]) == ("C-C-T-T", "C-C-C-C")
    assert row["next_difference"] == -relation.difference < 0
    assert (row["next_low"], row["next_high"]) == (-relation.high, -relation.low)
    assert (row["next_paired_seeds"], row["next_withheld"]) == (5, "")
    assert views.ranking_frame(ranking).iloc[1]["next_paired_seeds"] is pd.NA


def test_a_skewed_difference_turned_round_leans_the_other_way():
    layouts = dict.fromkeys(("C-C-C-C", "C-C-T-T"), SyntheticLayout(accuracy=0.8, spread=0.0))
    finals = [0.80] * 5 + [0.99] * 3 + [0.81, 0.81, 0.81, 0.81, 0.86]
    made = study(layouts, seeds=range(8), epochs=1)[: len(finals)]
    histories = [
        replace(each, epochs=(replace(each.epochs[-1], evaluation_accuracy=final),))
        for each, final in zip(made, finals, strict=True)
    ]
    spec = RankingSpec(metric="accuracy")
    ranking = rank(histories, spec, evaluation_images=9999, seeds=(5, 8))
    relation, row = ranking.relations[0], views.ranking_frame(ranking).iloc[0]
    assert (relation.a, row["label"]) == ("C-C-T-T", "C-C-C-C"), "paired seeds against the mean"
    assert relation.skewness == pytest.approx(1.5)
    assert row["next_skewness"] == -relation.skewness


def test_ranking_and_trials_join_on_what_the_ranking_calls_them():
    layouts = {
        label: SyntheticLayout(accuracy=accuracy, spread=0.01)
        for label, accuracy in (("C-C#1", 0.9), ("C-C#2", 0.8), ("C-T", 0.7))
    }
    histories = study(layouts, epochs=2)
    ranking = rank(histories, RankingSpec(), evaluation_images=599)
    table, trials = views.ranking_frame(ranking), views.trials_frame(histories)
    assert table[["label", "layout"]].values.tolist() == [
        ["C-C#1", "C-C"], ["C-C#2", "C-C"], ["C-T", "C-T"]
    ]  # fmt: skip
    joined = table.merge(trials, on=["label", "layout"], validate="one_to_many")
    assert sorted(joined["trial"]) == sorted(trials["trial"])
    relations = views.relations_frame(ranking)
    assert {*relations["a"], *relations["b"]} == set(table["label"])


def test_the_loss_trained_on_and_the_probe_loss_are_two_columns():
    epochs, trials = views.epochs_frame(HISTORIES), views.trials_frame(HISTORIES)
    table = views.ranking_frame(RANKING).set_index("label")
    assert (epochs["train_loss"] != epochs["probe_loss"]).all()
    assert "train_loss" not in {*trials, *table}
    finished = trials[trials["status"] == "finished"]
    means = finished.groupby("label")[["probe_loss", "evaluation_accuracy", "loss_gap"]].mean()
    for name in means:
        assert table[name].to_dict() == pytest.approx(means[name].to_dict())


def test_fine_tunings_and_twins_have_their_role():
    histories = fine_tuned(with_twin(HISTORIES, "C-C-C-C"))
    trials, epochs = views.trials_frame(histories), views.epochs_frame(histories)
    assert trials["role"].value_counts().to_dict() == {"trained": 6, "twin": 3, "fine-tuned": 4}
    roles = dict(zip(trials["trial"], trials["role"], strict=True))
    assert epochs["role"].tolist() == [roles[trial] for trial in epochs["trial"]]


def test_a_row_for_each_pair():
    frame = views.relations_frame(RANKING)
    assert list(frame.columns) == schemas.RELATIONS.names
    assert frame[["a", "b", "symbol"]].values.tolist() == [["C-C-C-C", "C-C-T-T", "?"]]
    assert pd.isna(frame["more_seeds"].iloc[0])


@pytest.mark.parametrize(
    ("frame", "table"),
    [
        (views.trials_frame(()), schemas.TRIALS),
        (views.epochs_frame(()), schemas.EPOCHS),
        (views.ranking_frame(NOTHING), schemas.RANKING),
        (views.relations_frame(NOTHING), schemas.RELATIONS),
    ],
)
def test_an_empty_table_has_its_columns_and_types(frame, table):
    schema = table.schema
    assert len(frame) == 0
    assert pa.Table.from_pandas(frame, schema, preserve_index=False).schema.types == schema.types
    assert frame.columns.tolist() == schema.names


@pytest.mark.parametrize("ranking", [RANKING, NOTHING])
def test_tables_are_written_whole_and_again_at_will(tmp_path, ranking):
    folder = tmp_path / "study" / "tables"
    for _ in range(2):
        views.write_tables(folder, histories=HISTORIES, ranking=ranking)
    names = ["epochs.parquet", "ranking.parquet", "relations.parquet", "trials.parquet"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert parquet.read_schema(folder / "trials.parquet").types == schemas.TRIALS.schema.types
    read = parquet.read_table(folder / "epochs.parquet")
    assert read.num_rows == sum(len(history.epochs) for history in HISTORIES)
    assert read["ema_evaluation_accuracy"].null_count == read.num_rows


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    views.write_tables(tmp_path, histories=HISTORIES, ranking=RANKING)
    before = (tmp_path / "trials.parquet").read_bytes()

    def half(table, path):
        path.write_bytes(b"PAR1")
        raise OSError("disk full")

    monkeypatch.setattr(views.parquet, "write_table", half)
    with pytest.raises(OSError, match="disk full"):
        views.write_tables(tmp_path, histories=(), ranking=NOTHING)
    assert (tmp_path / "trials.parquet").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 4


def test_a_message_that_is_not_unicode_is_kept_escaped(tmp_path):
    history = replace(HISTORIES[4], message="no file caf\udce9.png")
    frame = views.trials_frame([history])
    assert frame["message"].iloc[0] == "no file caf\\udce9.png"
    views.write_tables(tmp_path, histories=[history], ranking=NOTHING)


def test_csv_reads_back_as_it_was():
    frame = views.ranking_frame(RANKING)
    read = pd.read_csv(io.StringIO(to_csv(frame)))
    assert read["score"].tolist() == frame["score"].tolist()
    assert read["label"].tolist() == frame["label"].tolist()
    assert pd.isna(read["low"].iloc[1])
