"""The methods paragraph: what was done, in sentences made of the study's own numbers."""

from __future__ import annotations

from cohort.study import Study


def methods_paragraph(study: Study) -> str:
    """Return a paragraph for the methods section of an article, made of facts of this study.

    Parameters
    ----------
    study
        The study that was analysed.
    """
    shown = study.disclosure.text
    libraries = study.provenance["libraries"]
    steps = study.flow.steps
    people = steps[0].n if steps else len(study.person_table)
    eligible = int(study.person_table["is_eligible"].sum())
    changed = study.ledger.summary()
    altered = changed.loc[changed["action"].isin(["repair", "set_missing", "quarantine"])]
    touched = int(altered["count"].sum()) if len(altered) else 0
    sources = len(study.provenance["inputs"])
    kind = "The cohort is synthetic. " if study.synthetic else ""
    design = study.design.words
    return (
        f"{kind}Data of {shown(people)} people were read from {sources} files; {shown(eligible)} were eligible. "
        "Every value that cleaning repaired, set missing or set aside is recorded in a ledger "
        f"({study.disclosure.rough_text(touched)} values by {altered['rule'].nunique()} rules). "
        "Depressive symptoms were measured with the PHQ-9; the total was prorated when one or two items were missing "
        "and depression defined as a total of 10 or more. "
        f"Sampling design: {design}. "
        "Odds ratios come from logistic regression; standardised risk ratios and differences from g-computation, with "
        "standard errors by linearisation. Adjustment sets were derived from a declared causal graph; where a cohort "
        "lacks part of a set the result is called an association. Intervals are 95 % confidence intervals. A verdict "
        "of 'no relevant effect' needs the 90 % interval inside the equivalence bounds (odds ratio 0.8 to 1.25, or 0.1 "
        "standard deviations). Discrete subgroups were only named when a split-sample gate found them. "
        f"Software: cohort {study.provenance['cohort_version']}, Python {study.provenance['python']}, "
        + ", ".join(f"{name} {libraries[name]}" for name in ("pandas", "statsmodels", "scikit-learn", "scipy"))
        + "."
    )
