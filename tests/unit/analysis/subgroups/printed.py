"""Print what the gate and the models say about fixed people: run by test_same_on_any_machine.py in processes apart."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from cohort.analysis.subgroups import (
    MixtureDescription,
    choices_table,
    compare_models,
    describe_mixtures,
    discrete_subgroups,
    models_table,
    prepare_markers,
)
from cohort.analysis.subgroups.judgement import gate_table
from cohort.analysis.subgroups.models import ModelComparison
from cohort.analysis.subgroups.recursion import GroupsNumber, groups_number_table, number_of_groups
from cohort.disclosure import Disclosure
from cohort.protection import protect_table

NAMES = ("a", "b", "c", "d", "e")


def told(*texts: str) -> None:
    """Write texts and a new line."""
    sys.stdout.write(" ".join(texts) + "\n")


def main() -> None:
    """Print tables, labels and sentences for three groups and for one population."""
    rng = np.random.default_rng(20261124)
    group = rng.integers(3, size=900)
    centres = 4.0 * np.array([[0, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0]])
    for apart in (1.0, 0.0):
        logs = rng.standard_normal((900, 5)) + 0.6 * rng.standard_normal((900, 1)) + apart * centres[group]
        table = pd.DataFrame(np.exp(0.4 * logs), columns=list(NAMES))
        prepared = prepare_markers(table, NAMES, (), rng=rng)
        gate = discrete_subgroups(prepared, rng=rng)
        number = number_of_groups(prepared, gate, rng=rng)
        described = describe_mixtures(prepared, gate, rng=rng, most_classes=4)
        models = compare_models(prepared, gate, rng=rng, most_classes=4, resamples=10, references=5)
        tables = (gate_table(gate), groups_number_table(number), choices_table(models), models_table(models))
        with pd.option_context("display.max_rows", None, "display.max_columns", None, "display.width", 400):
            for one in tables:
                told(protect_table(one, Disclosure(minimum_count=0, round_to=1)).to_string())
        if isinstance(number, GroupsNumber) and number.assignment is not None:
            told("".join(map(str, number.assignment)))
        if isinstance(described, MixtureDescription):
            told(described.words, described.profiles.round(3).to_string(), "".join(map(str, described.assignment)))
        if isinstance(models, ModelComparison):
            told(models.stability.round(3).to_string(), models.labels.to_string())


if __name__ == "__main__":
    main()
