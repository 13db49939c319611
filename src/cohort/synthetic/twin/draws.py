"""Complete values of people before any statistics: from the causal model, or from the codebook where it has no node."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from cohort.codebook import Codebook, Variable
from cohort.synthetic.defects.raw_text import Flags, Floats
from cohort.synthetic.twin.marginals import ranks

Values: TypeAlias = npt.NDArray[Any]

DEFAULT_MISSING = 0.03
"""Share of values that are missing where neither the model nor the statistics tell."""

DEFAULT_PREVALENCE = 0.05
"""Prevalence of a disease or of the use of a drug where neither tells."""

FOLLOW_UP_YEARS = (0.5, 12.0)
WOMEN_ONLY = frozenset({"is_pregnant", "is_hormonal_contraceptive_user", "has_pelvic_infection"})
"""Variables that are true for women alone; men are the first to lack an answer."""

_ALWAYS_KNOWN = frozenset(
    {
        *("sex", "age_years", "birth_year", "site", "recruitment", "baseline_date", "entry_date", "exit_date"),
        *("survey_weight", "survey_stratum", "survey_psu"),
    }
)
_STRATA, _UNITS_PER_STRATUM = 15, 2
_REASONS = {"end_of_study": 0.75, "death": 0.12, "emigration": 0.05, "withdrawal": 0.05, "lost": 0.03}


class Draws:
    """Complete values at baseline by name of the person table, the same for the same seed.

    Parameters
    ----------
    model
        Person table of the causal model.
    codebook
        What the names mean.
    seed
        Seed of everything that the model does not draw.
    """

    def __init__(self, model: pd.DataFrame, codebook: Codebook, seed: int) -> None:
        self.model, self.codebook, self.seed = model, codebook, seed
        self.n = len(model)
        self._values: dict[str, Values] = {}

    def rng(self, name: str) -> np.random.Generator:
        """Return the random numbers of one purpose."""
        stream = np.random.SeedSequence([self.seed, zlib.crc32(f"twin {name}".encode())])
        return np.random.Generator(np.random.PCG64(stream))

    def missing(self, name: str) -> Flags:
        """Return who lacks a value in the causal model, for reasons that the model knows."""
        if name not in self.model:
            return np.zeros(self.n, dtype=bool)
        return self.model[name].isna().to_numpy(dtype=bool)

    def missing_share(self, name: str) -> float:
        """Return which share of values is missing by default."""
        if name in self.model:
            return float(self.missing(name).mean())
        return 0.0 if name in _ALWAYS_KNOWN else DEFAULT_MISSING

    def variable(self, name: str) -> Variable | None:
        """Return the variable of a name; None for scores and drug groups that the codebook has no column for."""
        for table in ("person_table", "visits", "participants", "follow_up"):
            if name in self.codebook.tables[table]:
                return self.codebook.tables[table][name]
        return None

    def value(self, name: str) -> Values:
        """Return complete values: words, truth values, days, or numbers."""
        if name not in self._values:
            self._values[name] = self._of_model(name) if name in self.model else self._of_codebook(name)
        return self._values[name]

    def _of_model(self, name: str) -> Values:
        """Return the model's values, those that are missing filled from people of the same sex drawn by chance."""
        column = self.model[name]
        variable = self.variable(name)
        kind: str = "string" if variable is None or variable.categories else variable.type
        values: Values
        if kind == "boolean":
            values = column.fillna(False).to_numpy(dtype=bool).copy()
        elif kind == "date":
            values = column.to_numpy().astype("datetime64[D]")
        elif kind == "string":
            values = column.astype("object").to_numpy(dtype=object).copy()
        else:
            values = column.to_numpy(dtype=float, na_value=np.nan).copy()
        missing, rng = self.missing(name), self.rng(f"fill {name}")
        sex = self.model["sex"].astype("object").to_numpy()
        for word in ("female", "male"):
            lacking, donors = np.flatnonzero(missing & (sex == word)), np.flatnonzero(~missing & (sex == word))
            if len(lacking) and len(donors):
                values[lacking] = values[rng.choice(donors, size=len(lacking))]
        return values

    def _of_codebook(self, name: str) -> Values:
        related = self._related(name)
        if related is not None:
            return related
        made = self._of_design_and_follow_up(name)
        if made is not None:
            return made
        variable, rng = self.variable(name), self.rng(name)
        kind = "boolean" if variable is None else variable.type
        if kind == "boolean":
            return np.asarray(rng.random(self.n) < DEFAULT_PREVALENCE)
        if kind == "date":
            return np.asarray(self.value("baseline_date"))
        if variable is None or kind == "string":
            words = (variable.categories if variable is not None else ()) or ("A", "B", "C", "D")
            return rng.choice(np.array(words, dtype=object), size=self.n)
        return self._number(name, variable)

    def _number(self, name: str, variable: Variable) -> Floats:
        """Return numbers within the plausible limits, tied to a variable of the model where one is near in meaning."""
        rng = self.rng(name)
        near = {"clinical": ("phq9_total", 0.6), "immune": ("crp_mg_l", 0.3)}.get(variable.layer)
        score = stats.norm.rvs(size=self.n, random_state=rng)
        if near is not None and near[0] in self.model:
            other = special.ndtri(ranks(self.value(near[0]).astype(float), rng))
            score = near[1] * other + np.sqrt(1 - near[1] ** 2) * score
        if variable.unit == "SD":
            return np.asarray(score, dtype=float)
        low, high = self._limits(variable)
        place = special.ndtr(score)
        if variable.instrument:
            return np.asarray(np.round(low + (high - low) * stats.beta.ppf(place, 0.8, 4.0)), dtype=float)
        if variable.analyte:
            low = max(low, high / 1e4)
            middle, spread = (np.log(low) + np.log(high)) / 2, (np.log(high) - np.log(low)) / 6
            return np.asarray(np.exp(middle + spread * score), dtype=float)
        found = low + (high - low) * stats.beta.ppf(place, 1.5, 2.5)
        return np.asarray(np.round(found) if variable.type == "integer" else found, dtype=float)

    def _limits(self, variable: Variable) -> tuple[float, float]:
        plausible = variable.plausible
        if variable.analyte:
            plausible = self.codebook.analytes[variable.analyte].plausible
        low = plausible[0] if plausible else (variable.minimum if variable.minimum is not None else 0.0)
        high = plausible[1] if plausible else variable.maximum
        return float(low), float(low + 10 if high is None or high <= low else high)

    def _related(self, name: str) -> Values | None:
        """Return who has a disease, or takes a drug, that the model lacks and that has to do with one that it knows.

        What is wider in its codes than a disease of the model holds everybody with that disease; what is narrower, only
        people among them.
        """
        codes = self._codes()
        if name not in codes:
            return None
        rng = self.rng(name)
        wider, narrower = np.zeros(self.n, dtype=bool), np.zeros(self.n, dtype=bool)
        has_narrower = False
        for other, theirs in codes.items():
            if other == name or other not in self.model:
                continue
            if any(their.startswith(own) for own in codes[name] for their in theirs):
                wider |= self.value(other)
            elif any(own.startswith(their) for own in codes[name] for their in theirs):
                narrower |= self.value(other)
                has_narrower = True
        if has_narrower:
            return np.asarray(narrower & (rng.random(self.n) < 0.2))
        return np.asarray(wider | (rng.random(self.n) < DEFAULT_PREVALENCE))

    def _codes(self) -> Mapping[str, tuple[str, ...]]:
        diseases = {disease.column: disease.icd10 for disease in self.codebook.diseases.values()}
        return {**diseases, **{f"is_{drug}_user": atc for drug, atc in self.codebook.drugs.items()}}

    def _of_design_and_follow_up(self, name: str) -> Values | None:
        rng = self.rng(name)
        if name == "survey_weight":
            return np.asarray(np.exp(9 + 0.6 * stats.norm.rvs(size=self.n, random_state=rng)), dtype=float)
        if name == "survey_stratum":
            return (1 + np.arange(self.n) % _STRATA).astype(str).astype(object)
        if name == "survey_psu":
            return (1 + np.arange(self.n) // _STRATA % _UNITS_PER_STRATUM).astype(str).astype(object)
        if name == "exit_date":
            days = (rng.uniform(*FOLLOW_UP_YEARS, size=self.n) * 365.25).astype("timedelta64[D]")
            return np.asarray(self.value("entry_date") + days)
        if name == "exit_reason":
            return rng.choice(np.array(list(_REASONS), dtype=object), size=self.n, p=list(_REASONS.values()))
        return None
