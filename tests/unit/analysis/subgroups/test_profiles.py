"""Claims about profiles: means of groups that are there are covered, and classes keep their order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.analysis.subgroups.profiles import class_profiles


def prepared(apart: float) -> PreparedMarkers:
    rng = np.random.default_rng(3)
    upper = rng.random(500) < 0.4
    values = rng.standard_normal((500, 3)) + apart * upper[:, None] * np.array([1, 0.8, 0])
    return prepare_markers(pd.DataFrame(np.exp(0.5 * values), columns=list("abc")), list("abc"), (), rng=rng)


def test_the_means_of_two_distant_groups_are_precise_and_ordered() -> None:
    found = class_profiles(prepared(5.0), 2, rng=np.random.default_rng(1), resamples=20).set_index(["class", "marker"])
    assert found["mean"].loc[(1, "a")] < found["mean"].loc[(2, "a")]
    assert ((found["lower"] <= found["mean"]) & (found["mean"] <= found["upper"])).mean() >= 0.8
    assert (found["upper"] - found["lower"]).max() < 0.5
    # The third marker is the same in both groups.
    assert found["upper"].loc[(1, "c")] > found["lower"].loc[(2, "c")]


def test_without_groups_the_same_number_of_people_gives_much_wider_intervals() -> None:
    widths = []
    for apart in (5.0, 0.0):
        found = class_profiles(prepared(apart), 2, rng=np.random.default_rng(1), resamples=20)
        widths.append(float((found["upper"] - found["lower"]).mean()))
    assert widths[1] > 3 * widths[0]
