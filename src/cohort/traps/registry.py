"""Which scenario sets which trap, in the order of the blueprint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cohort.synthetic import Scenario
from cohort.traps import diseases, exposures, markers
from cohort.traps.null_tests import many_tests
from cohort.traps.trap import Trap

Setting: TypeAlias = Callable[[Scenario, int, int], list[Trap]]
"""From a world, a number of people and a seed to the rows of a scenario."""


def _total_null(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S0: one exposure, and many."""
    return [diseases.total_null(world, n, seed), many_tests(world, n, seed)]


def _literature_like(world: Scenario, n: int, seed: int) -> list[Trap]:
    """S10: disease and inflammation."""
    return [diseases.literature_disease(world, n, seed), markers.literature_inflammation(world, n, seed)]


TRAPS: tuple[tuple[str, Setting], ...] = (
    ("total_null", _total_null),
    ("no_autoimmune_effect", diseases.no_autoimmune_effect),
    ("bmi_confounding", markers.bmi_confounding),
    ("clinic_selection", diseases.clinic_selection),
    ("screened_controls", diseases.screened_controls),
    ("trauma_not_at_random", exposures.trauma_not_at_random),
    ("reverse_causation", markers.reverse_causation),
    ("batch_effects", markers.batch_effects),
    ("literature_like", _literature_like),
    ("seed_claims", diseases.seed_claims),
    ("cytomegalovirus_confounding", exposures.cytomegalovirus_confounding),
    ("epstein_barr_near_constant", exposures.epstein_barr_near_constant),
    ("stratified_gene", exposures.stratified_gene),
    ("serotonin_null", markers.serotonin_null),
    ("prenatal_familial", exposures.prenatal_familial),
    ("acute_infections", markers.acute_infections),
    ("contraceptive_artefact", markers.contraceptive_artefact),
    ("differential_self_report", diseases.differential_self_report),
    ("diabetes_mix_up", diseases.diabetes_mix_up),
    ("additive_synergy", diseases.additive_synergy),
    ("attrition", exposures.attrition),
)
"""The scenarios with an effect to estimate, and what estimates it."""

WITHOUT_EFFECT = (
    "continuum_only", "true_three_subgroups", "three_subgroups_near", "three_subgroups_far", "dirty_data"
)  # fmt: skip
"""The scenarios about subgroups and dirty files: they have no effect to estimate, and no row."""
