"""Scores of questionnaires, as their instrument files say: reversal, prorating, subscales, cut-offs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.rule import Column
from cohort.codebook import Instrument, Score

FloatArray = npt.NDArray[np.float64]
_FORMS = 2**14
"""Forms that are scored at a time: their answers fit into a processor's own memory."""


def score_instrument(visits: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return the scores of one instrument, a column each, on the index of the visits; no column without any item.

    Parameters
    ----------
    visits
        One row per person and visit, with the item columns of the instrument; an item without a column counts as
        missing for everybody.
    instrument
        Items, reversal, scores and how many items each may lack.

    Returns
    -------
    pd.DataFrame
        Totals and subscales as ``float64``, counts as ``Int64``.

    Notes
    -----
    A prorated score is the number of its items times the mean of those answered. A prorated *total* is then rounded
    half up to a whole number, as its cut-offs are whole (PHQ-9); prorated subscales are not rounded (CTQ-SF). The mean
    is taken after reversal.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> items = pd.DataFrame({f"phq9_{i}": pd.array([1 if i > 1 else None], dtype="Int64") for i in range(1, 10)})
    >>> score_instrument(items, load_codebook().instruments["phq9"])["phq9_total"].tolist()
    [9.0]
    """
    if not any(column in visits for column in instrument.columns):
        return pd.DataFrame(index=visits.index)
    items = visits[[column for column in instrument.columns if column in visits]]
    starts = range(0, max(len(items), 1), _FORMS)
    parts = [_scores(_answers(items.iloc[start : start + _FORMS], instrument), instrument) for start in starts]
    counts = {instrument.answered, *(score.column for score in instrument.validity)}
    columns: dict[str, Column] = {}
    for name in parts[0]:
        values = pd.Series(np.concatenate([part[name] for part in parts]), index=visits.index)
        columns[name] = values.astype("Int64") if name in counts else values
    return pd.DataFrame(columns, index=visits.index)


def _scores(answers: FloatArray, instrument: Instrument) -> dict[str, FloatArray]:
    """Return the scores of some forms, by column."""
    subscales = {score.column: _score(answers, score) for score in instrument.subscales}
    total = instrument.total
    if total.method == "sum_of_subscales":
        totals = np.sum(list(subscales.values()), axis=0)
    else:
        totals = np.floor(_score(answers, total) + 0.5)
    scores = {total.column: totals}
    if instrument.answered:
        scores[instrument.answered] = (~np.isnan(answers)).sum(axis=1).astype(np.float64)
    return scores | subscales | {score.column: _score(answers, score) for score in instrument.validity}


def _answers(visits: pd.DataFrame, instrument: Instrument) -> FloatArray:
    """Return the answers after reversal, rows × items; NaN where an item is missing or has no column."""
    answers = np.full((len(visits), instrument.items), np.nan, order="F")
    for number, column in enumerate(instrument.columns):
        if column in visits:
            answers[:, number] = visits[column].to_numpy(dtype="float64", na_value=np.nan)
    for number in instrument.reversed:
        answers[:, number - 1] = sum(instrument.item_limits[number - 1]) - answers[:, number - 1]
    return answers


def reversed_answers(visits: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return the answers with the reversed items turned round, so that all items of a score point one way.

    Parameters
    ----------
    visits
        One row per person and visit.
    instrument
        Its items and which of them are reversed.

    Returns
    -------
    pd.DataFrame
        The items that ``visits`` has, as ``float64``, on its index.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> visits = pd.DataFrame({"pss10_4": pd.array([0, None], dtype="Int64")})
    >>> reversed_answers(visits, load_codebook().instruments["pss10"])["pss10_4"].tolist()
    [4.0, nan]
    """
    table = pd.DataFrame(_answers(visits, instrument), columns=list(instrument.columns), index=visits.index)
    return table[[column for column in instrument.columns if column in visits]]


def items_of(instrument: Instrument, score: Score) -> tuple[str, ...]:
    """Return the columns of the items that a score counts; a sum of subscales counts theirs.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> ctq_sf = load_codebook().instruments["ctq_sf"]
    >>> len(items_of(ctq_sf, ctq_sf.total)), "ctq_10" in items_of(ctq_sf, ctq_sf.total)
    (25, False)
    """
    numbers = score.items
    if score.method == "sum_of_subscales":
        numbers = tuple(sorted(number for part in instrument.subscales for number in part.items))
    return tuple(instrument.columns[number - 1] for number in numbers)


def limits_of(instrument: Instrument, score: Score) -> tuple[float, float]:
    """Return the lowest and the highest value that a score can take.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> hamd17 = load_codebook().instruments["hamd17"]
    >>> limits_of(hamd17, hamd17.total)
    (0.0, 52.0)
    """
    limits = dict(zip(instrument.columns, instrument.item_limits, strict=True))
    ends = [limits[column] for column in items_of(instrument, score)]
    if score.method == "count_equal":
        return 0.0, float(len(ends))
    return float(sum(low for low, _ in ends)), float(sum(high for _, high in ends))


def _score(answers: FloatArray, score: Score) -> FloatArray:
    """Return one score for each row of answers (people × items); NaN when too many of its items are missing."""
    chosen = answers[:, [number - 1 for number in score.items]]
    answered = (~np.isnan(chosen)).sum(axis=1)
    points = np.nansum(chosen == score.value if score.method == "count_equal" else chosen, axis=1)
    # Only a prorated score stands in for missing items; the product comes first so that halves stay exact.
    size = len(score.items)
    scores = points * size / np.where(answered == 0, 1, answered) if score.method == "prorate" else points * 1.0
    enough = answered >= size - (score.missing_at_most if score.method == "prorate" else 0)
    return np.where(enough & (answered > 0), scores, np.nan)


def prorated(visits: pd.DataFrame, instrument: Instrument, scores: pd.DataFrame | None = None) -> int:
    """Return for how many rows the total stands although an item is missing; ``scores`` if they are known already."""
    present = [column for column in instrument.columns if column in visits]
    if not present or instrument.total.method != "prorate":
        return 0
    incomplete = np.full(len(visits), len(present) < instrument.items)
    for column in present:
        incomplete |= visits[column].isna().to_numpy()
    scores = score_instrument(visits, instrument) if scores is None else scores
    return int((scores[instrument.total.column].notna() & incomplete).sum())


def band(scores: Column, cut_offs: Iterable[int], words: tuple[str, ...]) -> Column:
    """Return the severity band of each score, an ordered category: the first word below the first cut-off, and so on.

    Examples
    --------
    >>> band(pd.Series([4.0, 5.0, None]), [5], ("none", "mild")).tolist()
    ['none', 'mild', nan]
    """
    values = scores.to_numpy(dtype="float64", na_value=np.nan)
    codes = np.searchsorted(np.asarray(list(cut_offs), dtype="float64"), values, side="right")
    codes = np.where(np.isnan(values), -1, codes).astype(np.int8)
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(words), ordered=True), index=scores.index)


def any_at_least(scores: pd.DataFrame, cut_offs: dict[str, int]) -> Column:
    """Return whether any score reaches its cut-off: missing unless one does or all are known and below.

    Parameters
    ----------
    scores
        One column per score.
    cut_offs
        The cut-off of each column; a column that is absent from ``scores`` is unknown for everybody.

    Examples
    --------
    >>> any_at_least(pd.DataFrame({"a": [9.0, 1.0, 1.0], "b": [None, None, 2.0]}), {"a": 5, "b": 5}).tolist()
    [True, <NA>, False]
    """
    values = scores.reindex(columns=list(cut_offs)).to_numpy(dtype="float64", na_value=np.nan)
    reached = (values >= np.asarray(list(cut_offs.values()), dtype="float64")).any(axis=1)
    known = ~np.isnan(values).any(axis=1)
    result = pd.Series(reached, index=scores.index, dtype="boolean")
    return result.mask(~reached & ~known)
