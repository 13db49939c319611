"""How the default world lands on the numbers of the literature, and how its constants were solved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import optimize

from cohort.errors import CohortError, Problem
from cohort.synthetic.measurement import CTQ_ITEMS, CTQ_REVERSED
from cohort.synthetic.model import NODES, ancestors
from cohort.synthetic.node import Array
from cohort.synthetic.scenario import Scenario, load_scenario
from cohort.synthetic.simulate import block_sizes, draw_block, simulate

_REASONS = {
    "PHQ-9, SD": "a mean of 2.9 with 8 % at 10 or more implies it; NHANES 2017-2020 has 4.3",
    "PHQ-9 of 0": "the source gives 20-30 % from memory; NHANES 2017-2020 has 33 %",
    "PHQ-9 of 10 or more, sensitivity": "the source is about current depression; here it is of the last 12 months",
}
Row = tuple[str, float, float, float, str]
_CTQ_MODERATE = {
    "emotional_abuse": 13, "physical_abuse": 10, "sexual_abuse": 8, "emotional_neglect": 15, "physical_neglect": 10,
}  # fmt: skip
_CTQ_TARGETS = {
    "emotional_abuse": (0.046, 0.102), "physical_abuse": (0.056, 0.12), "sexual_abuse": (0.062, 0.076),
    "emotional_neglect": (0.133, 0.139), "physical_neglect": (0.225, 0.288),
}  # fmt: skip


def calibration_table(n: int = 200_000, seed: int = 1, scenario: Scenario | str = "literature_like") -> pd.DataFrame:
    """Return what the generator gives beside what the literature has, with whether it lies in the range.

    Parameters
    ----------
    n
        Number of simulated people; small diseases need many.
    seed
        Seed.
    scenario
        The world to look at; the targets are those of the default one.

    Returns
    -------
    DataFrame
        ``quantity``, ``simulated``, ``low``, ``high`` (range of the target), ``source`` (row of calibration.csv, or
        section 6 of dag.md), ``in_range``, and for known misses the ``reason``.
    """
    values = dict(simulate(scenario, n, seed).nodes)
    rows = [*_occurrence(values), *_markers(values), *_questionnaires(values), *_associations(values)]
    table = pd.DataFrame(rows, columns=["quantity", "simulated", "low", "high", "source"])
    within = table["simulated"].between(table["low"], table["high"])
    return table.assign(in_range=within, reason=table["quantity"].map(_REASONS).where(~within, "").fillna(""))


def solve_knob(
    scenario: Scenario | str,
    path: str,
    node: str,
    target: float,
    bracket: tuple[float, float],
    *,
    statistic: Callable[[Array], float] = np.mean,
    n: int = 200_000,
    seed: int = 77,
) -> float:
    """Return the value of one number of a scenario at which a statistic of a node hits its target.

    The constants that ``default.yaml`` calls "solved" were found so; the same random numbers serve every trial.

    Parameters
    ----------
    scenario
        The world.
    path
        The number to move, such as ``dep.intercept``.
    node, statistic, target
        The node whose statistic (the mean by default) shall have a value.
    bracket
        Two values of the number between which the answer lies.
    n, seed
        People and seed.

    Raises
    ------
    CohortError
        If the node does not exist or the bracket does not hold an answer.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    if node not in NODES:
        raise CohortError([Problem("node", f"the model has no node '{node}'.")])
    moved = path.split(".", maxsplit=1)[0]
    needed = ancestors([node])
    fixed = ancestors([moved]) - {moved}
    blocks = [(b, rows, draw_block(world, seed, b, rows, only=fixed)) for b, rows in enumerate(block_sizes(n, seed))]

    def miss(value: float) -> float:
        changed = world.with_changes({path: float(value)})
        drawn = [draw_block(changed, seed, b, rows, only=needed - fixed, given=v)[node] for b, rows, v in blocks]
        return float(statistic(np.concatenate(drawn))) - target

    try:
        return float(optimize.brentq(miss, *bracket, xtol=1e-4))
    except ValueError as error:
        raise CohortError([Problem(path, f"no value in the bracket gives {target}.", "Widen the bracket.")]) from error


def _log_odds_ratio(outcome: Array, exposure: Array, *covariates: Array) -> float:
    design = sm.add_constant(np.column_stack([exposure, *covariates]).astype(float))
    return float(sm.Logit(outcome.astype(float), design).fit(disp=0).params[1])


def _slope(outcome: Array, exposure: Array, *covariates: Array) -> float:
    design = np.column_stack([np.ones(len(outcome)), exposure, *covariates]).astype(float)
    return float(np.linalg.lstsq(design, outcome, rcond=None)[0][1])


def _alpha(answers: Array) -> float:
    """Return Cronbach's alpha of items in columns."""
    items = answers.shape[1]
    return float(items / (items - 1) * (1 - answers.var(axis=0).sum() / answers.sum(axis=1).var()))


def _occurrence(v: dict[str, Array]) -> list[Row]:
    women = v["sex"] == 1
    return [
        ("depression in the last 12 months", v["dep"].mean(), 0.07, 0.10, "mdd_12m, mood_disorder_12m; dag.md 8.0 %"),
        ("depression before baseline", v["dep_past"].mean(), 0.15, 0.25, "mdd_lifetime; dag.md 19.2 %"),
        ("any autoimmune disease", v["aid"].mean(), 0.04, 0.12, "aid_any_pop 10.2 %"),
        ("any autoimmune disease, women", v["aid"][women].mean(), 0.10, 0.15, "aid_any_female 13.1 %"),
        ("any autoimmune disease, men", v["aid"][~women].mean(), 0.05, 0.09, "aid_any_male 7.4 %"),
        ("cytomegalovirus infection", v["cmv"].mean(), 0.456, 0.567, "cmv_nl, cmv_de_overall"),
        ("body mass index, mean", v["bmi"].mean(), 25, 27, "bmi_mean 26"),
        ("body mass index, SD", v["bmi"].std(), 4.2, 4.8, "bmi_mean, note: 4.5"),
        ("smoking", v["smoking"].mean(), 0.15, 0.25, "smoking_prev_controls"),
        ("any moderate childhood trauma, as it was", v["trauma"].mean(), 0.31, 0.353, "ctq_any_mod"),
    ]


def _markers(v: dict[str, Array]) -> list[Row]:
    crp, ln = v["crp_obs"], np.log(v["crp_obs"])
    ill, before = v["dep"], v["dep_past"]
    count = v["blood_count"]
    il6 = np.log(v["il6_obs"])
    above = crp > 3
    h2 = [v[name] for name in ("age", "sex", "education", "smoking", "bmi", "activity", "diet", "aid", "cmv")]
    h2 += [v[name] for name in ("hosp_infection", "trauma", "prenatal_infection", "dep_past", "u_fam")]
    trauma_set = [v[name] for name in ("age", "sex", "ses_parent", "u_fam")]
    over_adjusted = _slope(ln, v["trauma"], *trauma_set, v["bmi"], v["smoking"])
    return [
        ("ln CRP, mean", ln.mean(), 0.0, 0.5, "crp_median_pop: 0.26"),
        ("ln CRP, SD", ln.std(), 1.0, 1.2, "crp_lnsd: 1.115"),
        ("CRP above 1 mg/L", (crp > 1).mean(), 0.48, 0.57, "dag.md section 6"),
        ("CRP above 3 mg/L", above.mean(), 0.17, 0.21, "dag.md section 6; fitted to this row"),
        ("CRP above 10 mg/L", (crp > 10).mean(), 0.03, 0.10, "crp_gt10_share"),
        ("CRP above 3 mg/L in depression", above[ill].mean(), 0.21, 0.34, "crp_gt3_mdd"),
        ("CRP, intraclass correlation", v["crp_true"].var() / ln.var(), 0.55, 0.68, "crp_icc"),
        ("CRP above 3, odds ratio of depression", np.exp(_log_odds_ratio(ill, above)), 1.22, 1.75, "crp_gt3_or"),
        ("ln CRP, d, current depression", (ln[ill].mean() - ln[~ill].mean()) / ln.std(), 0.15, 0.71, "dag.md: 0.26"),
        ("ln CRP, d, past depression", (ln[before].mean() - ln[~before].mean()) / ln.std(), 0.1, 0.2, "dag.md: 0.17"),
        ("ln CRP, d, adjusted for the H2 set", _slope(ln, ill, *h2) / ln.std(), 0.0, 0.1, "dag.md: 0.04"),
        ("trauma and ln CRP, correlation", np.corrcoef(v["trauma"], ln)[0, 1], 0.05, 0.14, "trauma_crp_z"),
        ("trauma on ln CRP, total", _slope(ln, v["trauma"], *trauma_set), 0.12, 0.20, "dag.md: 0.175"),
        ("the same, BMI and smoking adjusted for", over_adjusted, 0.02, 0.08, "dag.md: 0.051"),
        ("ln CRP and ln IL-6, correlation", np.corrcoef(ln, il6)[0, 1], 0.30, 0.55, "corr_crp_il6"),
        ("interleukin-6, median pg/mL", np.median(v["il6_obs"]), 0.7, 3.5, "il6_median 1.47"),
        ("TNF-alpha, median pg/mL", np.median(v["tnf_obs"]), 1.8, 4.5, "tnfa_median 2.89"),
        ("white cells, mean 10^9/L", count[:, 0].mean(), 6.0, 7.2, "wbc_mean"),
        ("neutrophils to lymphocytes, median", np.median(count[:, 1] / count[:, 2]), 1.6, 2.2, "nlr_median"),
    ]  # fmt: skip


def _questionnaires(v: dict[str, Array]) -> list[Row]:
    total = v["phq9"].sum(axis=1)
    ill = v["dep"]
    turned = v["ctq_obs"].astype(float)
    columns = [item - 1 for item in CTQ_REVERSED]
    turned[:, columns] = 6 - turned[:, columns]
    parts = {name: turned[:, [item - 1 for item in wanted]] for name, wanted in CTQ_ITEMS.items()}
    rows: list[Row] = [
        ("PHQ-9, mean", total.mean(), 2.4, 3.6, "phq9_pop_mean"),
        ("PHQ-9, SD", total.std(), 3.0, 4.2, "phq9_pop_sd"),
        ("PHQ-9 of 10 or more", (total >= 10).mean(), 0.06, 0.10, "phq9_ge10_share"),
        ("PHQ-9 of 0", (total == 0).mean(), 0.20, 0.35, "phq9_pop_shape"),
        ("PHQ-9, Cronbach's alpha", _alpha(v["phq9"]), 0.83, 0.90, "phq9_alpha"),
        ("PHQ-9 of 10 or more, sensitivity", (total[ill] >= 10).mean(), 0.74, 0.92, "phq9_ge10_sensitivity"),
        ("PHQ-9 of 10 or more, specificity", (total[~ill] < 10).mean(), 0.88, 0.98, "phq9_ge10_sensitivity, note"),
        ("CTQ-SF total, mean", sum(part.sum(axis=1).mean() for part in parts.values()), 33, 40, "ctq_total_pop_mean"),
        ("minimisation in the depressed", (v["md_denial"][ill] > 0).mean(), 0.2, 0.3, "ctq_md_pos_cases"),
        ("minimisation in the others", (v["md_denial"][~ill] > 0).mean(), 0.3, 0.45, "ctq_md_pos_controls"),
    ]
    for name, part in parts.items():
        low, high = (0.55, 0.66) if name == "physical_neglect" else (0.85, 0.95)
        words = name.replace("_", " ")
        rows.append(
            (
                f"CTQ-SF, moderate {words}",
                (part.sum(axis=1) >= _CTQ_MODERATE[name]).mean(),
                *_CTQ_TARGETS[name],
                "ctq_ge_mod_*",
            )
        )
        rows.append((f"CTQ-SF {words}, Cronbach's alpha", _alpha(part), low, high, "ctq_alpha_pn"))
    return rows


def _associations(v: dict[str, Array]) -> list[Row]:
    ill, foreign = v["dep"], v["ancestry"] > 0
    h1 = [v[name] for name in ("age", "sex", "ses_parent", "education", "smoking", "trauma", "hosp_infection")]
    h1 += [v["ebv_titre"], v["dep_past"], v["u_fam"], foreign]
    family = [v[name] for name in ("age", "sex", "ses_parent")]
    ever = ill | v["dep_past"]
    found = [
        ("autoimmunity and depression, crude", _log_odds_ratio(ill, v["aid"]), 1.6, 2.1, "dag.md: 1.88"),
        ("autoimmunity and depression, adjusted", _log_odds_ratio(ill, v["aid"], *h1), 1.35, 1.65, "dag.md: 1.50"),
        ("autoimmunity and depression, lifetime", _log_odds_ratio(ever, v["aid"]), 1.27, 2.15, "comorbidity_or_cohort"),
        ("trauma and depression, crude", _log_odds_ratio(ill, v["trauma"]), 2.38, 4.83, "maltx_dep_or; dag.md: 2.53"),
        ("trauma and depression, without u_fam", _log_odds_ratio(ill, v["trauma"], *family), 2.1, 2.6, "dag.md: 2.39"),
        ("trauma and depression, adjusted", _log_odds_ratio(ill, v["trauma"], *family, v["u_fam"]), 1.37, 3.01,
         "maltx_dep_or_prospective; dag.md: 2.21"),
        ("cytomegalovirus and depression, crude", _log_odds_ratio(ill, v["cmv"]), 1.05, 1.25, "dag.md: 1.14"),
        ("cytomegalovirus and depression, adjusted", _log_odds_ratio(ill, v["cmv"], *family, foreign), 0.95, 1.05,
         "dag.md: 1.00"),
    ]  # fmt: skip
    return [
        (f"{words}, odds ratio", float(np.exp(value)), low, high, source) for words, value, low, high, source in found
    ]
