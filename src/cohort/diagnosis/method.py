"""A method: a named analysis with its options, what it estimates, and whether it is naive or right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cohort.diagnosis.populations import TruthFinder
from cohort.diagnosis.sample import SOURCES, Sample, Source
from cohort.errors import CohortError, Problem
from cohort.results import Result

Options = Mapping[str, str]
Population = Literal["everybody", "first episodes"]


@dataclass(frozen=True)
class Estimand:
    """What a method aims at, so that the truth of it can be found by intervention.

    Parameters
    ----------
    exposure
        Column of the exposure; of two joined by " and " for an interaction.
    outcome
        "depression", or the name of a declared outcome.
    measure
        "odds ratio", "risk ratio", "risk difference", "mean difference", "relative excess risk due to interaction",
        "ratio of odds ratios", or "share of discoveries", which is nothing in truth.
    among
        "everybody" of the population, or those without an earlier depression.
    finder
        How the truth is found where it is not that of a declared exposure and outcome, which are then words.
    """

    exposure: str
    outcome: str
    measure: str
    among: Population = "everybody"
    finder: TruthFinder | None = None

    @property
    def is_log(self) -> bool:
        """Return whether the measure is analysed on the log scale."""
        return "ratio" in self.measure

    @property
    def null(self) -> float:
        """Return the value of no effect, on the scale of analysis."""
        return 0.0

    @property
    def words(self) -> str:
        """Return the estimand in a phrase."""
        who = "" if self.among == "everybody" else " in people without earlier depression"
        return f"{self.measure} of {self.outcome} for {self.exposure}{who}"


@dataclass(frozen=True)
class Choice:
    """An option of a method: its value unless another is asked for, and the values it can take."""

    default: str
    values: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Method:
    """A named analysis.

    Parameters
    ----------
    name, title
        Name for the command line; description in words.
    part
        Whether it falls for what the scenarios set up ("naive") or not ("right").
    estimand
        From options to what it aims at.
    columns
        From options to the columns that it needs of a complete sample.
    analyse
        From a sample and options to a result; cannot see the truth.
    options
        What can be chosen.
    sources
        Kinds of data that hold what it needs.
    """

    name: str
    title: str
    part: Literal["naive", "right"]
    estimand: Callable[[Options], Estimand]
    columns: Callable[[Options], tuple[str, ...]]
    analyse: Callable[[Sample, Options], Result]
    options: Mapping[str, Choice] = field(default_factory=dict)
    sources: tuple[Source, ...] = SOURCES


@dataclass(frozen=True)
class Chosen:
    """A method with all its options settled.

    Parameters
    ----------
    method
        The method.
    options
        The value of each of its options.
    """

    method: Method
    options: Mapping[str, str]

    @property
    def label(self) -> str:
        """Return the name with the options that differ from the default."""
        own = [f"{k}={v}" for k, v in self.options.items() if v != self.method.options[k].default]
        return f"{self.method.name}[{', '.join(own)}]" if own else self.method.name

    @property
    def estimand(self) -> Estimand:
        """Return what it aims at."""
        return self.method.estimand(self.options)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it needs of a complete sample."""
        return self.method.columns(self.options)

    def analyse(self, sample: Sample) -> Result:
        """Return the result in one sample."""
        return self.method.analyse(sample, self.options)


def fixed(estimand: Estimand) -> Callable[[Options], Estimand]:
    """Return an estimand that no option changes, as a method holds it."""
    return lambda options: estimand


def always(*columns: str) -> Callable[[Options], tuple[str, ...]]:
    """Return columns that no option changes, as a method holds them."""
    return lambda options: columns


def choose(
    methods: Mapping[str, Method], name: str, options: Mapping[str, str], source: Source, where: str = "--method"
) -> Chosen:
    """Return a method with its options settled.

    Parameters
    ----------
    methods
        All methods by name.
    name
        The one asked for.
    options
        Values asked for; the others are the default's.
    source
        The data it shall be tried on.
    where
        Place of the demand, for messages.

    Raises
    ------
    CohortError
        If the method, an option or a value is unknown, or the source lacks what it needs; all problems at once.
    """
    if name not in methods:
        raise CohortError([Problem(where, f"there is no method '{name}'.", f"There are: {', '.join(methods)}.")])
    method = methods[name]
    problems = []
    if source not in method.sources:
        told = f"Take --from {' or '.join(method.sources)}."
        problems.append(Problem(where, f"'{name}' needs what {source} data do not hold.", told))
    for key, value in options.items():
        if key not in method.options:
            known = ", ".join(method.options) or "none"
            problems.append(Problem("--option", f"'{name}' has no option '{key}'.", f"Its options: {known}."))
        elif value not in method.options[key].values:
            known = ", ".join(method.options[key].values)
            problems.append(Problem("--option", f"'{key}' of '{name}' cannot be '{value}'.", f"It can be: {known}."))
    if problems:
        raise CohortError(problems)
    settled = {key: options.get(key, choice.default) for key, choice in method.options.items()}
    return Chosen(method, settled)


def parse_options(texts: Iterable[str]) -> dict[str, str]:
    """Return options that are written ``key=value`` on a command line.

    Raises
    ------
    CohortError
        If a text has no ``=``; all problems at once.

    Examples
    --------
    >>> parse_options(["measure=risk ratio"])
    {'measure': 'risk ratio'}
    """
    found, problems = {}, []
    for text in texts:
        key, sign, value = text.partition("=")
        if not (sign and key.strip() and value.strip()):
            problems.append(Problem("--option", f"'{text}' is not KEY=VALUE.", "Write --option measure='risk ratio'"))
        found[key.strip()] = value.strip()
    if problems:
        raise CohortError(problems)
    return found
