"""Figures of subgroups: profiles with intervals, every marker in every class, two markers as a map, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cohort.analysis import inflammation_subgroups as subgroups
from cohort.analysis.inflammation_subgroups import Subgroups
from cohort.analysis.subgroups.classifier import Comparison
from cohort.analysis.subgroups.panel_test import BOTH, PANEL
from cohort.plots import draw_calibration, draw_hexbin, draw_profile_intervals, draw_ridges
from cohort.plots.style import empty_axes
from cohort.results import NotTestable
from cohort.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def profile_intervals_figure(
    study: Study, found: Subgroups, profiles: pd.DataFrame | NotTestable, *, title: str
) -> Axes:
    """Return means of the markers in the described classes with intervals; numbered, never named."""
    if isinstance(profiles, NotTestable):
        return empty_axes(None, profiles.reason, title=title)
    names = subgroups.marker_names(found)
    return draw_profile_intervals(profiles, disclosure=study.disclosure, names=names, title=title)


def ridges_figure(study: Study, found: Subgroups, *, seed: int, title: str) -> Axes:
    """Return the density of every marker in every described class."""
    if isinstance(found.gate, NotTestable):
        return empty_axes(None, found.gate.reason, title=title)
    names, columns = subgroups.marker_names(found), subgroups.residuals(found)
    values = {names[str(marker)]: columns[marker].to_numpy() for marker in columns}
    classes = subgroups.described_classes(found, seed=seed).astype(float)
    return draw_ridges(values, classes, disclosure=study.disclosure, title=title)


def marker_map_figure(study: Study, found: Subgroups, *, title: str) -> Axes:
    """Return the first two markers of the gate as a map of people, in their own units."""
    if len(found.prepared.markers) < 2:
        return empty_axes(None, "fewer than two markers", title=title)
    people = study.person_table.loc[found.prepared.index]
    x, y = found.prepared.markers[:2]
    return draw_hexbin(people, x, y, study.codebook, disclosure=study.disclosure, title=title)


def calibration_figure(study: Study, found: Comparison | NotTestable, *, title: str) -> Axes:
    """Return predicted beside observed probability of depression in people not used for the rule."""
    if isinstance(found, NotTestable):
        return empty_axes(None, found.reason, title=title)
    curves = {name: each.curve for name, each in found.performances.items() if name in {PANEL, BOTH}}
    return draw_calibration(curves, disclosure=study.disclosure, outcome=found.outcome.lower(), title=title)
