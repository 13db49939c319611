"""Does inflammation lead to depression, or depression to inflammation? Each set at one wave, the other read later.

Parametric g-formula (Robins 1986, Mathematical Modelling 7:1393): models say how each process at a wave depends on both
processes at the wave before; everybody's exposure is set at one wave, and both processes run on to the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from cohort.analysis.fitting import logistic_coefficients
from cohort.analysis.model_frame import model_frame
from cohort.analysis.resampling import bootstrap, units_of
from cohort.analysis.sampling import BoolArray, Design, Domain, FloatArray, weighted_sd
from cohort.analysis.variables import InestimableError, binary, is_binary, numeric, readable, require
from cohort.results import Estimate, NotTestable, Result

MEASURES = {"mean difference": 0.0, "risk difference": 0.0, "risk ratio": 1.0, "odds ratio": 1.0}


@dataclass(frozen=True, eq=False)
class Waves:
    """Two processes at each wave, and covariates, of the people of an analysis.

    Parameters
    ----------
    exposure, outcome
        Shape (waves, people).
    covariates
        With an intercept in the first column, shape (people, columns).
    weights
        With mean one.
    exposure_yes, outcome_yes
        Whether each wave of them is yes/no.
    domain
        True for their rows of the table.
    """

    exposure: FloatArray
    outcome: FloatArray
    covariates: FloatArray
    weights: FloatArray
    exposure_yes: tuple[bool, ...]
    outcome_yes: tuple[bool, ...]
    domain: BoolArray

    def only(self, kept: BoolArray, weights: FloatArray) -> Waves:
        """Return some of the people, with other weights."""
        return replace(
            self, exposure=self.exposure[:, kept], outcome=self.outcome[:, kept], covariates=self.covariates[kept],
            weights=weights[kept] / weights[kept].mean(),
        )  # fmt: skip


def _fitted(matrix: FloatArray, response: FloatArray, weights: FloatArray, *, yes: bool) -> tuple[FloatArray, float]:
    """Return coefficients and, of a linear model, the residual SD."""
    if yes:
        return logistic_coefficients(matrix, response, weights), 0.0
    weighted = matrix * weights[:, None]
    try:
        beta = np.asarray(np.linalg.solve(weighted.T @ matrix, weighted.T @ response), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise InestimableError("the variables of the model are too nearly collinear") from error
    return beta, float(np.sqrt(np.average((response - matrix @ beta) ** 2, weights=weights)))


def _drawn(predictor: FloatArray, spread: float, uniform: FloatArray, *, yes: bool) -> FloatArray:
    """Return a draw of a process given its linear predictor."""
    if yes:
        return np.asarray(uniform < special.expit(predictor), dtype=np.float64)
    return np.asarray(predictor + spread * special.ndtri(uniform))


@dataclass(frozen=True, eq=False)
class _Course:
    """From how often each row counts to the mean outcome at the last wave under both values of the exposure."""

    waves: Waves
    values: tuple[float, float]
    uniforms: FloatArray
    """Shape (waves between, 2, people, draws); the same for both values and in every replicate."""

    def __call__(self, multiplier: FloatArray) -> list[float]:
        times = multiplier[self.waves.domain]
        kept = times > 0
        waves = self.waves.only(kept, self.waves.weights * times)
        uniforms = self.uniforms[:, :, kept]
        last = len(waves.outcome) - 1
        exposed, outcome, covariates = waves.exposure, waves.outcome, waves.covariates
        models = []
        for wave in range(1, last + 1):
            past = np.column_stack([covariates, exposed[wave - 1], outcome[wave - 1]])
            to_exposure = None
            if wave < last:
                to_exposure = _fitted(past, exposed[wave], waves.weights, yes=waves.exposure_yes[wave])
                past = np.column_stack([past, exposed[wave]])
            models.append((to_exposure, _fitted(past, outcome[wave], waves.weights, yes=waves.outcome_yes[wave])))
        means = []
        for value in self.values:
            x: FloatArray = np.full((int(kept.sum()), uniforms.shape[3]), value)
            y: FloatArray = np.broadcast_to(outcome[0][:, None], x.shape)
            for step, (to_exposure, (beta, spread)) in enumerate(models):
                width = covariates.shape[1]
                same = (covariates @ beta[:width])[:, None] + beta[width] * x + beta[width + 1] * y
                if to_exposure is None:
                    y = np.asarray(special.expit(same)) if waves.outcome_yes[-1] else same
                    continue
                slopes, x_spread = to_exposure
                predicted = (covariates @ slopes[:width])[:, None] + slopes[width] * x + slopes[width + 1] * y
                x = _drawn(predicted, x_spread, uniforms[step, 0], yes=waves.exposure_yes[step + 1])
                # The exposure of the same wave enters, so that both are drawn from their joint distribution.
                y = _drawn(same + beta[width + 2] * x, spread, uniforms[step, 1], yes=waves.outcome_yes[step + 1])
            means.append(float(np.average(y.mean(axis=1), weights=waves.weights)))
        return means


def _process(table: pd.DataFrame, names: Sequence[str]) -> tuple[FloatArray, tuple[bool, ...]]:
    """Return a process, shape (waves, rows of the table), and at which waves it is yes/no."""
    columns = [require(table, name) for name in names]
    yes = tuple(is_binary(column) for column in columns)
    return np.stack([binary(c) if is_yes else numeric(c) for c, is_yes in zip(columns, yes, strict=True)]), yes


def _waves(
    table: pd.DataFrame, exposure: Sequence[str], outcome: Sequence[str], adjustment: Sequence[str], design: Design,
    domain: Domain,
) -> Waves:  # fmt: skip
    """Return the people with both processes at every wave that counts.

    Raises
    ------
    InestimableError
        If a variable is absent, constant or collinear, or too few people have all.
    """
    before = [*exposure, *outcome[:-1]]
    ends = is_binary(require(table, outcome[-1]))
    frame = model_frame(
        table, outcome=outcome[-1], exposures=before, adjustment=adjustment, design=design, domain=domain,
        kind="binary" if ends else "continuous",
    )  # fmt: skip
    exposed, yes_exposure = _process(table, exposure)
    followed, yes_outcome = _process(table, outcome)
    covariates = np.delete(frame.matrix, range(1, 1 + len(before)), axis=1)
    inside = frame.domain
    return Waves(exposed[:, inside], followed[:, inside], covariates, frame.weights, yes_exposure, yes_outcome, inside)


def later_effect(
    table: pd.DataFrame,
    *,
    exposure: Sequence[str],
    outcome: Sequence[str],
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    values: tuple[float, float] | None = None,
    replicates: int = 500,
    draws: int = 20,
    seed: int,
    workers: int = 1,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return what one process, set at the first wave, does to another at the last, given where both stood.

    With two waves it is the mean of the outcome at the second, standardised over the outcome at the first and the
    covariates. With more, both processes run on between. To ask for the reverse, change the places of both.

    Assumes that covariates and the outcome at the first wave hold all common causes of the exposure there and of what
    follows, that a process depends on nothing earlier than the wave before, that people who leave are like those who
    remain given these variables (else weight or impute), and that the models hold. The outcome at the first wave counts
    as a cause, not a consequence, of the exposure there.

    Parameters
    ----------
    table
        One row per person, waves side by side (:func:`cohort.analysis.attrition.wide_waves`).
    exposure
        Its column at each wave but the last, in order of time.
    outcome
        Its column at each wave, in order of time: one more than of the exposure.
    adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`.
    values
        The two values that the exposure is set to; default no and yes, or the mean and one SD above it.
    replicates, seed, workers
        Bootstrap of people or primary sampling units; the numbers are the same for any ``workers``.
    draws
        Courses drawn for each person where there are waves between.

    Returns
    -------
    dict
        Results under "mean difference", or "risk difference", "risk ratio" and "odds ratio" for a yes/no outcome.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> rng = np.random.default_rng(1)
    >>> phq = rng.normal(size=500)
    >>> crp = 0.5 * phq + rng.normal(size=500)
    >>> people = pd.DataFrame({"crp_t0": crp, "phq_t0": phq, "phq_t1": phq + 0.1 * rng.normal(size=500)})
    >>> found = later_effect(people, exposure=["crp_t0"], outcome=["phq_t0", "phq_t1"], design=design_of(people),
    ...                      replicates=25, seed=1)
    >>> abs(round(found["mean difference"].value, 1))
    0.0
    """
    if len(outcome) != len(exposure) + 1 or not exposure:
        raise ValueError("the outcome needs one wave more than the exposure")
    title = label or f"{readable(exposure[0])}, then {readable(outcome[-1])}"
    estimand = f"{readable(outcome[-1])} had {readable(exposure[0])} been another, given both before"
    yes = outcome[-1] in table and is_binary(table[outcome[-1]])
    measures = ("risk difference", "risk ratio", "odds ratio") if yes else ("mean difference",)
    for_draws, for_bootstrap = np.random.SeedSequence(seed).spawn(2)
    try:
        waves = _waves(table, exposure, outcome, adjustment, design, domain)
        low, high = values or _two_values(waves)
        between = len(exposure) - 1
        shape = (between, 2, waves.outcome.shape[1], draws if between else 1)
        course = _Course(waves, (low, high), np.random.default_rng(for_draws).random(shape))
        point = np.asarray(course(np.ones(len(table))))
        drawn, _ = bootstrap(course, units_of(design), replicates=replicates, seed=for_bootstrap, workers=workers)
    except InestimableError as reason:
        return {name: NotTestable(title, str(reason), name, estimand, claims) for name in measures}
    last = waves.outcome[-1]
    template = Estimate(
        title, "", 0.0, 1.0, estimand=estimand, adjustment=(outcome[0], *adjustment), n=len(last),
        events=int(last.sum()) if yes else None, claims=claims,
        df=design.degrees_of_freedom(waves.domain) if design.kind == "survey" else math.inf,
        details=(("design", design.words), ("waves", str(len(outcome))), ("contrast", f"{high:.3g} against {low:.3g}")),
    )  # fmt: skip
    return {name: _contrast(template, name, point, drawn) for name in measures}


def _two_values(waves: Waves) -> tuple[float, float]:
    """Return no and yes, or the mean of the exposure at the first wave and one SD above it."""
    if waves.exposure_yes[0]:
        return 0.0, 1.0
    mean = float(np.average(waves.exposure[0], weights=waves.weights))
    return mean, mean + weighted_sd(waves.exposure[0], waves.weights)


def _contrast(template: Estimate, measure: str, point: FloatArray, drawn: FloatArray) -> Result:
    """Return a contrast of two means with a percentile interval."""
    ratio = measure.endswith("ratio")
    both = np.vstack([point, drawn])
    shown = np.log(both) if measure == "risk ratio" else special.logit(both) if measure == "odds ratio" else both
    steps = shown[:, 1] - shown[:, 0]
    error = float(steps[1:].std(ddof=1))
    if not (np.isfinite(steps).all() and error > 0):
        reason = "the bootstrap gives no finite standard error"
        return NotTestable(template.label, reason, measure, template.estimand, template.claims)
    low, high = np.quantile(steps[1:], [0.025, 0.975])
    return replace(
        template, measure=measure, value=math.exp(steps[0]) if ratio else float(steps[0]), standard_error=error,
        scale="log" if ratio else "identity", null=MEASURES[measure],
        bounds=(math.exp(low), math.exp(high)) if ratio else (float(low), float(high)),
    )  # fmt: skip
