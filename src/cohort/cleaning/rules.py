"""The rules of cleaning, in the order of the codebook, which says all about them but how they find."""

from __future__ import annotations

from collections.abc import Mapping

from cohort.cleaning import consistency, days, duplicates, laboratory, names, questionnaires, values
from cohort.cleaning.rule import Rule, RuleFunction
from cohort.codebook import Codebook, load_codebook
from cohort.errors import CodebookError

FUNCTIONS: Mapping[str, RuleFunction] = {
    function.__name__: function
    for function in (
        values.key_missing,
        values.identifier_unknown,
        values.category_unknown,
        values.not_whole,
        values.lab_unit,
        values.range_hard,
        values.sentinel_number,
        values.digit_preference,
        values.range_plausible,
        values.crp_zero,
        names.id_leading_zeros,
        names.name_case,
        duplicates.duplicate_exact,
        duplicates.status_conflict,
        duplicates.detail_conflict,
        duplicates.status_merge,
        duplicates.duplicate_near,
        duplicates.duplicate_conflicting,
        duplicates.orphan,
        questionnaires.straight_lining,
        questionnaires.coding_shifted,
        questionnaires.items_unreversed,
        questionnaires.item_range,
        laboratory.unit_by_site,
        laboratory.censored_coarse,
        laboratory.plate_effect,
        laboratory.copy_forward,
        days.date_sentinel,
        days.date_isolated,
        days.birth_after_dates,
        days.visit_before_birth,
        days.sample_before_birth,
        days.follow_up_before_birth,
        days.onset_before_birth,
        days.exit_before_entry,
        days.stop_before_start,
        days.visit_order,
        days.lab_before_entry,
        consistency.pregnant_male,
        consistency.contraceptive_male,
        consistency.onset_after_last_observed,
        consistency.age_against_birth_year,
        consistency.cells_exceed_leukocytes,
    )
}
"""The function of each rule, by the identifier of the rule."""


def rules_of(codebook: Codebook) -> tuple[Rule, ...]:
    """Return the rules of a codebook in its order.

    Raises
    ------
    CodebookError
        If a rule has no function, or a function no rule.

    Examples
    --------
    >>> [rule.id for rule in rules_of(load_codebook())][:2]
    ['key_missing', 'identifier_unknown']
    """
    unlike = sorted(set(codebook.rules) ^ set(FUNCTIONS))
    if unlike:
        raise CodebookError(f"rules.yaml and the functions of cleaning do not agree about {', '.join(unlike)}.")
    return tuple(
        Rule(
            id=entry.id,
            severity=entry.severity,
            action=entry.action,
            table=entry.table,
            description=entry.description,
            function=FUNCTIONS[entry.id],
            needs_all_rows=entry.needs_all_rows,
            limits={name: limit.value for name, limit in entry.limits.items()},
        )
        for entry in codebook.rules.values()
    )


RULES: tuple[Rule, ...] = rules_of(load_codebook())
"""All rules in order: what says nothing; names, repeated rows, mistakes of a site; what cannot be true; then flags."""
