"""The causal questions of the articles: which set of causes each wants adjusted for, and the wrong sets that tempt.

Nodes are those of ``data_schema/dag_nodes.csv``. ``tests/unit/analysis/test_causal.py`` holds every declared set to
d-separation and every wrong one to an objection.
"""

from __future__ import annotations

from dataclasses import dataclass

LIABILITY = ("u_family", "u_person")
"""Never measured; a comparison of siblings removes the first."""


@dataclass(frozen=True)
class WrongSet:
    """A set that tempts, as a change of the right one.

    Parameters
    ----------
    name
        What people do.
    add, drop
        Nodes put into the right set, and nodes left out of it.
    harm
        What goes wrong.
    """

    name: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    harm: str = ""


@dataclass(frozen=True)
class Question:
    """The total effect of one node on another, what to adjust for, and what not.

    Parameters
    ----------
    family
        Family of hypotheses.
    exposure, outcome
        Nodes.
    wanted
        Nodes of the right adjustment set.
    wrong
        Sets that tempt.
    """

    family: str
    exposure: str
    outcome: str
    wanted: tuple[str, ...]
    wrong: tuple[WrongSet, ...] = ()


_MEDIATORS_OF_TRAUMA = WrongSet(
    "adjusting for BMI or smoking",
    add=("bmi", "smoking"),
    harm="they carry part of the effect: the total effect on ln CRP of about 0.17 falls to 0.05",
)

QUESTIONS: tuple[Question, ...] = (
    Question(
        "H1 comorbidity",
        "aid",
        "dep",
        (
            "age",
            "sex",
            "ses_parent",
            "education",
            "smoking",
            "trauma",
            "hosp_infection",
            "ebv_titre",
            "dep_past",
            "aid_past",
            *LIABILITY,
        ),
        (
            WrongSet("a sample from the clinic", add=("s_clinic",), harm="an odds ratio of 1.5 turns into about 0.2"),
            WrongSet("adjusting for pain or CRP", add=("pain", "inflam"), harm="removes the part that they carry"),
            WrongSet(
                "ever ill against ever depressed, without the order of onset",
                drop=("dep_past", "aid_past"),
                harm="mixes in the effect of depression on autoimmune disease (1.25 to 1.40)",
            ),
            WrongSet(
                "leaving out smoking, education, trauma and infections",
                drop=("smoking", "education", "trauma", "hosp_infection"),
                harm="causes of both stay mixed in",
            ),
        ),
    ),
    Question(
        "H1 comorbidity, reverse",
        "dep_past",
        "aid",
        ("age", "sex", "ses_parent", "education", "trauma", "aid_past", *LIABILITY),
        (WrongSet("adjusting for smoking after depression", add=("smoking",), harm="removes what smoking carries"),),
    ),
    Question(
        "H2 inflammation",
        "inflam",
        "dep",
        (
            "age",
            "sex",
            "education",
            "smoking",
            "bmi",
            "activity",
            "diet",
            "aid",
            "cmv",
            "hosp_infection",
            "trauma",
            "prenatal_infection",
            "microbiome",
            "dep_past",
            *LIABILITY,
        ),
        (
            WrongSet("leaving BMI out", drop=("bmi",), harm="a crude d of about 0.26 against 0.04 to 0.10 adjusted"),
            WrongSet("adjusting for kynurenine", add=("kyn_trp",), harm="carries the effect: falsely none is left"),
            WrongSet("adjusting for later antidepressants", add=("ssri_t2",), harm="an effect of the depression"),
        ),
    ),
    Question(
        "H3 trauma",
        "trauma",
        "dep",
        ("age", "sex", "ses_parent", *LIABILITY),
        (_MEDIATORS_OF_TRAUMA,),
    ),
    Question(
        "H3 trauma",
        "trauma",
        "inflam",
        ("age", "sex", "ses_parent", *LIABILITY),
        (
            _MEDIATORS_OF_TRAUMA,
            WrongSet("adjusting for current depression", add=("dep",), harm="opens paths through its other causes"),
        ),
    ),
    Question(
        "H3 infection",
        "cmv",
        "dep",
        ("age", "sex", "ancestry", "ses_parent"),
        (
            WrongSet("age and sex only", drop=("ancestry", "ses_parent"), harm="an odds ratio of 1.14 from nothing"),
            WrongSet("adjusting for CRP", add=("inflam",), harm="CRP carries part of the effect"),
        ),
    ),
    Question(
        "H3 infection",
        "hosp_infection",
        "dep",
        ("age", "sex", "ses_parent", "education", "smoking", "dep_past", *LIABILITY),
        (
            WrongSet("leaving out earlier depression", drop=("dep_past",), harm="depression also brings infections"),
            WrongSet("adjusting for autoimmune disease", add=("aid",), harm="it carries part of the effect"),
        ),
    ),
    Question(
        "H3 prenatal",
        "prenatal_infection",
        "dep",
        ("ses_parent", "u_family"),
        (
            WrongSet(
                "unrelated controls", drop=("u_family",), harm="a ratio of 1.05 to 1.2 from family liability alone"
            ),
        ),
    ),
    Question(
        "H4 serotonin",
        "platelet_5ht",
        "dep",
        ("ssri_t0", "dep_past", "httlpr", "ancestry", "platelets"),
        (WrongSet("ignoring treatment", drop=("ssri_t0", "dep_past"), harm="antidepressants empty the platelets"),),
    ),
    Question(
        "H4 tryptophan",
        "trp",
        "dep",
        ("kyn_trp", "diet"),
        (WrongSet("age and sex only", add=("age", "sex"), drop=("kyn_trp", "diet"), harm="inflammation leaks in"),),
    ),
    Question(
        "H4 gene",
        "httlpr",
        "dep",
        ("ancestry",),
        (
            WrongSet(
                "no ancestry", drop=("ancestry",), harm="allele frequencies differ by ancestry, and so does depression"
            ),
        ),
    ),
    Question(
        "H5 microbiome",
        "microbiome",
        "dep",
        ("diet", "bmi", "ssri_t0", "dep_past", "transit"),
        (
            WrongSet("leaving drugs out", drop=("ssri_t0", "dep_past"), harm="the mark of a drug read as of disease"),
            WrongSet("adjusting for CRP", add=("inflam",), harm="CRP carries part of the effect"),
        ),
    ),
    Question(
        "H6 activity",
        "activity",
        "dep",
        ("education", "dep_past"),
        (
            WrongSet("no earlier depression", drop=("dep_past",), harm="depression lowers activity"),
            WrongSet("adjusting for later CRP", add=("inflam",), harm="CRP carries part of the effect"),
        ),
    ),
)
