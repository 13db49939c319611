"""The truth of causal estimands: effects by intervention in the same people, with their Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cohort.errors import CohortError, Problem
from cohort.progress import progress
from cohort.synthetic.estimands import EXPOSURES, INTERACTIONS, PATHS, Exposure, Outcome, outcomes_of
from cohort.synthetic.history import DISEASES, EARLY
from cohort.synthetic.intervention import AID_ONSET_AGE
from cohort.synthetic.model import NODES
from cohort.synthetic.node import Array
from cohort.synthetic.scenario import Scenario, load_scenario
from cohort.synthetic.simulate import Intervention, block_sizes, draw_block

COLUMNS = ("estimand", "exposure", "contrast", "outcome", "measure", "value", "monte_carlo_se", "n")
CAUSAL = "average effect of the exposure in the whole population, by intervention"
JOINT = "effect of two exposures together, by intervention"


def true_effects(
    scenario: Scenario | str,
    n: int = 262_144,
    seed: int = 1,
    *,
    exposures: Iterable[str] | None = None,
    with_paths: bool = True,
) -> pd.DataFrame:
    """Return the true average effects: everybody exposed against nobody exposed, the same people in both worlds.

    Each person keeps all random numbers in both worlds (common random numbers), so the difference between the worlds is
    the effect and little else. Outcomes are depression as measured (``has_depression``: PHQ-9 of at least 10, all nine
    items answered) and as it is (``depression_latent``), markers as measured and as they are, and others. The exposure
    is always the true one: trauma as it happened, infection as it was. The people are the source population, whoever
    of them a study would recruit. Natural direct and indirect effects hold mediators, all together, at the values that
    they would have without the exposure.

    Parameters
    ----------
    scenario
        A scenario or its name.
    n
        Number of simulated people; the Monte-Carlo error falls with its root.
    seed
        Seed.
    exposures
        Names of exposures; all by default.
    with_paths
        Also natural direct and indirect effects, and interactions.

    Returns
    -------
    DataFrame
        ``estimand``, ``exposure``, ``contrast``, ``outcome``, ``measure`` (odds ratio, risk ratio, risk difference,
        mean difference; for interactions, relative excess risk and ratio of odds ratios), ``value``,
        ``monte_carlo_se`` (of the value), ``n``.

    Raises
    ------
    CohortError
        If the scenario or an exposure does not exist.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    asked = _asked(exposures)
    outcomes = outcomes_of(world)
    needed = world.ancestors(node for outcome in outcomes.values() for node in outcome.nodes)
    paths = [path for path in PATHS if with_paths and path.exposure in asked]
    pairs = [pair for pair in INTERACTIONS if with_paths and {pair.first, pair.second} <= set(asked)]
    sizes = block_sizes(n, seed)
    moments: dict[tuple[str, ...], _Moments] = {}
    with progress(len(sizes), f"truth of {world.name}") as step:
        for block, rows in enumerate(sizes):
            nature = draw_block(world, seed, block, rows, only=needed)

            def under(
                do: Intervention, b: int = block, r: int = rows, v: dict[str, Array] = nature
            ) -> dict[str, Array]:
                moved = _moved(world, do) & needed
                return draw_block(world, seed, b, r, do=do, only=moved, given=v) if do else v

            for name, exposure in asked.items():
                worlds = [under(exposure.exposed), under(exposure.unexposed)]
                for outcome in _reached(world, exposure, outcomes):
                    _add(moments, (CAUSAL, name, exposure.contrast, outcome.name), outcome, worlds)
                for path in (p for p in paths if p.exposure == name):
                    held = {m: worlds[1][m] for m in path.mediators}
                    crossed = under({**exposure.exposed, **held})
                    for wanted in path.outcomes:
                        key = (path.words, name, exposure.contrast, wanted)
                        _add(moments, key, outcomes[wanted], [*worlds, crossed])
            for pair in pairs:
                a, b = asked[pair.first], asked[pair.second]
                four = [under({**x, **y}) for x in (a.exposed, a.unexposed) for y in (b.exposed, b.unexposed)]
                for wanted in pair.outcomes:
                    both = f"{pair.first} and {pair.second}"
                    _add(moments, (JOINT, both, "both, each, neither", wanted), outcomes[wanted], four)
            step("")
    rows_out = [row for key, found in moments.items() for row in _rows(key, found, outcomes[key[3]].binary)]
    return pd.DataFrame(rows_out, columns=list(COLUMNS))


def contrast(
    scenario: Scenario | str,
    exposed: Intervention,
    unexposed: Intervention,
    outcome: str,
    *,
    n: int = 262_144,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the effect of any intervention on any node, the same people in both worlds.

    Parameters
    ----------
    scenario
        A scenario or its name.
    exposed, unexposed
        Two interventions, as :func:`intervene` takes them; ``{}`` is nature.
    outcome
        A node with one number per person; a binary one gives ratios and the risk difference, another the difference in
        means.
    n, seed
        People and seed.

    Returns
    -------
    DataFrame
        The columns of :func:`true_effects`.

    Raises
    ------
    CohortError
        If a node does not exist or the outcome has several values per person.

    Examples
    --------
    >>> found = contrast("literature_like", {"bmi": 35}, {"bmi": 25}, "inflam", n=2000)
    >>> round(float(found["value"].iloc[0]), 1)      # ten times 0.075, in women 0.095
    0.9
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    names = [*exposed, *unexposed, outcome]
    problems = [
        Problem("intervention", f"the model has no node '{name}'.")
        for name in names
        if name not in NODES and name != AID_ONSET_AGE
    ]
    if not problems and NODES[outcome].columns:
        problems.append(Problem("outcome", f"'{outcome}' has several values per person.", "Name another node."))
    if problems:
        raise CohortError(problems)
    needed = world.ancestors([outcome])
    total: _Moments | None = None
    binary = False
    for block, rows in enumerate(block_sizes(n, seed)):
        nature = draw_block(world, seed, block, rows, only=needed)
        values = []
        for do in (exposed, unexposed):
            moved = _moved(world, do) & needed
            values.append(draw_block(world, seed, block, rows, do=do, only=moved, given=nature)[outcome])
        binary = values[0].dtype == bool
        found = _Moments.of(values)
        total = found if total is None else total + found
    words = f"{_words(exposed)} against {_words(unexposed)}"
    return pd.DataFrame(_rows((CAUSAL, _words(exposed), words, outcome), total, binary), columns=list(COLUMNS))


def _words(do: Intervention) -> str:
    return ", ".join(f"{name} = {value}" for name, value in do.items()) or "nature"


def _asked(exposures: Iterable[str] | None) -> dict[str, Exposure]:
    known = {exposure.name: exposure for exposure in EXPOSURES}
    if exposures is None:
        return known
    names = list(exposures)
    unknown = [Problem("exposure", f"the truth of '{name}' is not declared.") for name in names if name not in known]
    if unknown:
        raise CohortError(unknown)
    return {name: known[name] for name in names}


def _set_nodes(do: Iterable[str]) -> set[str]:
    """Return the nodes that an intervention sets; autoimmune disease as a whole is eight of them."""
    found: set[str] = set()
    for name in do:
        found |= set(DISEASES) if name == "aid" else set(EARLY) if name == AID_ONSET_AGE else {name}
    return found


def _moved(world: Scenario, do: Intervention) -> set[str]:
    """Return the nodes to be drawn again under an intervention."""
    names = _set_nodes(do)
    again = world.descendants(names) | names
    return again - set(EARLY) if AID_ONSET_AGE in do else again  # early onsets are changed, not drawn


def _reached(world: Scenario, exposure: Exposure, outcomes: Mapping[str, Outcome]) -> list[Outcome]:
    """Return the outcomes that an exposure can reach in this world's graph."""
    names = _set_nodes([*exposure.exposed, *exposure.unexposed])
    below = world.descendants(names)
    if names & {*DISEASES, *EARLY}:
        below -= {"aid"}  # what is set is no outcome
    return [outcome for outcome in outcomes.values() if below.intersection(outcome.nodes)]


@dataclass
class _Moments:
    """Sums over people of outcomes in several worlds, and of their products: all that a measure and its error need."""

    n: float
    sums: Array
    products: Array = field(repr=False)

    @classmethod
    def of(cls, worlds: list[Array]) -> _Moments:
        stacked = np.column_stack(worlds).astype(float)
        return cls(float(len(stacked)), stacked.sum(axis=0), stacked.T @ stacked)

    def __add__(self, other: _Moments) -> _Moments:
        return _Moments(self.n + other.n, self.sums + other.sums, self.products + other.products)

    def measure(self, of: Callable[[Array], float]) -> tuple[float, float]:
        """Return a function of the means of the worlds, and its standard error by the delta method."""
        means = self.sums / self.n
        covariance = (self.products / self.n - np.outer(means, means)) / self.n
        gradient = np.zeros(len(means))
        for k in range(len(means)):
            step = 1e-5 * max(abs(means[k]), 1e-3)
            up, down = means.copy(), means.copy()
            up[k] += step
            down[k] -= step
            gradient[k] = (of(up) - of(down)) / (2 * step)
        variance = float(gradient @ covariance @ gradient)
        return float(of(means)), float(np.sqrt(max(variance, 0.0)))


def _add(
    moments: dict[tuple[str, ...], _Moments],
    key: tuple[str, ...],
    outcome: Outcome,
    worlds: list[dict[str, Array]],
) -> None:
    found = _Moments.of([outcome.of(world) for world in worlds])
    moments[key] = moments[key] + found if key in moments else found


def _odds(p: float) -> float:
    return p / (1 - p)


def _pair(first: int, second: int, binary: bool) -> dict[str, Callable[[Array], float]]:
    """Return the measures that compare two worlds."""
    if not binary:
        return {"mean difference": lambda m: m[first] - m[second]}
    return {
        "odds ratio": lambda m: _odds(m[first]) / _odds(m[second]),
        "risk ratio": lambda m: m[first] / m[second],
        "risk difference": lambda m: m[first] - m[second],
    }


def _rows(
    key: tuple[str, ...], moments: _Moments | None, binary: bool
) -> list[tuple[str, str, str, str, str, float, float, int]]:
    assert moments is not None
    about, exposure, words, outcome = key
    asked: list[tuple[str, str, Callable[[Array], float]]] = []
    if about == JOINT:
        asked += [(JOINT, name, of) for name, of in _JOINT_MEASURES.items()]
    elif about == CAUSAL:
        asked += [(CAUSAL, name, of) for name, of in _pair(0, 1, binary).items()]
    else:
        direct, indirect = f"natural direct effect, not by {about}", f"natural indirect effect, by {about}"
        asked += [(direct, name, of) for name, of in _pair(2, 1, binary).items()]
        asked += [(indirect, name, of) for name, of in _pair(0, 2, binary).items()]
    found = []
    for estimand, measure, of in asked:
        value, error = moments.measure(of)
        found.append((estimand, exposure, words, outcome, measure, value, error, int(moments.n)))
    return found


# Worlds of an interaction, in this order: both, the first alone, the second alone, neither.
_JOINT_MEASURES: dict[str, Callable[[Array], float]] = {
    "relative excess risk due to interaction": lambda m: (m[0] - m[1] - m[2] + m[3]) / m[3],
    "ratio of odds ratios": lambda m: _odds(m[0]) * _odds(m[3]) / (_odds(m[1]) * _odds(m[2])),
    "ratio of risk ratios": lambda m: m[0] * m[3] / (m[1] * m[2]),
    "risk ratio of the first alone": lambda m: m[1] / m[3],
    "risk ratio of the second alone": lambda m: m[2] / m[3],
    "risk ratio of both": lambda m: m[0] / m[3],
}
