"""What the gate says of a claim about discrete subgroups, and its scores as a table."""

from __future__ import annotations

import pandas as pd

from cohort.analysis.subgroups.gate import THRESHOLD, GateResult
from cohort.results import Finding, NotTestable, ResultTable, Status, Verdict


def judge_subgroups(gate: GateResult | NotTestable, *, claim: str, synthetic: bool = False) -> Verdict:
    """Return the verdict on a claim that discrete subgroups exist.

    Only tier 3 supports it. No tier contradicts it: groups that lie closer than the gate can see would leave the same
    picture, so that everything below tier 3 is inconclusive.

    Parameters
    ----------
    gate
        What the gate found, or why it could not be asked.
    claim
        Identifier of the claim.
    synthetic
        Whether the cohort is synthetic.
    """
    if isinstance(gate, NotTestable):
        return Verdict(claim, "direction", "not testable with this cohort", gate.reason, gate, None, synthetic)
    found = Finding(gate.label, f"gate, tier {gate.tier}", gate.wording, claims=gate.claims)
    status: Status = "supported" if gate.may_name_groups else "inconclusive"
    scores = f"tier {gate.tier} (SHAPE {gate.shape:.2f}, GAP {gate.gap:.2f}; each passes above {THRESHOLD:.2f})"
    return Verdict(claim, "direction", status, f"{scores}: {gate.wording}", found, None, synthetic)


def gate_table(gate: GateResult | NotTestable) -> ResultTable:
    """Return the scores of the gate under both scalings, with the threshold that each has to pass.

    Parameters
    ----------
    gate
        What the gate found, or why it could not be asked.
    """
    if isinstance(gate, NotTestable):
        rows: list[dict[str, object]] = [{"part": "gate", "finding": f"not testable: {gate.reason}"}]
    else:
        rows = [
            {"part": name, "log": scores["log"], "Box-Cox": scores["box-cox"], "passes": _passes(min(scores.values()))}
            for name, scores in (("SHAPE", gate.shape_z), ("GAP", gate.gap_z))
        ]
        rows.append({"part": "shared dimension (parallel analysis, p)", "log": gate.parallel_p})
        rows.append({"part": "tier", "log": gate.tier, "people": gate.n})
    columns = ["part", "log", "Box-Cox", "passes", "people", "finding"]
    data = pd.DataFrame(rows).reindex(columns=columns).dropna(axis="columns", how="all")
    return ResultTable(
        "gate",
        "The gate for discrete subgroups",
        data,
        counts=("people",),
        formats={"log": ".3g", "Box-Cox": ".3g"},
        note=f"Each part must pass {THRESHOLD:.2f} under both scalings. Unweighted: the gate uses no survey weights.",
    )


def _passes(score: float) -> str:
    return "yes" if score > THRESHOLD else "no"
