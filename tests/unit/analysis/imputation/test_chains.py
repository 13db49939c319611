"""Claims about the state of the chains: what is derived or summed up follows the imputed values round by round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.imputation import product
from cohort.analysis.imputation.chains import Block, block_size
from cohort.analysis.imputation.plan import make_plan

VARIABLES = ["age", "crp", "ill", "smoking"]


@pytest.fixture
def block(mixed_people: Callable[..., pd.DataFrame]) -> Block:
    table = mixed_people()
    terms = (product("crp", "ill"), product("crp × ill", "age"))
    plan = make_plan(table, VARIABLES, design=design_of(table), derived=terms, iterations=2)
    return Block(plan, np.random.SeedSequence(1).spawn(3))


def full(block: Block, name: str) -> np.ndarray:
    one = next(one for one in block.plan.coded if one.name == name)
    values = np.tile(one.given, (3, 1))
    values[:, one.wanted] = block.imputed[name]
    return values


def test_derived_columns_follow_every_draw(block: Block) -> None:
    block.run()
    expected = full(block, "crp") * full(block, "ill")
    for name, values in (("crp × ill", expected), ("crp × ill × age", expected * full(block, "age"))):
        place = block.plan.places[name][0]
        centre, spread = block.plan.scales[[term.name for term in block.plan.derived].index(name)]
        np.testing.assert_allclose(block.design[:, :, place], (values - centre) / spread)


def test_sums_of_products_are_kept_up_to_date(block: Block) -> None:
    block.run()
    np.testing.assert_allclose(block.gram, block.design.swapaxes(1, 2) @ block.design, atol=1e-8)


def test_indicators_of_levels_follow_every_draw(block: Block) -> None:
    block.run()
    codes = full(block, "smoking")
    shares = next(one for one in block.plan.coded if one.name == "smoking").shares()
    for code, place in enumerate(block.plan.places["smoking"], start=1):
        np.testing.assert_allclose(block.design[:, :, place], (codes == code) - shares[code])


def test_blocks_hold_as_many_chains_as_fit(block: Block) -> None:
    width = block.plan.width
    assert width == 8
    assert block_size(block.plan) == 2_000_000 // (8 * 300 * width)
