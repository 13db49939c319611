"""Direct and indirect effects through one or several mediators, and how strong hidden confounding would have to be."""

from cohort.analysis.mediation.effects import interventional_effects, natural_effects
from cohort.analysis.mediation.sensitivity import (
    ErrorCorrelation,
    corrected_for_confounder,
    error_correlation,
    mediational_e_value,
)

__all__ = [
    "ErrorCorrelation",
    "corrected_for_confounder",
    "error_correlation",
    "interventional_effects",
    "mediational_e_value",
    "natural_effects",
]
