"""Subgroups by inflammation: CRP strata, prepared markers, the gate that may name groups, mixtures that describe."""

from cohort.analysis.subgroups.gate import GateResult, Illustration, discrete_subgroups, missed_separations
from cohort.analysis.subgroups.mixtures import MixtureDescription, describe_mixtures
from cohort.analysis.subgroups.preparation import COVARIATES, MARKERS, PreparedMarkers, prepare_markers
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
    "crp_strata_by",
    "describe_mixtures",
    "discrete_subgroups",
    "location_scale_shift",
    "missed_separations",
    "prepare_markers",
    "raised_crp_in_severe_depression",
]
