"""Write ``items.csv``: invented answers of a survey to six items from 0 to 3, one of which runs against the rest."""

from pathlib import Path

import numpy as np
import pandas as pd

PEOPLE, STRATA, UNITS = 480, 6, 4


def make_items() -> pd.DataFrame:
    """Return the people with their answers, weights, strata and primary sampling units."""
    rng = np.random.default_rng(20240611)
    stratum = rng.integers(0, STRATA, PEOPLE)
    unit = rng.integers(0, UNITS, PEOPLE)
    cluster = rng.normal(0, 0.4, (STRATA, UNITS))[stratum, unit]
    trait = rng.normal(size=PEOPLE) + cluster
    loadings = np.array([1.2, 1.0, 0.9, 0.7, 0.6, -0.3])
    latent = trait[:, None] * loadings + rng.normal(size=(PEOPLE, 6))
    answers = (latent[:, :, None] > np.array([0.3, 1.0, 1.9])).sum(axis=2)
    table = pd.DataFrame(answers, columns=[f"item_{number}" for number in range(1, 7)]).astype("Int64")
    table = table.mask(rng.random(table.shape) < 0.01)
    weight = np.exp(rng.normal(0, 0.5, PEOPLE) + 0.2 * (trait > 1)).round(3)
    return table.assign(survey_weight=weight, survey_stratum=stratum, survey_psu=stratum * UNITS + unit)


if __name__ == "__main__":
    make_items().to_csv(Path(__file__).with_name("items.csv"), index=False, lineterminator="\n")
