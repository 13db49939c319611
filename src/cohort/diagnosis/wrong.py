"""When a verdict is wrong: what it says beside what is true."""

from __future__ import annotations

import math

from cohort.analysis.verdicts import RATIO_BOUNDS, SIZE_FACTOR
from cohort.diagnosis.truth import KnownTruth

STATUSES = ("supported", "contradicted", "no relevant effect", "inconclusive", "not testable with this cohort")


def is_wrong(status: str, truth: KnownTruth, *, size: float | None = None) -> bool:
    """Return whether a verdict on the claim of an effect above nothing, or of a size, contradicts the truth.

    A verdict that leaves the matter open is never wrong. Of a direction:

    - ``supported`` is wrong where there is no effect, or one on the other side;
    - ``contradicted`` is wrong where there is no effect, or one on the claimed side (it says: on the other side);
    - ``no relevant effect`` is wrong where the truth lies outside the equivalence bounds of a ratio, 0.8 to 1.25, or
      where a difference is not zero.

    An effect on the claimed side that is too small to be relevant is rightly ``supported`` as well: the direction is
    what the verdict is about. Of a size s, ``supported`` is wrong where the truth lies outside s/1.5 to 1.5 s and
    ``contradicted`` where it lies inside.

    Parameters
    ----------
    status
        The word of the verdict.
    truth
        The true value.
    size
        The claimed ratio or difference, when the verdict is about a size.

    Examples
    --------
    >>> is_wrong("supported", KnownTruth(0.0, 0.0, True)), is_wrong("inconclusive", KnownTruth(0.0, 0.0, True))
    (True, False)
    """
    if size is not None:
        first, last = sorted((size / SIZE_FACTOR, size * SIZE_FACTOR))
        inside = first <= truth.natural <= last
        return (status == "supported" and not inside) or (status == "contradicted" and inside)
    if status == "supported":
        return truth.is_null or truth.value < 0
    if status == "contradicted":
        return truth.is_null or truth.value > 0
    if status == "no relevant effect":
        if not truth.is_log:
            return not truth.is_null
        return not math.log(RATIO_BOUNDS[0]) < truth.value < math.log(RATIO_BOUNDS[1])
    return False
