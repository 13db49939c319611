"""Files of any format become raw tables under canonical names, units and codes, with an account of every row."""

from cohort.intake.reading import read_cohort
from cohort.intake.tables import RawCohort, SourceFile

__all__ = ["RawCohort", "SourceFile", "read_cohort"]
