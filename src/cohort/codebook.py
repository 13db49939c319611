"""The codebook: variables, instruments, analytes, diseases, rules and claims, read from ``data_schema``.

The one place that knows names, units, categories and limits. Everything is described in a Data Package descriptor and
a few YAML files beside it; nothing of it stands in code.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from cohort.errors import CodebookError
from cohort.rulebook import RuleEntry, read_rule
from cohort.shipped import shipped_folder

FieldType = Literal["string", "integer", "number", "boolean", "date"]

_DTYPES: dict[str, str] = {
    "string": "string",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "datetime64[us]",
}


@dataclass(frozen=True)
class Variable:
    """One column of a canonical table.

    Parameters
    ----------
    name, table, type, title
        Column, its table, its Table Schema type and its label for readers.
    unit
        Canonical unit, as pint reads it; empty for none.
    categories
        Allowed words, in order when ``ordered``.
    minimum, maximum
        Hard limits: a value beyond them cannot be true.
    plausible
        Soft limits: a value beyond them is flagged.
    derivation
        The formula in words, for derived variables.
    """

    name: str
    table: str
    type: FieldType
    title: str
    description: str = ""
    unit: str = ""
    categories: tuple[str, ...] = ()
    ordered: bool = False
    minimum: float | None = None
    maximum: float | None = None
    plausible: tuple[float, float] | None = None
    layer: str = ""
    instrument: str = ""
    analyte: str = ""
    disease: str = ""
    sensitivity: str = ""
    derivation: str = ""
    required: bool = False

    @property
    def dtype(self) -> str:
        """Return the pandas dtype of a clean column; categories are built from ``categories``."""
        return "category" if self.categories else _DTYPES[self.type]


@dataclass(frozen=True)
class Score:
    """How one score is made of items."""

    column: str
    items: tuple[int, ...]
    method: Literal["sum", "prorate", "count_equal", "sum_of_subscales"]
    missing_at_most: int = 0
    value: int | None = None


@dataclass(frozen=True)
class Instrument:
    """A questionnaire: its items, scores and cut-offs.

    Parameters
    ----------
    minimum, maximum
        The lowest and the highest answer that any item offers.
    item_maximum
        The highest answer of the items that stop short of ``maximum``, by their number.

    Examples
    --------
    >>> hamd17 = load_codebook().instruments["hamd17"]
    >>> dict(zip(hamd17.columns, hamd17.item_limits, strict=True))["hamd17_4"]
    (0, 2)
    """

    id: str
    title: str
    items: int
    prefix: str
    minimum: int
    maximum: int
    reversed: tuple[int, ...]
    total: Score
    subscales: tuple[Score, ...]
    validity: tuple[Score, ...]
    cut_offs: Mapping[str, Mapping[str, int]]
    answered: str
    source: str
    item_maximum: Mapping[int, int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the canonical item columns, in order."""
        return tuple(f"{self.prefix}{number}" for number in range(1, self.items + 1))

    @property
    def item_limits(self) -> tuple[tuple[int, int], ...]:
        """Return the lowest and the highest answer that each item offers, in the order of ``columns``."""
        numbers = range(1, self.items + 1)
        return tuple((self.minimum, self.item_maximum.get(number, self.maximum)) for number in numbers)


@dataclass(frozen=True)
class Analyte:
    """A laboratory analyte: canonical unit, limits, molar mass, cut-off of a serology."""

    id: str
    label: str
    unit: str
    column: str
    minimum: float
    maximum: float
    plausible: tuple[float, float]
    molar_mass_g_mol: float | None = None
    positive_at: float | None = None


@dataclass(frozen=True)
class Disease:
    """A disease of the ``diagnoses`` table."""

    id: str
    label: str
    autoimmune: bool
    icd10: tuple[str, ...]

    @property
    def column(self) -> str:
        """Return the column of the person table."""
        return f"has_{self.id}"


@dataclass(frozen=True)
class Claim:
    """A claim of the articles, in our words, with what testing it takes.

    ``notebook`` names the notebook that tests it; ``not_tested`` gives the reason where none does.
    """

    id: str
    text: str
    estimand: str
    direction: str
    number: float | None
    family: str
    variables: tuple[str, ...]
    notebook: str | None
    not_tested: str | None
    evidence: str = ""


@dataclass(frozen=True)
class Codebook:
    """All that is known of names, units and meanings.

    Examples
    --------
    >>> codebook = load_codebook()
    >>> codebook.variable("bmi_kg_m2").unit
    'kg/m^2'
    >>> codebook.analytes["crp"].column
    'crp_mg_l'
    """

    tables: Mapping[str, Mapping[str, Variable]]
    primary_keys: Mapping[str, tuple[str, ...]]
    derived: frozenset[str]
    instruments: Mapping[str, Instrument]
    analytes: Mapping[str, Analyte]
    diseases: Mapping[str, Disease]
    drugs: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, Claim]
    drug_labels: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, RuleEntry] = field(default_factory=dict)
    intake_rules: Mapping[str, RuleEntry] = field(default_factory=dict)

    @property
    def drug_columns(self) -> Mapping[str, str]:
        """Return the column of the person table that tells who uses a drug group, by the group."""
        return {drug: f"is_{drug}_user" for drug in self.drugs}

    def variable(self, name: str) -> Variable:
        """Return a variable by its name, looked up in the canonical tables first, then in the derived ones.

        Raises
        ------
        CodebookError
            If no table has such a column.
        """
        for table in sorted(self.tables, key=lambda t: (t in self.derived, list(self.tables).index(t))):
            if name in self.tables[table]:
                return self.tables[table][name]
        raise CodebookError(f"the codebook has no variable '{name}'.")

    @functools.cached_property
    def mappable(self) -> Mapping[str, Variable]:
        """Return the variables that ``variables:`` of a study file may name: those of people and visits, no scores."""
        skip = {"participant_id", "visit", "survey_weight", "survey_stratum", "survey_psu"}
        return {
            variable.name: variable
            for table in ("participants", "visits")
            for variable in self.tables[table].values()
            if variable.name not in skip and not variable.instrument and not variable.derivation
        }

    def label(self, name: str) -> str:
        """Return the label of a variable for readers, with its unit; the name itself when it is not in the codebook."""
        try:
            variable = self.variable(name)
        except CodebookError:
            return name
        return f"{variable.title} ({variable.unit})" if variable.unit else variable.title


def _variable(table: str, spec: Mapping[str, Any]) -> Variable:
    constraints = spec.get("constraints", {})
    plausible = spec.get("plausible")
    return Variable(
        name=spec["name"],
        table=table,
        type=spec["type"],
        title=spec["title"],
        description=spec.get("description", ""),
        unit=spec.get("unit", ""),
        categories=tuple(spec.get("categories", ())),
        ordered=bool(spec.get("categoriesOrdered", False)),
        minimum=constraints.get("minimum"),
        maximum=constraints.get("maximum"),
        plausible=(plausible[0], plausible[1]) if plausible else None,
        layer=spec.get("layer", ""),
        instrument=spec.get("instrument", ""),
        analyte=spec.get("analyte", ""),
        disease=spec.get("disease", ""),
        sensitivity=spec.get("sensitivity", ""),
        derivation=spec.get("derivation", ""),
        required=bool(constraints.get("required", False)),
    )


def _scores(specs: Mapping[str, Any] | None) -> tuple[Score, ...]:
    return tuple(
        Score(column, tuple(spec.get("items", ())), spec["method"], spec.get("missing_at_most", 0), spec.get("value"))
        for column, spec in (specs or {}).items()
    )


def _instrument(spec: Mapping[str, Any]) -> Instrument:
    total = spec["total"]
    items = tuple(range(1, spec["items"] + 1))
    return Instrument(
        id=spec["id"],
        title=spec["title"],
        items=spec["items"],
        prefix=spec["prefix"],
        minimum=spec["minimum"],
        maximum=spec["maximum"],
        reversed=tuple(spec.get("reversed", ())),
        total=Score(total["column"], items, total["method"], total.get("missing_at_most", 0)),
        subscales=_scores(spec.get("subscales")),
        validity=_scores(spec.get("validity")),
        cut_offs=spec.get("cut_offs", {}),
        answered=spec.get("answered", ""),
        source=spec["source"],
        item_maximum=spec.get("item_maximum", {}),
    )


def _analyte(name: str, spec: Mapping[str, Any]) -> Analyte:
    low, high = spec["plausible"]
    return Analyte(**{**spec, "id": name, "plausible": (low, high)})


def _claim(name: str, spec: Mapping[str, Any]) -> Claim:
    return Claim(**{**spec, "id": name, "variables": tuple(spec.get("variables", ()))})


def read_codebook(folder: Path) -> Codebook:
    """Return the codebook that a folder describes.

    Parameters
    ----------
    folder
        A folder like ``data_schema``.

    Raises
    ------
    CodebookError
        If a file is missing or does not have the expected form.
    """

    def load(name: str) -> Any:
        return yaml.safe_load((folder / name).read_text(encoding="utf-8"))

    try:
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        tables = {
            resource["name"]: {spec["name"]: _variable(resource["name"], spec) for spec in resource["schema"]["fields"]}
            for resource in package["resources"]
        }
        drugs = load("drugs.yaml")
        return Codebook(
            tables=tables,
            primary_keys={r["name"]: tuple(r["schema"]["primaryKey"]) for r in package["resources"]},
            derived=frozenset(r["name"] for r in package["resources"] if r["derived"]),
            instruments={
                spec["id"]: _instrument(spec)
                for path in sorted((folder / "instruments").glob("*.yaml"))
                for spec in [yaml.safe_load(path.read_text(encoding="utf-8"))]
            },
            analytes={name: _analyte(name, spec) for name, spec in load("analytes.yaml").items()},
            diseases={
                name: Disease(name, spec["label"], spec["autoimmune"], tuple(spec["icd10"]))
                for name, spec in load("diseases.yaml").items()
            },
            drugs={name: tuple(spec["atc"]) for name, spec in drugs.items()},
            drug_labels={name: spec["label"] for name, spec in drugs.items()},
            claims={name: _claim(name, spec) for name, spec in load("claims.yaml").items()},
            rules={name: read_rule(name, spec) for name, spec in load("rules.yaml").items()},
            intake_rules={name: read_rule(name, spec) for name, spec in load("intake.yaml").items()},
        )
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise CodebookError(
            f"the codebook in '{folder.name}' cannot be read ({type(error).__name__}: {error})."
        ) from error


@functools.cache
def load_codebook() -> Codebook:
    """Return the codebook that ships with the package, read once."""
    return read_codebook(shipped_folder("data_schema"))
