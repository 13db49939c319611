"""Subgroups by inflammation: CRP strata, prepared markers, the gate that may name groups, mixtures that describe."""

from cohort.analysis.subgroups.external_validity import class_beyond_markers, class_difference
from cohort.analysis.subgroups.gate import GateResult, Illustration, discrete_subgroups, missed_separations
from cohort.analysis.subgroups.mixtures import MixtureDescription, describe_mixtures
from cohort.analysis.subgroups.models import choices_table, compare_models, models_table
from cohort.analysis.subgroups.panel_test import depression_from_panel, performance_table
from cohort.analysis.subgroups.preparation import COVARIATES, MARKERS, PreparedMarkers, prepare_markers
from cohort.analysis.subgroups.profiles import class_profiles
from cohort.analysis.subgroups.repeated_draws import retest_of_crp, retest_table
from cohort.analysis.subgroups.replication import replication_table
from cohort.analysis.subgroups.strata import (
    STRATA,
    crp_strata_by,
    location_scale_shift,
    raised_crp_in_severe_depression,
)

__all__ = [
    "COVARIATES",
    "MARKERS",
    "STRATA",
    "GateResult",
    "Illustration",
    "MixtureDescription",
    "PreparedMarkers",
    "choices_table",
    "class_beyond_markers",
    "class_difference",
    "class_profiles",
    "compare_models",
    "crp_strata_by",
    "depression_from_panel",
    "describe_mixtures",
    "discrete_subgroups",
    "location_scale_shift",
    "missed_separations",
    "models_table",
    "performance_table",
    "prepare_markers",
    "raised_crp_in_severe_depression",
    "replication_table",
    "retest_of_crp",
    "retest_table",
]
