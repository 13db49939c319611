"""Disclosure control: no count under the minimum is shown, and none can be worked out from what is shown.

``Disclosure`` is the policy of a study. ``Sum`` declares which cells of a table add up to which, so that a suppressed
one does not come back as the difference of its neighbours.
"""

from cohort.disclosure.memory import Memory, people_named
from cohort.disclosure.policy import MINIMUM_COUNT, NOT_SHOWN, ROUND_TO, Disclosure, is_told
from cohort.disclosure.sums import Cell, Shown, Sum, flow_sums, found_sums, is_covered

__all__ = [
    "MINIMUM_COUNT",
    "NOT_SHOWN",
    "ROUND_TO",
    "Cell",
    "Disclosure",
    "Memory",
    "Shown",
    "Sum",
    "flow_sums",
    "found_sums",
    "is_covered",
    "is_told",
    "people_named",
]
