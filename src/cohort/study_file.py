"""The grammar of ``study.yaml`` as strict models, and nothing else: where the files lie and what their columns mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Scalar: TypeAlias = str | int | float | bool


def _code_text(value: Any) -> Any:
    """Return a code as the text that a reader yields for it: 1, 1.0 and '1' are the same code."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else value


Code: TypeAlias = Annotated[str, BeforeValidator(_code_text)]


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Model(BaseModel):
    """Base of all entries: unknown keys are errors, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- conditions -------------------------------------------------------------------------------------------------


class Comparison(Model):
    """A condition on one column that is not a list of codes: a range of numbers or dates, or the start of a code."""

    at_least: float | str | None = None
    below: float | str | None = None
    starts_with: Annotated[list[str], BeforeValidator(_as_list)] | None = None


ColumnCondition: TypeAlias = Literal["blank"] | Comparison | Annotated[list[Code | None], BeforeValidator(_as_list)]
"""What one column must hold: ``blank``, one of some codes, or a comparison."""

AllOf: TypeAlias = dict[str, ColumnCondition]
"""Conditions of which every one must hold."""

Condition: TypeAlias = Annotated[list[AllOf], BeforeValidator(_as_list)]
"""Conditions in a list: any may hold; in one mapping: all must."""

# --- files ------------------------------------------------------------------------------------------------------

FileFormat: TypeAlias = Literal["csv", "tsv", "parquet", "xpt", "sas7bdat", "sav", "dta", "xlsx", "bids", "redcap"]


class DataFile(Model):
    """One source file, several stacked ones with the same columns, or a folder (``bids``, ``redcap``).

    ``path`` may be a list, or a mapping of a source's name to its path; the name is kept beside each row as its source.
    """

    path: str | list[str] | dict[str, str]
    format: FileFormat | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    sheet: str | int | None = None
    missing: dict[Code, str] = Field(default_factory=dict)
    id: str | None = None

    def sources(self) -> dict[str, str]:
        """Return the path of each source by its name (the file's name without its ending when none is given)."""
        if isinstance(self.path, dict):
            return dict(self.path)
        paths = [self.path] if isinstance(self.path, str) else self.path
        return {path.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]: path for path in paths}


# --- sources of values ------------------------------------------------------------------------------------------


class UnitColumn(Model):
    """The unit stands in a column of the same row."""

    column: str


class ByColumn(BaseModel):
    """One value for each level of a column: ``{by: site, A: mg/L, B: mg/dL}``; ``by: source`` names the stacked file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    by: str

    def levels(self) -> dict[str, Any]:
        """Return the value for each level."""
        return dict(self.__pydantic_extra__ or {})


Unit: TypeAlias = str | UnitColumn | ByColumn
Limit: TypeAlias = float | UnitColumn | ByColumn


class Keep(Model):
    """Of several rows of one person (and visit), keep the one nearest to a date of the study."""

    nearest: str


class Source(Model):
    """Where the values of one variable stand: a column, a mapping of visits to columns, or cases of conditions."""

    file: str
    column: str | None = None
    visits: dict[str, str] | None = None
    cases: dict[str, Condition] | None = None
    constant: Scalar | None = None
    where: Condition | None = None
    visit: str | UnitColumn | None = None
    date: str | UnitColumn | None = None
    missing: dict[Code, str] = Field(default_factory=dict)
    codes: dict[Code, Scalar] | None = None
    unit: Unit | None = None
    limit: Limit | None = None
    multiply: float | ByColumn | None = None
    top_coded_at: float | None = None
    keep: Literal["first", "last", "all"] | Keep | None = None


class InstrumentSource(Model):
    """The items of a questionnaire, in the order of the instrument's item numbers."""

    file: str
    items: list[str] | dict[str, list[str]]
    where: Condition | None = None
    visit: str | UnitColumn | None = None
    date: str | UnitColumn | None = None
    missing: dict[Code, str] = Field(default_factory=dict)
    codes: dict[Code, int] | None = None
    keep: Literal["first", "last", "all"] | Keep | None = None


class LabSource(Source):
    """Results of one analyte; ``below`` and ``above`` say which rows are censored at the limit."""

    below: Condition | None = None
    above: Condition | None = None
    plate: UnitColumn | None = None
    site: str | UnitColumn | None = None
    time: UnitColumn | None = None


class RegisterCode(Model):
    """Register rows whose code starts with one of some texts."""

    column: str
    system: Literal["ICD-10", "ICD-9", "ICD-8", "ICPC", "ATC"]
    starts_with: Annotated[list[str], BeforeValidator(_as_list)]


class DiagnosisSource(Model):
    """Who has a disease: conditions for present and absent, or coded rows of a register."""

    file: str
    present: Condition | None = None
    absent: Condition | Literal["no_record_in_follow_up"] | None = None
    unknown: Condition | None = None
    code: RegisterCode | None = None
    where: Condition | None = None
    date: UnitColumn | None = None
    onset_age: UnitColumn | None = None
    minimum_records: Annotated[int, Field(ge=1)] = 1
    missing: dict[Code, str] = Field(default_factory=dict)
    source: Literal["register", "self_report", "medication", "interview"] = "self_report"


class MedicationSource(Model):
    """Who takes a drug: conditions, or ATC-coded rows."""

    file: str
    present: Condition | None = None
    absent: Condition | None = None
    code: RegisterCode | None = None
    where: Condition | None = None
    start: UnitColumn | None = None
    stop: UnitColumn | None = None
    missing: dict[Code, str] = Field(default_factory=dict)


class RelationSource(Model):
    """Pairs of relatives."""

    file: str
    relative: UnitColumn
    kind: Literal["sibling", "parent", "partner"] | Source


class FollowUp(Model):
    """When observation of a person begins and ends."""

    entry: Source
    exit: Source
    reason: Source | None = None


class DesignSource(Model):
    """The sampling design of a survey."""

    weights: Source
    strata: Source | None = None
    psu: Source | None = None


# --- the study --------------------------------------------------------------------------------------------------


class Eligibility(Model):
    """One step of eligibility on a canonical variable; it defines a domain and removes no row."""

    variable: str
    at_least: float | None = None
    below: float | None = None
    values: Annotated[list[Scalar], BeforeValidator(_as_list)] | None = None
    label: str | None = None


class DisclosurePolicy(Model):
    """Counts under the minimum are suppressed, all others rounded; ``round_to: 1`` rounds nothing."""

    minimum_count: Annotated[int, Field(ge=0)] = 5
    round_to: Annotated[int, Field(ge=1)] = 5


class StudyFile(Model):
    """A whole study: its files, what their columns mean, who is eligible, and how results are protected."""

    cohort_study: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    synthetic: bool = False
    root: str = "."
    id: str | None = None
    baseline: str = "t0"
    files: Annotated[dict[str, DataFile], Field(min_length=1)]
    eligible: list[Eligibility] = Field(default_factory=list)
    variables: dict[str, Annotated[list[Source], BeforeValidator(_as_list), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    instruments: dict[str, Annotated[list[InstrumentSource], BeforeValidator(_as_list), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    labs: dict[str, Annotated[list[LabSource], BeforeValidator(_as_list), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    diagnoses: dict[str, Annotated[list[DiagnosisSource], BeforeValidator(_as_list), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    medications: dict[str, Annotated[list[MedicationSource], BeforeValidator(_as_list), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    relations: list[RelationSource] = Field(default_factory=list)
    follow_up: FollowUp | None = None
    design: DesignSource | None = None
    disclosure: DisclosurePolicy = DisclosurePolicy()


