"""A rule that turns markers into a probability: everything it learns, gaps and scales included, in one object."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

FloatArray = NDArray[np.float64]
Method: TypeAlias = Literal["logistic", "boosting"]

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of the ridge penalty to choose from, for standardised columns."""
_INNER_FOLDS = 4


def fitted_rule(values: FloatArray, outcome: FloatArray, *, method: Method, keep: int | None, seed: int) -> Pipeline:
    """Return a rule fitted to people: median filling, scaling, choice of columns, and a classifier.

    The ridge penalty of the logistic rule is the one of highest likelihood in inner folds; the boosted trees are few
    and shallow and have nothing to choose.

    Parameters
    ----------
    values
        Shape (people, columns); NaN where missing.
    outcome
        0 or 1 for each person.
    method
        ``logistic`` or ``boosting``.
    keep
        Use only so many columns, those of the largest F statistic; all when None.
    seed
        Of the inner folds.
    """
    first: list[tuple[str, object]] = [
        ("fill", SimpleImputer(strategy="median", keep_empty_features=True)),
        ("scale", StandardScaler()),
    ]
    if keep is not None and keep < values.shape[1]:
        first.append(("choose", SelectKBest(f_classif, k=keep)))
    with threadpool_limits(limits=1):
        if method == "boosting":
            trees = HistGradientBoostingClassifier(
                max_iter=60, learning_rate=0.08, max_leaf_nodes=8, min_samples_leaf=20, l2_regularization=1.0,
                early_stopping=False, random_state=seed,
            )  # fmt: skip
            return Pipeline([*first, ("classify", trees)]).fit(values, outcome)
        losses = np.zeros(len(PENALTIES))
        inner = StratifiedKFold(_INNER_FOLDS, shuffle=True, random_state=seed)
        for train, test in inner.split(values, outcome):
            before = Pipeline(first).fit(values[train], outcome[train])
            learnt, held_out = before.transform(values[train]), before.transform(values[test])
            lines = ridge_path(learnt, outcome[train])
            logits = lines[:, :1] + lines[:, 1:] @ held_out.T
            losses += np.mean(np.logaddexp(0, logits) - outcome[test] * logits, axis=1)
        # The strongest penalty among equals, so that rounding on another processor chooses the same one.
        chosen = int(np.argmax(losses <= losses.min() + 1e-9))
        return Pipeline([*first, ("classify", _ridge(PENALTIES[chosen]))]).fit(values, outcome)


def _ridge(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-6, max_iter=200)


def ridge_path(values: FloatArray, outcome: FloatArray) -> FloatArray:
    """Return intercept and coefficients of ridge logistic regressions, one row per penalty, by Newton's steps at once.

    The same as scikit-learn's ``LogisticRegression`` with each ``C`` of ``PENALTIES``, which takes ten times as long
    for the many small fits of nested cross-validation.

    Parameters
    ----------
    values
        Shape (people, columns), standardised, nothing missing.
    outcome
        0 or 1 for each person.
    """
    matrix = np.column_stack([np.ones(len(values)), values])
    penalty = np.array([np.r_[0.0, np.full(values.shape[1], 1 / strength)] for strength in PENALTIES])
    share = float(np.clip(outcome.mean(), 1e-6, 1 - 1e-6))
    beta = np.zeros_like(penalty)
    beta[:, 0] = np.log(share / (1 - share))
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(beta @ matrix.T, -30, 30)))
        slope = (outcome - chance) @ matrix - penalty * beta
        curved = [(matrix * (row * (1 - row))[:, None]).T @ matrix for row in chance]
        step = np.linalg.solve(np.array(curved) + penalty[:, :, None] * np.eye(matrix.shape[1]), slope[:, :, None])
        beta = beta + np.clip(step[:, :, 0], -3, 3)
        if np.abs(step).max() < 1e-8:
            break
    return beta


def probabilities(rule: Pipeline, values: FloatArray) -> FloatArray:
    """Return the probability of the outcome for each person.

    Parameters
    ----------
    rule
        From :func:`fitted_rule`.
    values
        Shape (people, columns).
    """
    with threadpool_limits(limits=1):
        return np.asarray(rule.predict_proba(values)[:, 1], dtype=np.float64)
