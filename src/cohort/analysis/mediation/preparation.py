"""The people and variables of a mediation analysis, and every reason why there can be none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cohort.analysis.mediation.models import Form, Mediator, People
from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import Design, Domain, FloatArray, weighted_sd
from cohort.analysis.variables import (
    MINIMUM_CELL,
    InestimableError,
    binary,
    is_binary,
    levels,
    numeric,
    readable,
    require,
)


def _mediator(column: pd.Series) -> Mediator:
    """Return a mediator with the model that its values ask for; levels that nobody has are left out."""
    name = str(column.name)
    if is_binary(column):
        return Mediator(name, "logistic", binary(column).astype(np.intp), 2)
    words = levels(column)
    if words is None:
        return Mediator(name, "linear", numeric(column))
    present = [word for word in words if bool((column == word).any())]
    codes = pd.Categorical(column, categories=present).codes.astype(np.intp)
    ordered = isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)
    form: Form = "ordered" if ordered else "multinomial"
    return Mediator(name, form, codes, len(present))


def _check_levels(mediators: Sequence[Mediator], exposure: FloatArray, outcome: FloatArray, *, yes: bool) -> None:
    """Refuse levels of a mediator of which too few people have the exposure, or the outcome."""
    exposed = exposure if np.isin(exposure, (0.0, 1.0)).all() else np.zeros(len(exposure))
    for one in mediators:
        if not one.levels:
            continue
        level = np.asarray(one.values, dtype=np.intp)
        for side in (exposed, outcome if yes else np.zeros(len(outcome))):
            counts = np.bincount(level * 2 + side.astype(np.intp), minlength=2 * one.levels)
            shown = counts.reshape(-1, 2)[:, : 1 + int(side.any())]
            if shown.min() < MINIMUM_CELL:
                what = "exposure" if side is exposed else "outcome"
                raise InestimableError(f"fewer than {MINIMUM_CELL} people in a cell of '{one.name}' by {what}")


def people_of(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    mediators: Sequence[str],
    adjustment: Sequence[str],
    design: Design,
    domain: Domain,
    interaction: bool,
) -> People:
    """Return what the models of a mediation analysis are fitted to: everybody with all variables.

    Parameters
    ----------
    table, outcome, exposure, mediators, adjustment, design, domain, interaction
        As in :func:`cohort.analysis.mediation.effects.natural_effects`.

    Raises
    ------
    InestimableError
        If a variable is absent, constant, collinear or has too few people, or no mediator is named.
    """
    if not mediators:
        raise InestimableError("no mediator is named")
    yes = is_binary(require(table, outcome))
    frame = model_frame(
        table, outcome=outcome, exposures=[exposure], adjustment=[*mediators, *adjustment], design=design,
        domain=domain, kind="binary" if yes else "continuous",
    )  # fmt: skip
    inside = table.loc[frame.domain]
    found = tuple(_mediator(inside[name]) for name in mediators)
    _check_levels(found, frame.matrix[:, 1], frame.outcome, yes=yes)
    width = sum(max(one.levels - 1, 1) for one in found)
    return People(
        frame.matrix[:, 1], found, frame.outcome, frame.matrix[:, 2 + width :], frame.weights, yes, interaction,
        frame.domain,
    )  # fmt: skip


def contrast_of(people: People, contrast: tuple[float, float] | None) -> tuple[float, float]:
    """Return the two values of the exposure: no and yes, or the mean and one SD more, unless they are given.

    Raises
    ------
    InestimableError
        If both are the same.
    """
    if contrast is None:
        if np.isin(people.exposure, (0.0, 1.0)).all():
            return 0.0, 1.0
        mean = float(np.average(people.exposure, weights=people.weights))
        return mean, mean + weighted_sd(people.exposure, people.weights)
    if contrast[0] == contrast[1]:
        raise InestimableError("the two values of the exposure are the same")
    return contrast


def contrast_words(exposure: str, contrast: tuple[float, float] | None) -> str:
    """Return what is compared, in words.

    Examples
    --------
    >>> contrast_words("bmi_kg_m2", (25.0, 30.0))
    'Body mass index, 30 against 25'
    """
    name = readable(exposure)
    return name if contrast is None else f"{name}, {contrast[1]:g} against {contrast[0]:g}"
