"""Does it run in families? Depression in those whose sibling or parent has autoimmune disease, and the reverse.

Relatives resemble each other, so that people of one family count as one unit: the family is the primary sampling unit
of a design without weights, whose sandwich variance every estimator of the suite honours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import CodeArray, Design, Domain, FloatArray
from cohort.analysis.variables import InestimableError, binary, readable, require
from cohort.results import NotTestable, Result

Kin: TypeAlias = Literal["sibling", "parent"]
KIN = "relative_"
KIN_EXPOSURE = "relative_has"
KIN_AGE = "relative_age_years"


def _pairs(people: pd.DataFrame, relations: pd.DataFrame, kinds: Sequence[str]) -> tuple[CodeArray, CodeArray]:
    """Return the rows of the person table of each pair of relatives of whom both are in it."""
    ids = pd.Index(people["participant_id"])
    chosen = relations.loc[relations["kind"].isin(list(kinds)).to_numpy()]
    one, other = (ids.get_indexer(pd.Index(chosen[name])) for name in ("participant_id", "relative_id"))
    both = (one >= 0) & (other >= 0) & (one != other)
    return one[both].astype(np.intp), other[both].astype(np.intp)


def families_of(people: pd.DataFrame, relations: pd.DataFrame, *, kinds: Sequence[str] = ()) -> CodeArray:
    """Return the number of each person's family: everybody whom a chain of relations joins. A lone person is a family.

    Parameters
    ----------
    people
        One row per person with ``participant_id``.
    relations
        Pairs of people: ``participant_id``, ``relative_id``, ``kind``.
    kinds
        Which relations make a family; default all of them, partners too.

    Examples
    --------
    >>> people = pd.DataFrame({"participant_id": ["a", "b", "c", "d"]})
    >>> pairs = pd.DataFrame({"participant_id": ["a", "d"], "relative_id": ["c", "c"], "kind": ["sibling", "partner"]})
    >>> families_of(people, pairs).tolist(), families_of(people, pairs, kinds=["sibling"]).tolist()
    ([0, 1, 0, 0], [0, 1, 0, 2])
    """
    size = len(people)
    if relations.empty:
        return np.arange(size, dtype=np.intp)
    one, other = _pairs(people, relations, kinds or list(relations["kind"].dropna().unique()))
    links = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    return np.asarray(csgraph.connected_components(links, directed=False)[1], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class FamilyDesign(Design):
    """A simple sample in which a family is one unit of the variance."""

    @property
    def words(self) -> str:
        """Return the design in words, for a table."""
        return "simple sample, families as units"


def is_survey(design: Design) -> bool:
    """Return whether people were drawn with unequal chances, as opposed to a simple sample with families as units."""
    return design.kind == "survey" and not isinstance(design, FamilyDesign)


def family_design(design: Design, family: CodeArray) -> Design:
    """Return the design in which a family is one unit; a survey keeps its own units, in which families live together.

    With equal weights its variance is the cluster sandwich times units/(units − 1), and intervals take t quantiles at
    units less model terms: R's ``svydesign(ids = ~family)`` and, but for the factor, ``sandwich::vcovCL``.

    Parameters
    ----------
    design
        Of the person table.
    family
        From :func:`families_of`.
    """
    if design.kind == "survey":
        return design
    return FamilyDesign(np.ones(design.size), None, family, design.size)


def _any_relative(values: FloatArray, one: CodeArray, size: int) -> FloatArray:
    """Return whether any relative has something: NaN for nobody to ask, or when some are unknown and the others not."""
    yes = np.bincount(one, weights=values == 1, minlength=size)
    unknown = np.bincount(one, weights=np.isnan(values), minlength=size)
    count = np.bincount(one, minlength=size)
    return np.where(yes > 0, 1.0, np.where((count > 0) & (unknown == 0), 0.0, np.nan))


def kin_table(
    people: pd.DataFrame, relations: pd.DataFrame, exposure: str, *, kin: Kin, also: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the person table with what is known of each person's relatives in it.

    Parameters
    ----------
    people
        One row per person.
    relations
        Pairs of people; ``kind`` says what the relative is to the participant. Siblings stand there once and count
        both ways.
    exposure
        A yes/no column.
    kin
        Whose exposure: that of siblings or of parents.
    also
        Further yes/no columns to tell of the relatives.

    Returns
    -------
    DataFrame
        ``relative_has``: whether any such relative has the exposure, missing when there is none in the cohort or when
        some are unknown and the others have not; ``relative_age_years``: their mean age; the further columns under
        their names with "relative_" before.

    Raises
    ------
    InestimableError
        If the cohort has no such relations or no such exposure.
    """
    if relations.empty or not {"participant_id", "relative_id", "kind"} <= set(relations.columns):
        raise InestimableError("this cohort records no relatives")
    one, other = _pairs(people, relations, [kin])
    if kin == "sibling":
        one, other = np.concatenate([one, other]), np.concatenate([other, one])
    if not len(one):
        raise InestimableError(f"nobody in this cohort has a {kin} in it")
    size = len(people)
    made = people.copy(deep=False)
    for name, source in ((KIN_EXPOSURE, exposure), *((f"{KIN}{name}", name) for name in also)):
        has = _any_relative(binary(require(people, source))[other], one, size)
        made[name] = pd.array(has, dtype="Float64")
    if "age_years" in people:
        count = np.bincount(one, minlength=size)
        ages = people["age_years"].to_numpy(dtype=float, na_value=np.nan)[other]
        made[KIN_AGE] = np.bincount(one, weights=ages, minlength=size) / np.where(count > 0, count, np.nan)
    return made


def familial_association(
    people: pd.DataFrame,
    relations: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    kin: Kin,
    adjustment: Sequence[str] = ("age_years", "sex", KIN_AGE),
    design: Design,
    domain: Domain = None,
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the odds ratio and standardised risk ratio of an outcome for an exposure of siblings or parents.

    Families are units of the variance. It measures what relatives share, not an effect of the one's disease on the
    other. Assumes that relatives were recruited whatever their diseases.

    Parameters
    ----------
    people, relations
        One row per person; pairs of relatives.
    outcome
        A yes/no column: in the person.
    exposure
        A yes/no column: in the relative.
    kin
        Siblings or parents.
    adjustment
        Columns of the person, and ``relative_age_years``: the older the relative, the more he has had. A yes/no column
        with "relative_" before its name is that of the relatives.
    design, domain, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the domain is about the person.

    Returns
    -------
    dict
        Results under "odds ratio" and "risk ratio".
    """
    has = _in_a_sentence(readable(exposure))
    label = f"{readable(outcome)}, a {kin} has {has}"
    whose = (
        f"of {_in_a_sentence(readable(outcome))} in people of whom a {kin} has {has}, against those of whom none has"
    )
    estimand = f"conditional odds ratio {whose}"
    try:
        also = [name.removeprefix(KIN) for name in adjustment if name.startswith(KIN) and name != KIN_AGE]
        table = kin_table(people, relations, exposure, kin=kin, also=also)
    except InestimableError as reason:
        return {
            name: NotTestable(label, str(reason), measure, estimand, claims)
            for name, measure in (("odds ratio", "odds ratio"), ("risk ratio", "standardised risk ratio"))
        }
    units = family_design(design, families_of(people, relations))
    found = odds_ratio(
        table, outcome=outcome, exposure=KIN_EXPOSURE, adjustment=adjustment, design=units, domain=domain, label=label,
        claims=claims, estimand=estimand,
    )  # fmt: skip
    risks = standardised_contrasts(
        table, outcome=outcome, exposure=KIN_EXPOSURE, adjustment=adjustment, design=units, domain=domain, label=label,
        claims=claims,
    )  # fmt: skip
    ratio = dataclasses.replace(risks["risk ratio"], estimand=f"standardised risk ratio {whose}")
    return {"odds ratio": _with_words(found), "risk ratio": _with_words(ratio)}


def _with_words(found: Result) -> Result:
    """Return a result that names in words what of the relatives it holds."""
    if isinstance(found, NotTestable):
        return found
    words = {
        name: f"{'age' if name == KIN_AGE else _in_a_sentence(readable(name.removeprefix(KIN)))} of the relative"
        for name in found.adjustment
        if name.startswith(KIN)
    }
    return dataclasses.replace(found, adjustment=tuple(words.get(name, name) for name in found.adjustment))


def _in_a_sentence(label: str) -> str:
    """Return a label in lower case, unless it holds an abbreviation or a name."""
    return label if any(letter.isupper() for letter in label[1:]) else label.lower()
