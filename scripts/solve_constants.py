"""Print the constants of the default world that were solved, found anew, beside what the file has."""

from __future__ import annotations

from cohort.synthetic import load_scenario
from cohort.synthetic.solving import solve_constants

default = load_scenario("default")
for path, value in solve_constants(default).items():
    print(f"{path:50} {default.knob(path):10.4f} {value:10.5g}")
