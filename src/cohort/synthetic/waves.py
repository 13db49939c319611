"""Nodes of the waves after baseline: inflammation and depression act on one another, and people drop out."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.node import Array, Knobs, Node, Noise, Parents, node
from cohort.synthetic.questionnaires import PHQ9_SOMATIC, graded_items

WAVES = (1, 2)
"""Waves after baseline."""


def _before(name: str, wave: int) -> str:
    return name if wave == 1 else f"{name}_{wave - 1}"


def _wave(wave: int) -> tuple[Node, ...]:
    """Return the nodes of one wave, causes before effects."""
    bmi, dep, inflam, severity = (_before(name, wave) for name in ("bmi", "dep", "inflam", "severity"))
    now = {name: f"{name}_{wave}" for name in ("bmi", "dep", "inflam", "severity", "sev_somatic", "retained")}

    @node(bmi, dep, name=now["bmi"], unit="kg/m^2")
    def draw_bmi(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Body mass index: that of the wave before, a drift, more after depression."""
        grown = of[bmi] + knob.linear(of) + knob["after_depression"] * of[dep]
        return np.asarray(np.clip(grown + knob["sd"] * noise.normal(), 14.5, 60.0))

    @node(inflam, bmi, now["bmi"], dep, name=now["inflam"], unit="ln")
    def draw_inflam(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Chronic inflammation: mostly that of the wave before; moves with BMI, and with depression in some worlds."""
        kept = knob["stability"] * of[inflam]
        moved = knob["per_bmi_gained"] * (of[now["bmi"]] - of[bmi]) + knob["after_depression"] * of[dep]
        return knob["intercept"] + kept + moved + knob["sd"] * noise.normal()

    @node(
        dep, "dep_past", inflam, "sex", "age", "u_fam", "prs_dep", "education", "trauma", "smoking", "activity",
        bmi, "aid", "hosp_infection", name=now["dep"]
    )  # fmt: skip
    def draw_dep(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Depression since the wave before: logistic; inflammation counts as it was at the wave before."""
        lagged = np.log(knob["odds_ratio_inflam_before"]) * of[inflam] + np.log(knob["odds_ratio_bmi_before"]) * (
            of[bmi] - 26
        )
        return noise.event(knob.log_odds(of) + lagged + np.log(knob["odds_ratio_dep_before"]) * of[dep])

    @node(now["dep"], severity, dep, name=now["severity"], unit="SD")
    def draw_severity(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Severity: shifted by depression as at baseline; what a person had beyond that is partly kept."""
        beyond = of[severity] - knob["shift"] * of[dep]
        kept = knob["stability"]
        return np.asarray(knob["shift"] * of[now["dep"]] + kept * beyond + np.sqrt(1 - kept**2) * noise.normal())

    @node(now["severity"], now["inflam"], name=now["sev_somatic"], unit="SD")
    def draw_somatic(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Somatic severity: as at baseline."""
        by_severity = knob["per_severity"] * of[now["severity"]]
        return by_severity + knob["per_inflam"] * of[now["inflam"]] + knob["sd"] * noise.normal()

    @node(now["severity"], now["sev_somatic"], name=f"phq9_{wave}", settings="phq9", columns=9)
    def draw_phq9(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Nine items of the PHQ-9, as at baseline."""
        return graded_items(of[now["severity"]], of[now["sev_somatic"]], PHQ9_SOMATIC, knob, noise.normal(9))

    @node("season", name=f"acute_infection_{wave}", settings="acute_infection")
    def draw_acute(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Ill with an infection when blood is drawn; waves keep the season of baseline."""
        winter = np.isin(of.season, (12, 1, 2))
        return noise.event(knob["intercept"] + np.log(knob["odds_ratio_winter"]) * winter)

    @node(
        now["inflam"],
        "inflam",
        "crp_true",
        "acute_infection",
        f"acute_infection_{wave}",
        name=f"crp_{wave}",
        unit="mg/L",
    )
    def draw_crp(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """CRP of one sample: that of baseline without its infection, moved with inflammation, and one of now."""
        steady = of.crp_true - knob["acute"] * of.acute_infection + of[now["inflam"]] - of.inflam
        acute = knob["acute"] * of[f"acute_infection_{wave}"]
        return np.exp(steady + acute + knob["within_sd"] * noise.normal() + knob["cv"] * noise.normal())

    gone_before = () if wave == 1 else (f"retained_{wave - 1}",)

    @node(severity, "age", "education", *gone_before, name=now["retained"])
    def draw_retained(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Took part: logistic in the severity of the wave before; who is gone stays away."""
        stays = noise.event(knob.log_odds(of) + np.log(knob["odds_ratio_severity_before"]) * of[severity])
        return np.asarray(stays & of[gone_before[0]]) if gone_before else stays

    return (
        draw_bmi, draw_inflam, draw_dep, draw_severity, draw_somatic, draw_phq9, draw_acute, draw_crp, draw_retained,
    )  # fmt: skip


waves = tuple(node for wave in WAVES for node in _wave(wave))
