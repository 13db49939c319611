"""What the entries of ``study.yaml`` are made of: codes, shapes and the conditions that pick rows.

Where an entry may have several shapes (a text, a list, a mapping), the shape itself decides which one is meant, so that
a mistake inside one of them is told as that one mistake.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

Scalar: TypeAlias = str | StrictInt | StrictFloat | StrictBool
Number: TypeAlias = StrictInt | StrictFloat


def _code_text(value: Any) -> Any:
    """Return a code as the text that a reader yields for it: 1, 1.0 and '1' are the same code."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else value


Code: TypeAlias = Annotated[str, BeforeValidator(_code_text, json_schema_input_type=str | int | float | bool)]


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def one_or_many(item: Any) -> BeforeValidator:
    """Return a validator that takes a single item for a list of one.

    Parameters
    ----------
    item
        Type of the items.
    """
    return BeforeValidator(_as_list, json_schema_input_type=item | list[item])


# Marks of the shapes. They come back inside the place of an error and are told from keys of the file by their brackets.
SCALAR, LIST, MAPPING, BY = "<scalar>", "<list>", "<mapping>", "<by>"

STUDY_RULE = "study_rule"
"""Type of an error that a model words itself."""


def shape_of(value: Any) -> str:
    """Return the mark of a value's shape."""
    if (isinstance(value, dict) and "by" in value) or (isinstance(value, BaseModel) and hasattr(value, "by")):
        return BY
    if isinstance(value, (dict, BaseModel)):
        return MAPPING
    return LIST if isinstance(value, list) else SCALAR


def plain_shape(value: Any) -> str:
    """Return the mark of a value's shape, where ``by`` is a key like any other."""
    shape = shape_of(value)
    return MAPPING if shape == BY else shape


BY_SHAPE = Discriminator(shape_of)
BY_PLAIN_SHAPE = Discriminator(plain_shape)


class Model(BaseModel):
    """Base of all entries: unknown keys are errors, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def rule(what: str, fix: str) -> PydanticCustomError:
    """Return an error in the words that the user will read."""
    return PydanticCustomError(STUDY_RULE, "{what} {fix}", {"what": what, "fix": fix})


def is_day(value: str) -> bool:
    """Return whether a text is a day such as 2020-01-31."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def check_range(at_least: float | str | None, below: float | str | None) -> None:
    """Raise when no value can be in a range."""
    if at_least is None or below is None:
        return
    if isinstance(at_least, str) != isinstance(below, str):
        raise rule("'at_least' and 'below' mix a number and a date.", "Write both in the same way.")
    if not (str(at_least) < str(below) if isinstance(at_least, str) else float(at_least) < float(below)):
        raise rule("no value is at least the one and below the other.", "Exchange 'at_least' and 'below'.")


class Comparison(Model):
    """A condition on one column that is not a list of codes: a range of numbers or dates, or the start of a code."""

    at_least: Number | str | None = None
    below: Number | str | None = None
    starts_with: Annotated[list[Code], one_or_many(Code), Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_a_condition(self) -> Comparison:
        if self.at_least is None and self.below is None and self.starts_with is None:
            raise rule("the condition is empty.", "Add 'at_least', 'below' or 'starts_with'.")
        for end in (self.at_least, self.below):
            if isinstance(end, str) and not is_day(end):
                raise rule(f"'{end}' is neither a number nor a date.", "Write a date as 2020-01-31.")
        check_range(self.at_least, self.below)
        return self


def _condition_shape(value: Any) -> str:
    """Return the mark of a condition's shape; one code alone stands for a list of one."""
    shape = plain_shape(value)
    return shape if shape == MAPPING or value == "blank" else LIST


ColumnCondition: TypeAlias = Annotated[
    Annotated[Literal["blank"], Tag(SCALAR)]
    | Annotated[Comparison, Tag(MAPPING)]
    | Annotated[list[Code | None], one_or_many(Code | None), Field(min_length=1), Tag(LIST)],
    Discriminator(_condition_shape),
]
"""What one column must hold: ``blank``, one of some codes, or a comparison."""

AllOf: TypeAlias = Annotated[dict[str, ColumnCondition], Field(min_length=1)]
"""Conditions of which every one must hold."""

Condition: TypeAlias = Annotated[list[AllOf], one_or_many(AllOf), Field(min_length=1)]
"""Conditions in a list: any may hold; in one mapping: all must."""
