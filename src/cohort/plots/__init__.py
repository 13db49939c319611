"""Figures: results in, Matplotlib Axes out.

Every function draws on the Axes it is given or on a figure of its own, which pyplot does not know of. What can't be
drawn is an empty Axes that says why. Counts of people pass the disclosure policy that the caller hands over.
"""

from cohort.plots.classifier import draw_calibration
from cohort.plots.densities import draw_densities
from cohort.plots.distributions import draw_distributions, draw_hexbin
from cohort.plots.dose_response import draw_dose_response
from cohort.plots.flow import draw_flow
from cohort.plots.forest import draw_forest, draw_truth
from cohort.plots.graph import draw_graph
from cohort.plots.imputation import draw_observed_beside_imputed, draw_traces
from cohort.plots.ledger import draw_ledger
from cohort.plots.missing_reasons import draw_missing_reasons
from cohort.plots.missingness import draw_missingness
from cohort.plots.paths import draw_paths
from cohort.plots.power import draw_detectable
from cohort.plots.profiles import draw_profile_intervals, draw_ridges
from cohort.plots.rates_by_age import draw_rates_by_age
from cohort.plots.specification import draw_specification_curve
from cohort.plots.strata import draw_interaction, draw_strata
from cohort.plots.style import Picture, empty_axes, figure, use_style
from cohort.plots.subgroups import draw_axis, draw_missed, draw_null_distribution, draw_profiles
from cohort.plots.tipping_map import draw_tipping_map

__all__ = [
    "Picture",
    "draw_axis",
    "draw_calibration",
    "draw_densities",
    "draw_detectable",
    "draw_distributions",
    "draw_dose_response",
    "draw_flow",
    "draw_forest",
    "draw_graph",
    "draw_hexbin",
    "draw_interaction",
    "draw_ledger",
    "draw_missed",
    "draw_missing_reasons",
    "draw_missingness",
    "draw_null_distribution",
    "draw_observed_beside_imputed",
    "draw_paths",
    "draw_profile_intervals",
    "draw_profiles",
    "draw_rates_by_age",
    "draw_ridges",
    "draw_specification_curve",
    "draw_strata",
    "draw_tipping_map",
    "draw_traces",
    "draw_truth",
    "empty_axes",
    "figure",
    "use_style",
]
