"""The grammar of ``study.yaml`` as strict models, and nothing else: where the files lie and what their columns mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictInt, Tag, model_validator

from cohort.study_file.conditions import (
    BY,
    BY_PLAIN_SHAPE,
    BY_SHAPE,
    LIST,
    MAPPING,
    SCALAR,
    Code,
    Condition,
    Model,
    Number,
    Scalar,
    check_range,
    one_or_many,
    shape_of,
)
from cohort.study_file.rule_settings import RuleSetting

# --- files ------------------------------------------------------------------------------------------------------

FileFormat: TypeAlias = Literal["csv", "tsv", "parquet", "xpt", "sas7bdat", "sav", "dta", "xlsx", "bids", "redcap"]


class DataFile(Model):
    """One source file, several stacked ones with the same columns, or a folder (``bids``, ``redcap``).

    ``path`` may be a list, or a mapping of a source's name to its path; the name is kept beside each row as its source.
    ``rows`` is how many rows all sources together must have: the only way to notice that a file of a format without a
    row count, such as XPT, lost its end in a download.
    """

    path: Annotated[
        Annotated[str, Tag(SCALAR)] | Annotated[list[str], Tag(LIST)] | Annotated[dict[str, str], Tag(MAPPING)],
        BY_PLAIN_SHAPE,
    ]
    format: FileFormat | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    sheet: str | StrictInt | None = None
    missing: dict[Code, str] = Field(default_factory=dict)
    id: str | None = None
    rows: Annotated[StrictInt, Field(ge=0)] | None = None

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
    """One value for each level of a column: ``{by: site, A: mg/L, B: mg/dL}``; ``by: source`` is the stacked file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    by: str

    def levels(self) -> dict[str, Any]:
        """Return the value for each level."""
        return dict(self.__pydantic_extra__ or {})


Unit: TypeAlias = Annotated[
    Annotated[str, Tag(SCALAR)] | Annotated[UnitColumn, Tag(MAPPING)] | Annotated[ByColumn, Tag(BY)], BY_SHAPE
]
Limit: TypeAlias = Annotated[
    Annotated[Number, Tag(SCALAR)] | Annotated[UnitColumn, Tag(MAPPING)] | Annotated[ByColumn, Tag(BY)], BY_SHAPE
]
Factor: TypeAlias = Annotated[Annotated[Number, Tag(SCALAR)] | Annotated[ByColumn, Tag(BY)], BY_SHAPE]
TextOrColumn: TypeAlias = Annotated[Annotated[str, Tag(SCALAR)] | Annotated[UnitColumn, Tag(MAPPING)], BY_PLAIN_SHAPE]
"""A fixed text, or ``{column: name}`` for the text beside each value."""


class Keep(Model):
    """Of several rows of one person (and visit), keep the one nearest to a date of the study."""

    nearest: str


KeepRule: TypeAlias = Annotated[
    Annotated[Literal["first", "last", "all"], Tag(SCALAR)] | Annotated[Keep, Tag(MAPPING)], BY_PLAIN_SHAPE
]


class Source(Model):
    """Where the values of one variable stand: a column, a mapping of visits to columns, or cases of conditions."""

    file: str
    column: str | None = None
    visits: dict[str, str] | None = None
    cases: dict[str, Condition] | None = None
    constant: Scalar | None = None
    where: Condition | None = None
    visit: TextOrColumn | None = None
    date: TextOrColumn | None = None
    missing: dict[Code, str] = Field(default_factory=dict)
    codes: dict[Code, Scalar] | None = None
    unit: Unit | None = None
    limit: Limit | None = None
    multiply: Factor | None = None
    top_coded_at: Number | None = None
    keep: KeepRule | None = None


class InstrumentSource(Model):
    """The items of a questionnaire, in the order of the instrument's item numbers."""

    file: str
    items: Annotated[Annotated[list[str], Tag(LIST)] | Annotated[dict[str, list[str]], Tag(MAPPING)], BY_PLAIN_SHAPE]
    where: Condition | None = None
    visit: TextOrColumn | None = None
    date: TextOrColumn | None = None
    missing: dict[Code, str] = Field(default_factory=dict)
    codes: dict[Code, StrictInt] | None = None
    keep: KeepRule | None = None


class LabSource(Source):
    """Results of one analyte; ``below`` and ``above`` say which rows are censored at the limit."""

    below: Condition | None = None
    above: Condition | None = None
    plate: UnitColumn | None = None
    site: TextOrColumn | None = None
    time: UnitColumn | None = None


class RegisterCode(Model):
    """Register rows whose code starts with one of some texts."""

    column: str
    system: Literal["ICD-10", "ICD-9", "ICD-8", "ICPC", "ATC"]
    starts_with: Annotated[list[Code], one_or_many(Code), Field(min_length=1)]


def _absence_shape(value: Any) -> str:
    return SCALAR if shape_of(value) == SCALAR else LIST


Absence: TypeAlias = Annotated[
    Annotated[Literal["no_record_in_follow_up"], Tag(SCALAR)] | Annotated[Condition, Tag(LIST)],
    Discriminator(_absence_shape),
]


class DiagnosisSource(Model):
    """Who has a disease: conditions for present and absent, or coded rows of a register."""

    file: str
    present: Condition | None = None
    absent: Absence | None = None
    unknown: Condition | None = None
    code: RegisterCode | None = None
    where: Condition | None = None
    date: UnitColumn | None = None
    onset_age: UnitColumn | None = None
    minimum_records: Annotated[StrictInt, Field(ge=1)] = 1
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
    kind: Annotated[
        Annotated[Literal["sibling", "parent", "partner"], Tag(SCALAR)] | Annotated[Source, Tag(MAPPING)],
        BY_PLAIN_SHAPE,
    ]


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
    at_least: Number | None = None
    below: Number | None = None
    values: Annotated[list[Scalar], one_or_many(Scalar), Field(min_length=1)] | None = None
    label: str | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Eligibility:
        check_range(self.at_least, self.below)
        return self


class DisclosurePolicy(Model):
    """Counts under the minimum are suppressed, all others rounded; ``round_to: 1`` rounds nothing."""

    minimum_count: Annotated[StrictInt, Field(ge=0)] = 5
    round_to: Annotated[StrictInt, Field(ge=1)] = 5


class HashIds(Model):
    """Ids become keyed hashes; ``key_file`` holds the key, its path relative to the study file."""

    key_file: Annotated[str, Field(min_length=1)]


class Privacy(Model):
    """Direct identifiers that may come in, by file, and whether ids are replaced by a keyed hash."""

    declared: dict[str, list[str]] = Field(default_factory=dict)
    hash_ids: HashIds | None = None


class StudyFile(Model):
    """A whole study: its files, what their columns mean, who is eligible, and how results are protected."""

    cohort_study: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    synthetic: StrictBool = False
    root: str = "."
    id: str | None = None
    baseline: str = "t0"
    files: Annotated[dict[str, DataFile], Field(min_length=1)]
    eligible: list[Eligibility] = Field(default_factory=list)
    variables: dict[str, Annotated[list[Source], one_or_many(Source), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    instruments: dict[str, Annotated[list[InstrumentSource], one_or_many(InstrumentSource), Field(min_length=1)]] = (
        Field(default_factory=dict)
    )
    labs: dict[str, Annotated[list[LabSource], one_or_many(LabSource), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    diagnoses: dict[str, Annotated[list[DiagnosisSource], one_or_many(DiagnosisSource), Field(min_length=1)]] = Field(
        default_factory=dict
    )
    medications: dict[str, Annotated[list[MedicationSource], one_or_many(MedicationSource), Field(min_length=1)]] = (
        Field(default_factory=dict)
    )
    relations: list[RelationSource] = Field(default_factory=list)
    follow_up: FollowUp | None = None
    design: DesignSource | None = None
    rules: dict[str, RuleSetting] = Field(default_factory=dict)
    disclosure: DisclosurePolicy = DisclosurePolicy()
    privacy: Privacy = Privacy()
