"""How far an unmeasured common cause of mediator and outcome could account for an indirect effect.

Three answers of rising demand: the E-value needs no more than the estimate; the bias formula needs how common the cause
is and what it does; the correlation of errors needs linear models and says what the effect is at each strength.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.mediation.estimation import linear_samples, numbers_of
from cohort.analysis.mediation.models import People, model_matrix
from cohort.analysis.mediation.preparation import contrast_of, contrast_words, people_of
from cohort.analysis.resampling import bootstrap_together, units_of
from cohort.analysis.sampling import Design, Domain, FloatArray
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.variables import InestimableError, readable
from cohort.results import Estimate, NotTestable, Result, ResultTable

RHOS = tuple(round(float(rho), 2) for rho in np.linspace(-0.9, 0.9, 37))
MEASURE = "natural indirect effect, mean difference"
BREAK_EVEN = "correlation of errors at which no indirect effect is left"


@dataclass(frozen=True, eq=False)
class ErrorCorrelation:
    """The indirect effect at each correlation of the errors of mediator and outcome.

    Parameters
    ----------
    curve
        Columns ``rho``, ``indirect``, ``lower``, ``upper``.
    break_even
        The correlation at which the indirect effect is none.
    at_zero
        The indirect effect if there is no unmeasured common cause.
    """

    curve: pd.DataFrame
    break_even: Estimate
    at_zero: Estimate

    def at(self, rho: float) -> tuple[float, float, float]:
        """Return the indirect effect and its interval at a correlation that the curve holds."""
        row = self.curve.iloc[int(np.abs(self.curve["rho"].to_numpy(dtype=float) - rho).argmin())]
        return float(row["indirect"]), float(row["lower"]), float(row["upper"])

    def table(self) -> ResultTable:
        """Return the curve as a table."""
        return ResultTable(
            "error_correlation", "Indirect effect if mediator and outcome share an unmeasured cause", self.curve,
            formats={"rho": ".2f", "indirect": ".3f", "lower": ".3f", "upper": ".3f"},
            note="rho: correlation of what mediator and outcome models leave unexplained (Imai, Keele & Yamamoto "
            "2010); zero if all common causes are adjusted for.",
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Correlated:
    """From how often each row counts to the indirect effects at each correlation, and the break-even correlation."""

    people: People
    change: float
    rhos: FloatArray

    def __call__(self, multipliers: FloatArray) -> FloatArray:
        people, weights = self.people, self.people.sample_weights(multipliers)
        matrix, mediator = model_matrix(people, 0), numbers_of(people, 0)
        of_mediator, _ = linear_samples(matrix, mediator, weights)
        of_total, _ = linear_samples(matrix, people.outcome, weights)
        left = people.outcome - of_total @ matrix.T
        unexplained = mediator - of_mediator @ matrix.T
        spread, width = ((weights * one**2).sum(axis=1) for one in (left, unexplained))
        seen = (weights * left * unexplained).sum(axis=1) / np.sqrt(spread * width)
        scale = self.change * of_mediator[:, 1] * np.sqrt(spread / width)
        moved = seen[:, None] - self.rhos * np.sqrt((1 - seen[:, None] ** 2) / (1 - self.rhos**2))
        return np.column_stack([scale[:, None] * moved, seen])


def error_correlation(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    mediator: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    contrast: tuple[float, float] | None = None,
    rhos: Sequence[float] = RHOS,
    replicates: int = 500,
    seed: int,
    workers: int = 1,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> ErrorCorrelation | NotTestable:
    """Return the indirect effect for each correlation rho of the errors of a linear mediator and a linear outcome.

    An unmeasured common cause of mediator and outcome makes their errors correlate; rho says how much. Source: Imai,
    Keele & Yamamoto 2010 (Stat Sci 25:51), theorem 4. Assumes linear models without exposure-mediator interaction, and
    no common causes of the exposure and either of both that are not adjusted for.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, contrast, replicates, seed, workers, label, claims
        As in :func:`cohort.analysis.mediation.effects.natural_effects`; the outcome is a number.
    mediator
        A number.
    rhos
        Correlations between -1 and 1.
    """
    label = label or contrast_words(exposure, contrast)
    estimand = f"{MEASURE} of {readable(exposure)} on {readable(outcome)}; mediators: {readable(mediator)}"
    asked = np.asarray([*rhos, 0.0])
    if (np.abs(asked) >= 1).any():
        raise ValueError("a correlation lies between -1 and 1")
    try:
        people = people_of(
            table, outcome=outcome, exposure=exposure, mediators=[mediator], adjustment=adjustment, design=design,
            domain=domain, interaction=False,
        )  # fmt: skip
        _require_numbers(people)
        low, high = contrast_of(people, contrast)
        statistic = _Correlated(people, high - low, asked)
        point = statistic(np.ones((1, len(table))))[0]
        drawn, _ = bootstrap_together(
            statistic, units_of(design), replicates=replicates, seed=np.random.SeedSequence(seed), workers=workers
        )
    except InestimableError as reason:
        return NotTestable(label, str(reason), MEASURE, estimand, claims)
    ends = np.quantile(drawn, [0.025, 0.975], axis=0)
    curve = pd.DataFrame({"rho": asked, "indirect": point[:-1], "lower": ends[0, :-1], "upper": ends[1, :-1]})
    made = [
        Estimate(
            label, measure, float(point[place]), float(drawn[:, place].std(ddof=1)), null=0.0, estimand=estimand,
            adjustment=tuple(adjustment), n=len(people.outcome), claims=claims, details=(("design", design.words),),
            bounds=(float(ends[0, place]), float(ends[1, place])),
        )
        for measure, place in ((BREAK_EVEN, -1), (MEASURE, len(asked) - 1))
    ]  # fmt: skip
    return ErrorCorrelation(curve.iloc[:-1], made[0], made[1])


def _require_numbers(people: People) -> None:
    if people.binary_outcome or people.mediators[0].levels:
        raise InestimableError("errors correlate only where mediator and outcome are numbers")


def corrected_for_confounder(
    results: Mapping[str, Result], *, effect_on_outcome: float, share_exposed: float, share_unexposed: float
) -> dict[str, Result]:
    """Return natural direct and indirect effects, corrected for a yes/no common cause of mediator and outcome.

    Source: VanderWeele 2010 (Epidemiology 21:540). Such a cause is a collider's other parent: among people with the
    same mediator its share differs by exposure. What it adds to the direct effect it takes from the indirect one, so
    the total stays. Assumes that it does the same with and without exposure, is no consequence of the exposure, and
    that the shares are known; the interval has the width of the uncorrected one.

    Parameters
    ----------
    results
        Of :func:`cohort.analysis.mediation.effects.natural_effects`; odds ratios are left out.
    effect_on_outcome
        What the cause adds to the mean outcome, given exposure, mediators and covariates, for differences; its risk
        ratio, for risk ratios. Give results of one kind at a time.
    share_exposed, share_unexposed
        Share with the cause among exposed and unexposed with the same mediators and covariates.

    Examples
    --------
    >>> found = {"natural indirect effect, mean difference": Estimate("BMI", "", 0.10, 0.02, null=0.0)}
    >>> corrected = corrected_for_confounder(found, effect_on_outcome=0.5, share_exposed=0.1, share_unexposed=0.3)
    >>> f"{corrected['natural indirect effect, mean difference'].value:.2f}"
    '0.00'
    """
    if not (0 <= share_exposed <= 1 and 0 <= share_unexposed <= 1):
        raise ValueError("a share lies between 0 and 1")
    corrected: dict[str, Result] = {}
    added = effect_on_outcome * (share_exposed - share_unexposed)
    for key, result in results.items():
        side = {"natural direct effect": -1, "natural indirect effect": 1}.get(key.split(",")[0])
        if side is None or "odds ratio" in key:
            continue
        if isinstance(result, NotTestable):
            corrected[key] = result
            continue
        low, high = result.interval()
        if result.scale == "identity":
            shift = side * added
            corrected[key] = dataclasses.replace(result, value=result.value + shift, bounds=(low + shift, high + shift))
            continue
        factor = (1 + (effect_on_outcome - 1) * share_exposed) / (1 + (effect_on_outcome - 1) * share_unexposed)
        factor = factor**side
        corrected[key] = dataclasses.replace(result, value=result.value * factor, bounds=(low * factor, high * factor))
    return corrected


def mediational_e_value(result: Result, *, sd: float | None = None) -> EValue | NotTestable:
    """Return how strong a common cause of mediator and outcome would have to be to explain an indirect effect.

    The risk ratio with which it would have to go along with the exposure (given the mediator) and with the outcome.
    Source: Smith & VanderWeele 2019 (Epidemiology 30:835). Assumes that it is no consequence of the exposure; a mean
    difference counts as exp(0.91 d), an odds ratio of a common outcome as its square root.

    Parameters
    ----------
    result
        A direct or indirect effect: risk ratio, odds ratio or mean difference.
    sd
        SD of the outcome, for a mean difference.

    Examples
    --------
    >>> found = mediational_e_value(Estimate("BMI", "natural indirect effect, risk ratio", 1.3, 0.1, "log", null=1.0))
    >>> f"{found.point:.2f} {found.limit:.2f}"
    '1.92 1.34'
    """
    return e_value(result, sd=sd)
