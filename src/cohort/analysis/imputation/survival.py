"""What a time-to-event outcome gives to the imputation of its covariates: the event and the cumulative hazard.

Under proportional hazards with a rare event or weak effects, a covariate given event and time depends on the event
indicator and the cumulative baseline hazard at the end of follow-up, linearly, while logarithm or square of the time
serve less well (White & Royston 2009, Stat Med 28:1982). Effects so estimated are a little too small when they are
strong.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.analysis.imputation.coding import FloatArray
from cohort.analysis.variables import InestimableError, binary, numeric


def nelson_aalen(time: pd.Series, event: pd.Series, entry: pd.Series | None = None) -> pd.Series:
    """Return the cumulative hazard that each person was at risk of, by the estimator of Nelson and Aalen.

    Give it, beside the event, to the variables of an imputation whose analysis is a survival model. With delayed
    entry, it is the hazard between entry and end of follow-up. Assumes that censoring tells nothing of the hazard.

    Parameters
    ----------
    time
        End of follow-up of each person, on the time scale of the analysis (years, age); missing stays missing.
    event
        Whether it ended with the event.
    entry
        Start of being at risk on the same scale; None for zero for all.

    Raises
    ------
    InestimableError
        If a time is not a finite number, an event is not yes/no, or somebody enters after the end.

    Examples
    --------
    >>> followed = pd.DataFrame({"years": [1.0, 2.0, 2.0, 4.0], "ill": [True, True, False, True]})
    >>> nelson_aalen(followed["years"], followed["ill"]).round(3).tolist()
    [0.25, 0.583, 0.583, 1.583]
    """
    end, happened = numeric(time), binary(event)
    start = np.full(len(end), -np.inf) if entry is None else numeric(entry)
    known = ~(np.isnan(end) | np.isnan(happened) | np.isnan(start))
    if (start[known] > end[known]).any():
        raise InestimableError("somebody enters the study after the end of follow-up")
    steps = np.unique(end[known & (happened == 1)])
    events = _counts(end[known & (happened == 1)], steps)
    leaving, entering = np.sort(end[known]), np.sort(start[known])
    # At risk at a time: those who entered before it less those who left before it.
    at_risk = np.searchsorted(entering, steps, side="left") - np.searchsorted(leaving, steps, side="left")
    hazard = np.concatenate([[0.0], np.cumsum(events / np.maximum(at_risk, 1))])
    found = np.full(len(end), np.nan)
    until = np.searchsorted(steps, end[known], side="right")
    since = np.searchsorted(steps, start[known], side="right")
    found[known] = hazard[until] - hazard[since]
    return pd.Series(found, index=time.index, name="cumulative_hazard")


def _counts(values: FloatArray, steps: FloatArray) -> FloatArray:
    return np.bincount(np.searchsorted(steps, values), minlength=len(steps)).astype(np.float64)
