"""Columns that follow from others: products, squares, ratios, recomputed whenever one of their inputs is imputed.

A derived column predicts every variable that it is not made of. For an analysis with a product of exposure and
modifier, the imputation of the exposure therefore needs the product of outcome and modifier, and so on around: give all
three, as :func:`pairwise_products` does (Tilling et al. 2016, J Clin Epidemiol 80:107). That finds most of an
interaction; where nobody lacks the modifier, imputing within its groups finds all of it. A square or ratio of an
incomplete variable cannot predict the variable itself, so that its imputation knows the curve only as far as matching
finds it: with much missing, the curve is drawn too flat (Seaman, Bartlett & White 2012, BMC Med Res Methodol 12:46).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cohort.analysis.imputation.coding import FloatArray

Values: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Derived:
    """A column that is a function of others, person by person.

    Parameters
    ----------
    name
        Name of the new column in the completed tables; a column of that name is replaced.
    inputs
        Columns it is made of, imputed ones or derived ones before it.
    function
        From arrays of the inputs (same shape, people on the last axis) to an array of that shape. Numbers come in their
        own unit, yes/no as 0 and 1, other levels as words.

    Examples
    --------
    >>> ratio = Derived("nlr", ("neutrophils", "lymphocytes"), lambda n, l: n / l)
    >>> ratio.of({"neutrophils": np.array([4.0]), "lymphocytes": np.array([2.0])}).tolist()
    [2.0]
    """

    name: str
    inputs: tuple[str, ...]
    function: Callable[..., Values]

    def of(self, values: Mapping[str, Values]) -> FloatArray:
        """Return the column for given values of its inputs; it may hold what is not finite, which callers refuse."""
        with np.errstate(all="ignore"):
            return np.asarray(self.function(*(values[name] for name in self.inputs)), dtype=np.float64)


def _multiply(*factors: FloatArray) -> FloatArray:
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def product(*names: str) -> Derived:
    """Return the product of variables that are numbers or yes/no, named with a cross.

    Examples
    --------
    >>> product("age_years", "female").name
    'age_years × female'
    """
    return Derived(" × ".join(names), names, _multiply)


def square(name: str) -> Derived:
    """Return the square of a number."""
    return Derived(f"{name}²", (name,), np.square)


def pairwise_products(names: Sequence[str]) -> tuple[Derived, ...]:
    """Return the products of all pairs: what outcome, exposure and modifier of an interaction need of each other.

    Examples
    --------
    >>> [term.name for term in pairwise_products(["y", "x", "z"])]
    ['y × x', 'y × z', 'x × z']
    """
    return tuple(product(*pair) for pair in itertools.combinations(names, 2))
