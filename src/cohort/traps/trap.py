"""One row of the table of traps: what a naive analysis finds, what is true, and what the right analysis finds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cohort.results import Estimate, Result

SHARE_OF_TRUTH = 0.10
LOG_SCALE = 0.03
"""Pass rule of the blueprint on bias: below a tenth of the truth, or below 0.03 on the log scale."""


@dataclass(frozen=True)
class Truth:
    """What is true, found by intervention or in a population without error.

    Parameters
    ----------
    value
        On the natural scale: an odds ratio, not its logarithm.
    standard_error
        Monte-Carlo standard error of the value.
    """

    value: float
    standard_error: float = 0.0


@dataclass(frozen=True)
class Trap:
    """A question to a scenario: the naive answer, the truth and the right answer, all about one estimand.

    Parameters
    ----------
    estimand
        What is estimated, in words: exposure, outcome, measure.
    naive_analysis, naive
        The analysis that falls into the trap, in words, and its result.
    truth
        The true value of the estimand.
    right_analysis, right
        The analysis that does not, in words, and its result.
    declared
        What the blueprint declares for the scenario, in words.
    tolerance
        Bias that the pass rule allows whatever the truth is, on the scale of the analysis: 0.03 for ratios (their
        logarithm) and for differences in ln units or standard deviations; 0 where only the share of the truth counts.
    note
        What else a reader must know, with computed numbers.
    """

    estimand: str
    naive_analysis: str
    naive: Result
    truth: Truth
    right_analysis: str
    right: Result
    declared: str
    tolerance: float = LOG_SCALE
    note: str = ""

    @property
    def naive_misses(self) -> bool:
        """Return whether the 95 % interval of the naive analysis excludes the truth."""
        return isinstance(self.naive, Estimate) and not _holds_truth(self.naive, self.truth)

    @property
    def right_holds(self) -> bool:
        """Return whether the interval of the right analysis holds the truth, or its bias passes the rule."""
        if not isinstance(self.right, Estimate):
            return False
        return _holds_truth(self.right, self.truth) or self.right_bias < self.allowed_bias

    @property
    def right_bias(self) -> float:
        """Return the distance of the right estimate from the truth, on the log scale for ratios."""
        if not isinstance(self.right, Estimate):
            return math.nan
        return abs(on_scale(self.right.value, self.right) - on_scale(self.truth.value, self.right))

    @property
    def allowed_bias(self) -> float:
        """Return the bias that the pass rule allows, on the log scale for ratios."""
        return max(self.tolerance, SHARE_OF_TRUTH * abs(on_scale(self.truth.value, self.right)))


def on_scale(value: float, result: Result) -> float:
    """Return a value on the scale of a result: its logarithm for ratios."""
    return math.log(value) if isinstance(result, Estimate) and result.scale == "log" else value


def _holds_truth(estimate: Estimate, truth: Truth) -> bool:
    lower, upper = estimate.interval()
    return lower <= truth.value <= upper


def in_words(result: Result) -> str:
    """Return an estimate with its interval, or the reason why there is none.

    Examples
    --------
    >>> in_words(Estimate("", "odds ratio", 1.5, 0.1, scale="log"))
    '1.50 (1.23 to 1.82)'
    """
    if not isinstance(result, Estimate):
        return result.reason
    lower, upper = result.interval()
    decimals = decimals_for(result)
    return f"{result.value:.{decimals}f} ({lower:.{decimals}f} to {upper:.{decimals}f})"


def decimals_for(result: Result) -> int:
    """Return how many decimals a result needs: two for ratios, three or more for narrow differences."""
    if not isinstance(result, Estimate) or result.scale == "log":
        return 2
    lower, upper = result.interval()
    return 2 if upper - lower > 0.05 else 3 if upper - lower > 0.005 else 4
