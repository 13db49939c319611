"""Methods on trauma, infection and drop-out on one cohort each: the naive errs as declared, the right one does not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.analysis import design_of, odds_ratio
from cohort.diagnosis import METHODS, Sample, choose
from cohort.diagnosis.adversity_methods import DELTAS
from cohort.results import Estimate, NotTestable, Result
from cohort.synthetic import load_scenario

Asked = list[tuple[str, dict[str, str]]]
Run = Callable[[str, int, Asked], list[Result]]


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def away(result: Result, truth: float) -> float:
    """Return the distance from a true log ratio in standard errors, with its sign."""
    found = estimate(result)
    return (math.log(found.value) - truth) / found.standard_error


def test_origin_age_and_poverty_bring_a_virus_together_with_depression(on_people: Run) -> None:
    crude, right = on_people(
        "cytomegalovirus_confounding", 40_000, [("cytomegalovirus_crude", {}), ("cytomegalovirus_standardised", {})]
    )
    assert away(crude, 0.0) > 3
    assert abs(away(right, 0.0)) < 2


def serology(ill_without: int) -> Sample:
    """Return 300 people of whom 15 lack the virus, some of these depressed."""
    negative = np.arange(300) < 15
    ill = np.zeros(300, dtype=bool)
    ill[:ill_without] = True
    ill[15 : 15 + 24] = True
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {"has_current_depression": ill, "is_ebv_seronegative": negative, "ln_ebv_igg": np.where(negative, 0.3, 4.0),
         "age_years": rng.normal(50, 10, 300), "is_female": rng.random(300) < 0.5,
         "is_current_smoker": rng.random(300) < 0.2}
    )  # fmt: skip
    table["ln_ebv_igg"] += rng.normal(0, 0.8, 300)
    return Sample(table, "has_current_depression", ())


def on_serology(sample: Sample, name: str) -> Result:
    return choose(METHODS, name, {}, "complete").analyse(sample)


def test_an_empty_cell_is_printed_without_an_end_and_refused_where_it_tells_too_little() -> None:
    empty = serology(0)
    printed, refused = on_serology(empty, "serostatus_as_printed"), on_serology(empty, "serostatus_in_small_cells")
    low, high = estimate(printed).interval()
    assert math.log(high) - math.log(low) > 100
    assert isinstance(refused, NotTestable)
    assert refused.reason.startswith("insufficient information")


def test_where_no_cell_is_empty_both_give_an_interval_with_ends() -> None:
    full = serology(2)
    printed, firth = on_serology(full, "serostatus_as_printed"), on_serology(full, "serostatus_in_small_cells")
    cells = pd.crosstab(full.table["is_ebv_seronegative"], full.table["has_current_depression"]).to_numpy()
    assert estimate(printed).value == pytest.approx(cells[1, 1] * cells[0, 0] / (cells[1, 0] * cells[0, 1]))
    assert estimate(printed).standard_error == pytest.approx(math.sqrt((1 / cells).sum()))  # Woolf
    low, high = estimate(firth).interval()
    assert high / low < 1000


def test_the_titre_is_that_of_those_who_have_the_virus() -> None:
    titre = estimate(on_serology(serology(2), "titre"))
    assert titre.n == 285
    assert abs(math.log(titre.value)) < 2 * titre.standard_error


def test_siblings_and_the_father_take_away_what_families_share(on_people: Run) -> None:
    mother, father, siblings, against = on_people(
        "prenatal_familial",
        40_000,
        [("prenatal_crude", {}), ("prenatal_crude", {"parent": "father"}), ("prenatal_siblings", {}),
         ("prenatal_against_father", {})],
    )  # fmt: skip
    assert away(mother, 0.0) > 2
    assert away(father, 0.0) > 1.5  # a negative control that is not null tells of confounding
    assert abs(away(siblings, 0.0)) < 2
    assert abs(away(against, 0.0)) < 2
    assert estimate(siblings).standard_error > estimate(mother).standard_error


def test_the_mother_against_the_father_is_the_ratio_of_their_odds_ratios() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.random((4000, 2)) < 0.3, columns=["has_prenatal_infection", "has_paternal_infection"])
    table["family_number"] = np.arange(4000)
    risk = 0.1 + 0.1 * table["has_prenatal_infection"] + 0.05 * table["has_paternal_infection"]
    table["has_current_depression"] = rng.random(4000) < risk
    found = METHODS["prenatal_against_father"].analyse(Sample(table, "has_current_depression", ()), {})
    names = ("has_prenatal_infection", "has_paternal_infection")
    mother, father = (
        odds_ratio(table, outcome="has_current_depression", exposure=one, adjustment=[other], design=design_of(table))
        for one, other in (names, names[::-1])
    )
    assert estimate(found).value == pytest.approx(estimate(mother).value / estimate(father).value)


TRAUMA: Asked = [("trauma_as_returned", {}), *(("trauma_imputed", {"delta": delta}) for delta in DELTAS)]


def test_forms_that_were_not_returned_are_imputed_with_a_delta(on_people: Run) -> None:
    naive, follow_up, at_random, believed = on_people("trauma_not_at_random", 30_000, TRAUMA)
    truth = 0.50  # log odds ratio had everybody returned the form and nobody minimised
    assert away(naive, truth) > 1.5
    assert abs(away(follow_up, truth)) < 2
    assert estimate(at_random).value < estimate(follow_up).value
    assert estimate(believed).value == estimate(follow_up).value
    # 43 % of those without depression minimise and 27 % of the others; those without a form are thinned alike.
    assert estimate(follow_up).n == pytest.approx(30_000 * (0.57 * 0.92 + 0.73 * 0.08), rel=0.02)
    lowest, highest = (estimate(believed).interval()[place] for place in (0, 1))
    assert lowest == estimate(at_random).interval()[0]
    assert highest > estimate(follow_up).interval()[1]


def test_imputation_of_a_form_is_the_same_for_the_same_people(on_people: Run) -> None:
    first, second = (on_people("trauma_not_at_random", 2000, TRAUMA[1:2])[0] for _ in range(2))
    assert first == second


def test_weights_bring_back_those_who_left(on_people: Run) -> None:
    naive, weighted, few, share = on_people(
        "attrition",
        30_000,
        [("difference_in_remaining", {}), ("difference_weighted", {}), ("share_in_remaining", {}),
         ("share_weighted", {})],
    )  # fmt: skip
    for biased, right, truth in ((naive, weighted, 2.22), (few, share, 0.0815)):
        one, other = estimate(biased), estimate(right)
        assert one.value < truth - 1.5 * one.standard_error
        assert abs(other.value - truth) < 2 * other.standard_error


def test_where_nobody_leaves_there_are_no_weights(on_people: Run) -> None:
    world = load_scenario("attrition").with_changes({"retained_1.intercept": 60.0, "retained_2.intercept": 60.0})
    refused = on_people(world, 500, [("difference_weighted", {}), ("share_weighted", {})])  # type: ignore[arg-type]
    assert all(isinstance(one, NotTestable) and "fewer than" in one.reason for one in refused)
