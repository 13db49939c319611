"""What the tests of methods share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cohort.diagnosis import METHODS, choose, draw
from cohort.results import Result
from cohort.synthetic import Scenario, load_scenario

Asked = list[tuple[str, dict[str, str]]]


@pytest.fixture
def on_people() -> Callable[[str | Scenario, int, Asked], list[Result]]:
    """Return a function from a world, a number of people and methods to their results on one cohort."""

    def run(world: str | Scenario, people: int, asked: Asked) -> list[Result]:
        scenario = load_scenario(world) if isinstance(world, str) else world
        chosen = [choose(METHODS, name, options, "complete") for name, options in asked]
        columns = ["has_current_depression", *(column for one in chosen for column in one.columns)]
        sample = draw("complete", scenario, people, 22, columns)
        return [one.analyse(sample) for one in chosen]

    return run
