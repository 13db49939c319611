"""Probabilistic bias analysis of a misclassified exposure: recovery, null, published table, impossible beliefs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.misclassification import (
    Accuracy,
    Belief,
    believed_accuracy,
    corrected_odds_ratio,
    misclassification,
)
from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import design_of
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable

PEOPLE = 10_000
TRUTH = 2.0


def people(ratio: float, false_with: float, false_without: float, seed: int) -> tuple[pd.DataFrame, float]:
    """Return people whose disease is recorded with sensitivity 0.8, and the share of those recorded who have it."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=PEOPLE)
    truly = rng.random(PEOPLE) < 1 / (1 + np.exp(2.0 - 0.3 * age))
    ill = rng.random(PEOPLE) < 1 / (1 + np.exp(1.5 - np.log(ratio) * truly - 0.4 * age))
    false = np.where(ill, false_with, false_without)
    recorded = np.where(truly, rng.random(PEOPLE) < 0.8, rng.random(PEOPLE) < false)
    table = pd.DataFrame({"ill": ill, "recorded": recorded, "truly": truly, "age": age})
    return table, float(truly[recorded].mean())


def known(value: float, ratio: float = 1.0) -> Accuracy:
    return Accuracy(Belief.certain(0.8), Belief.certain(value), Belief.certain(ratio))


def analyse(table: pd.DataFrame, accuracy: Accuracy, draws: int = 120) -> Estimate:
    found = misclassification(
        table, outcome="ill", exposure="recorded", adjustment=["age"], design=design_of(table), accuracy=accuracy,
        draws=draws,
    )  # fmt: skip
    assert isinstance(found, Estimate)
    return found


def test_the_published_table_of_smoking_and_breast_cancer() -> None:
    """Fink and Lash 2003 as worked in Lash, Fox and Fink 2009: 0.95 before and after."""
    table = [[215, 1449], [668, 4296]]
    assert corrected_odds_ratio(table, (1, 1), (1, 1)) == pytest.approx(215 * 4296 / 1449 / 668)
    assert corrected_odds_ratio(table, (0.78, 0.78), (0.99, 0.99)) == pytest.approx(0.949, abs=5e-4)
    assert np.isnan(corrected_odds_ratio(table, (0.78, 0.78), (0.80, 0.99)))


def test_known_accuracy_recovers_the_odds_ratio_that_the_record_weakens() -> None:
    table, value = people(TRUTH, 0.05, 0.05, seed=3)
    crude = odds_ratio(table, outcome="ill", exposure="recorded", adjustment=["age"], design=design_of(table))
    assert isinstance(crude, Estimate)
    assert crude.interval()[1] < TRUTH
    low, high = analyse(table, known(value)).interval()
    assert low < TRUTH < high


def test_errors_that_the_ill_make_more_often_do_not_become_an_association() -> None:
    table, value = people(1.0, 0.08, 0.04, seed=4)
    crude = odds_ratio(table, outcome="ill", exposure="recorded", adjustment=["age"], design=design_of(table))
    assert isinstance(crude, Estimate)
    assert crude.interval()[0] > 1
    ratio = 0.08 / 0.92 / (0.04 / 0.96)
    low, high = analyse(table, known(value, ratio)).interval()
    assert low < 1 < high
    # What is assumed matters: with errors that do not depend on the outcome, the false association stays.
    assert analyse(table, known(value)).interval()[0] > 1


def test_the_interval_is_wider_than_that_of_a_record_without_error() -> None:
    table, value = people(TRUTH, 0.05, 0.05, seed=3)
    wide = Accuracy(Belief(0.6, 0.7, 0.9, 0.99), Belief(value - 0.2, value - 0.1, value + 0.05, value + 0.1),
                    Belief(1.0, 1.0, 1.5, 2.0))  # fmt: skip
    sure, unsure = analyse(table, known(value)), analyse(table, wide)
    assert unsure.standard_error > 1.3 * sure.standard_error


def test_a_perfect_record_changes_nothing() -> None:
    table, _ = people(TRUTH, 0.05, 0.05, seed=5)
    perfect = Accuracy(Belief.certain(1.0), Belief.certain(1.0), Belief.certain(1.0))
    found = misclassification(
        table, outcome="ill", exposure="truly", adjustment=["age"], design=design_of(table), accuracy=perfect, draws=300
    )
    plain = odds_ratio(table, outcome="ill", exposure="truly", adjustment=["age"], design=design_of(table))
    assert isinstance(found, Estimate)
    assert isinstance(plain, Estimate)
    assert found.standard_error == pytest.approx(plain.standard_error, rel=0.15)
    assert np.log(found.value / plain.value) == pytest.approx(0, abs=4 * plain.standard_error / np.sqrt(300))


def test_beliefs_that_the_data_contradict_are_said_to() -> None:
    table, _ = people(TRUTH, 0.05, 0.05, seed=6)
    # Hardly anybody recorded has it, and twenty times as many of the ill are recorded wrongly as are recorded at all.
    absurd = Accuracy(Belief.certain(0.8), Belief.certain(0.02), Belief.certain(20.0))
    found = misclassification(table, outcome="ill", exposure="recorded", design=design_of(table), accuracy=absurd)
    assert isinstance(found, NotTestable)
    assert "contradict" in found.reason


def test_the_same_seed_gives_the_same_interval() -> None:
    table, value = people(TRUTH, 0.05, 0.05, seed=7)
    first, again = (analyse(table, known(value), draws=30) for _ in range(2))
    assert first == again


def test_absent_variables_and_beliefs_out_of_order_are_told() -> None:
    table, _ = people(TRUTH, 0.05, 0.05, seed=8)
    found = misclassification(table, outcome="ill", exposure="has_lupus", design=design_of(table))
    assert isinstance(found, NotTestable)
    assert "has_lupus" in found.reason
    with pytest.raises(AnalysisError, match="do not rise"):
        Belief(0.5, 0.4, 0.9, 1.0)


def test_the_beliefs_that_ship_have_sources() -> None:
    accuracy = believed_accuracy()
    for belief in (accuracy.sensitivity, accuracy.predictive_value, accuracy.false_positive_odds_ratio):
        assert belief.source
