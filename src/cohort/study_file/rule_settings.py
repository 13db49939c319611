"""What a study may say about the rules of cleaning: turn one off, choose another action, or change its limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, Tag, model_validator

from cohort.study_file.conditions import BY_PLAIN_SHAPE, MAPPING, SCALAR, Model, Number, rule

OFF = "off"


class Range(Model):
    """Limits of a variable or an analyte in its canonical unit; one that is left out stays as the codebook has it."""

    minimum: Number | None = None
    maximum: Number | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Range:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise rule("the minimum lies above the maximum.", "Exchange them.")
        return self


class RuleChange(Model):
    """What a study changes of a rule: what is done, its numbers, or the ranges that it reads."""

    action: Literal["repair", "set_missing", "quarantine", "flag", "merge"] | None = None
    limits: dict[str, Number] = Field(default_factory=dict)
    variables: dict[str, Range] = Field(default_factory=dict)
    analytes: dict[str, Range] = Field(default_factory=dict)


def _off(value: Any) -> Any:
    """Return ``off`` for it and for ``false``, which older YAML makes of it; any other single value is a mistake."""
    if value is False or value == OFF:
        return OFF
    if value is None or isinstance(value, (dict, list, Model)):
        return value
    raise rule(
        "a rule is 'off', or a mapping of what changes.", "Write 'off', or '{action: flag}', or remove the line."
    )


RuleSetting: TypeAlias = Annotated[
    Annotated[Literal["off"], Tag(SCALAR)] | Annotated[RuleChange, Tag(MAPPING)], BY_PLAIN_SHAPE, BeforeValidator(_off)
]
"""``off``, or what changes."""
