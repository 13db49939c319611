"""An attacker who has every table of a report: what he can work out of each count by integer programming.

Written apart from ``cohort.disclosure``: it reads the texts as a reader does and knows the sums that anybody knows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Key = Hashable


def window(text: str, minimum: int, base: int) -> tuple[float, float] | None:
    """Return the smallest and largest count that a text can stand for; None where it says nothing."""
    text = str(text).strip().split(" (")[0]
    number = re.sub(r"[^\d]", "", text)
    if text == "not shown":
        return 0, math.inf
    if not number:
        return None
    count = int(number)
    if text.startswith("<"):
        return 1, count - 1
    if text.startswith("≥"):
        return count, math.inf
    if text.startswith("≈"):
        return count - 5 * minimum, count + 5 * minimum
    if count == 0 or base == 1:
        return count, count
    shown = [n for n in range(count - base, count + base + 1) if n >= minimum and base * round(n / base) == count]
    return shown[0], shown[-1]


@dataclass
class Attack:
    """What is known: bounds of counts, equations between them, and equal counts under different names."""

    bounds: dict[Key, tuple[float, float]] = field(default_factory=dict)
    equations: list[dict[Key, int]] = field(default_factory=list)

    def learn(self, key: Key, window_: tuple[float, float] | None) -> None:
        if window_ is not None:
            low, high = self.bounds.get(key, (0, math.inf))
            self.bounds[key] = max(low, window_[0]), min(high, window_[1])

    def adds_up(self, whole: Key, parts: Sequence[Key]) -> None:
        equation: dict[Key, int] = {whole: 1}
        for part in parts:
            equation[part] = equation.get(part, 0) - 1
        self.equations.append(equation)

    def range_of(self, key: Key) -> tuple[float, float]:
        """Return the least and the greatest value that a count can have."""
        equations = self._connected(key)
        keys = list({name: 0 for equation in equations for name in equation} | {key: 0})
        place = {name: i for i, name in enumerate(keys)}
        low = np.array([self.bounds.get(name, (0, math.inf))[0] for name in keys], dtype=float)
        high = np.array([min(self.bounds.get(name, (0, math.inf))[1], 1e6) for name in keys], dtype=float)
        matrix = np.zeros((max(len(equations), 1), len(keys)))
        for row, equation in enumerate(equations):
            for name, sign in equation.items():
                matrix[row, place[name]] = sign
        ends = []
        for sign in (1.0, -1.0):
            goal = np.zeros(len(keys))
            goal[place[key]] = sign
            found = milp(goal, integrality=np.ones(len(keys), dtype=int), bounds=Bounds(low, high),
                         constraints=LinearConstraint(matrix, 0, 0))  # fmt: skip
            assert found.status == 0, f"the tables contradict each other around {key}"
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]

    def _connected(self, key: Key) -> list[dict[Key, int]]:
        reached, found, grew = {key}, [], True
        while grew:
            grew = False
            for equation in self.equations:
                if equation not in found and reached & set(equation):
                    found.append(equation)
                    reached |= set(equation)
                    grew = True
        return found


def exposed(attack: Attack, truth: Mapping[Key, float], minimum: int) -> dict[Key, tuple[float, float, float]]:
    """Return the small counts of which the attacker rules out any value from 1 to the minimum less one."""
    found = {}
    for key, count in truth.items():
        if 0 < count < minimum:
            low, high = attack.range_of(key)
            if low > 1 or high < minimum - 1:
                found[key] = (count, low, high)
    return found
