"""Whether the values of a column can be those of a target: numbers within limits, days, groups."""

from __future__ import annotations

import numpy as np

from cohort.draft.coding import Coding, Fit, percent
from cohort.draft.columns import Column

_SPREAD = (0.3, 2.5)
_CENTRE = 1.0
_FEW_LEVELS = 100
_GAP = 0.6
_PILED_UP = 0.01
_MANY, _NEARBY, _PILE = 20, 5, 3.0


class Evidence(Coding):
    """Compares values with what the codebook and the vocabulary know of a target."""

    # --- numbers --------------------------------------------------------------------------------------------------

    def number(
        self,
        column: Column,
        minimum: float | None,
        maximum: float | None,
        plausible: tuple[float, float] | None = None,
        *,
        whole: bool = False,
    ) -> Fit:
        """Return whether a column holds numbers within limits.

        Parameters
        ----------
        column
            The column.
        minimum, maximum
            Hard limits.
        plausible
            Soft limits, for the median.
        whole
            Whether only whole numbers fit.
        """
        if not column.filled:
            return Fit(0.0, ("the column is empty",), ("the column holds nothing in the rows looked at",))
        missing = self.missing_of(column, minimum, maximum)
        values = column.values(frozenset(missing))
        if len(values) < (1 - self.points["share_in_range"]) * column.filled or not len(values) or column.is_date:
            return Fit(self.points["contradiction"], ("its values are no numbers",))
        inside = np.ones(len(values), dtype=bool)
        inside &= values >= minimum if minimum is not None else True
        inside &= values <= maximum if maximum is not None else True
        share, median = float(inside.mean()), float(np.median(values))
        limits = f"{_bound(minimum)} to {_bound(maximum)}"
        if share < self.points["share_in_range"] or (whole and not column.is_whole):
            what = f"{1 - share:.0%} of its values lie outside {limits}" if share < 1 else "its values are not whole"
            return Fit(self.points["contradiction"], (what,), missing=missing)
        if plausible is not None and not plausible[0] <= median <= plausible[1]:
            what = f"its median {median:.3g} is not plausible (usual {plausible[0]:g} to {plausible[1]:g})"
            return Fit(self.points["contradiction"], (what,), missing=missing)
        reasons = [f"median {median:.3g}, within {limits}", *self._doubtful_code(column, values)]
        return Fit(self.points["values"], tuple(reasons), missing=missing)

    def _doubtful_code(self, column: Column, values: np.ndarray) -> list[str]:
        """Return a remark when the highest value looks like a code for no answer and yet lies within the limits."""
        top = float(values.max())
        below = values[values < top]
        code = str(int(top)) if top.is_integer() else ""
        if code in self.vocabulary.missing_codes and len(below) and float(below.max()) < _GAP * top:
            return [f"LOOK: {code} stands far above all other values and may mean no answer"]
        levels, counts = np.unique(values, return_counts=True)
        at_top, nearby = counts[-1] / len(values), counts[-1 - _NEARBY : -1]
        if len(levels) > _MANY and at_top >= _PILED_UP and counts[-1] > _PILE * float(np.median(nearby)):
            return [f"LOOK: {percent(at_top)} are {top:g}, the highest: perhaps top-coded; add top_coded_at: {top:g}"]
        return []

    def standardised(self, column: Column) -> Fit:
        """Return whether a column holds standard deviations from a mean."""
        fit = self.number(column, -8, 8)
        if fit.points <= 0:
            return fit
        values = column.values(frozenset(fit.missing))
        centre, spread = float(values.mean()), float(values.std())
        if abs(centre) > _CENTRE or not _SPREAD[0] <= spread <= _SPREAD[1] or not (values < 0).any():
            what = f"mean {centre:.2g} and SD {spread:.2g} are not those of standardised values"
            return Fit(self.points["contradiction"], (what,), missing=fit.missing)
        return Fit(self.points["values"], (f"mean {centre:.1f}, SD {spread:.1f}: standardised",), missing=fit.missing)

    # --- the rest -------------------------------------------------------------------------------------------------

    def date(self, column: Column) -> Fit:
        """Return whether a column holds days."""
        if column.is_date:
            return Fit(self.points["values"], ("its values are days",))
        return Fit(self.points["contradiction"], ("its values are no days",))

    def levels(self, column: Column) -> Fit:
        """Return whether a column holds the names of a few groups, such as sites."""
        if not column.filled or column.is_date:
            return Fit(self.points["contradiction"], ("its values are no names of groups",))
        if column.distinct <= _FEW_LEVELS and column.distinct <= max(column.filled / 2, 1):
            return Fit(self.points["values"], (f"{column.distinct} different values",))
        return Fit(self.points["contradiction"], ("it has too many different values",))


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"
