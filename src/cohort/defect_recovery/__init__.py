"""What cleaning makes of planted defects: each one caught, repaired, repaired wrongly or missed, beside a clean twin.

The twin is the same synthetic cohort without defects, read and cleaned in the same way. What it holds is true as far as
cleaning can know; a value that differs from it although no defect touched it counts against cleaning.
"""

from cohort.defect_recovery.scoring import OUTCOMES, Recovery, by_kind, recover
from cohort.defect_recovery.studies import PEOPLE, SEEDS, clean_study, simulate_pair

__all__ = ["OUTCOMES", "PEOPLE", "SEEDS", "Recovery", "by_kind", "clean_study", "recover", "simulate_pair"]
