"""Figures of a study, drawn from tables alone, so that a report and a live page show the same.

Tables are those of `nas.tables.frames`; accuracies arrive as fractions and are shown in percent.
`looks` are `nas.report.style.styles` of all labels of the study, so that a layout keeps its colour.
"""

from nas.report.figures.cost import cost, matched
from nas.report.figures.curves import learning_curves
from nas.report.figures.difference import critical_difference
from nas.report.figures.fronts import front, hypervolume
from nas.report.figures.generalization import generalization
from nas.report.figures.groups import Group, groups
from nas.report.figures.ranking import pairwise, scores
from nas.report.figures.replication import open_pairs, seeds_needed
from nas.report.figures.runs import runs
from nas.report.figures.spread import Band, band_of

__all__ = [
    "Band",
    "Group",
    "band_of",
    "cost",
    "critical_difference",
    "front",
    "generalization",
    "groups",
    "hypervolume",
    "learning_curves",
    "matched",
    "open_pairs",
    "pairwise",
    "runs",
    "scores",
    "seeds_needed",
]
