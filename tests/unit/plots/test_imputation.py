"""Figures of imputations: every chain is drawn, few people are not shown, refusals are words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from cohort.analysis.imputation import Imputations, Variable, impute
from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.plots import draw_observed_beside_imputed, draw_traces
from cohort.results import NotTestable


def people(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    z = rng.normal(size=n)
    table = pd.DataFrame(
        {
            "age_years": 50 + 10 * z,
            "crp_mg_l": np.exp(z + rng.normal(size=n)),
            "smoking": pd.Categorical.from_codes(
                np.digitize(z + rng.logistic(size=n), [0.0, 1.5]), ["never", "former", "current"]
            ),
            "has_depression": pd.array(z > 1, dtype="boolean"),
        }
    )
    for name in ("crp_mg_l", "smoking", "has_depression"):
        table[name] = table[name].mask(rng.random(n) < 0.2)
    return table


@pytest.fixture(scope="module")
def imputations() -> Imputations:
    table = people()
    return impute(table, ["age_years", Variable("crp_mg_l", log=True), "smoking", "has_depression"], m=4, seed=1)


def axes_of(ax: Axes) -> list[Axes]:
    return [one for one in ax.figure.axes if one.axison]


def words_of(ax: Axes) -> str:
    return " ".join(text.get_text() for one in ax.figure.axes for text in one.texts)


def test_traces_show_every_chain_and_their_mean(imputations: Imputations) -> None:
    shown = axes_of(draw_traces(imputations, load_codebook(), disclosure=Disclosure.off()))
    # Mean and SD of the number, the shares of two others.
    assert len(shown) == 4
    titles = {one.get_title("left") for one in shown}
    assert {"C-reactive protein, mean of ln", "C-reactive protein, SD of ln", "Depression, share"} <= titles
    for one in shown:
        assert len(one.get_lines()) == 5
        assert one.get_title("right").startswith("R-hat")
        mean = np.mean([line.get_ydata() for line in one.get_lines()[:4]], axis=0)
        np.testing.assert_allclose(one.get_lines()[4].get_ydata(), mean)


def test_distributions_have_a_curve_per_imputation_and_bars_per_level(imputations: Imputations) -> None:
    variables = ["crp_mg_l", "smoking"]
    shown = axes_of(
        draw_observed_beside_imputed(imputations, load_codebook(), disclosure=Disclosure.off(), variables=variables)
    )
    assert len(shown[0].get_lines()) == 5
    assert shown[0].get_xscale() == "log"
    widths = [bar.get_width() for bar in shown[1].patches]
    table = imputations.table
    assert widths[::2] == pytest.approx((table["smoking"].value_counts(normalize=True, sort=False)).tolist())
    assert sum(widths[1::2]) == pytest.approx(1.0)


def test_few_people_are_not_shown() -> None:
    table = people()
    table["crp_mg_l"] = table["crp_mg_l"].fillna(1.0)
    table.loc[:2, "crp_mg_l"] = np.nan
    found = impute(table, ["age_years", "crp_mg_l"], m=2, iterations=2, seed=1)
    for draw in (draw_traces, draw_observed_beside_imputed):
        ax = draw(found, load_codebook(), disclosure=Disclosure())
        assert "values are imputed" in words_of(ax).replace("\n", " ")
        assert not ax.get_lines()


def test_a_level_of_few_people_has_no_bars() -> None:
    table = people().astype({"smoking": object})
    table.loc[table.index[:3], "smoking"] = "pipe"
    table["smoking"] = pd.Categorical(table["smoking"])
    found = impute(table, ["age_years", "smoking"], m=2, iterations=2, seed=1)
    shown = axes_of(draw_observed_beside_imputed(found, load_codebook(), disclosure=Disclosure()))[0]
    assert len(shown.patches) == 6
    assert "<5" in [text.get_text() for text in shown.texts]


def test_what_cannot_be_drawn_is_said(imputations: Imputations) -> None:
    refusal = NotTestable("CRP", "no multiple imputation: nobody has CRP")
    for draw in (draw_traces, draw_observed_beside_imputed):
        assert "nobody has CRP" in words_of(draw(refusal, load_codebook(), disclosure=Disclosure())).replace("\n", " ")
        empty = draw(imputations, load_codebook(), disclosure=Disclosure(), variables=["age_years"])
        assert "nothing was imputed" in words_of(empty).replace("\n", " ")
