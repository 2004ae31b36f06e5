"""
A logistic regression's labels and probabilities from one pass over the rows, where scikit-learn takes one for each.
Both formulas are those of scikit-learn's LinearClassifierMixin and LogisticRegression; which of the two a model wants depends on how and
by which version it was fitted, so that they are tried.
"""

import numpy as np


def linear_of(estimator):
    """The function from rows to the outputs `label` and `probabilities`, if it is a logistic regression that one of the formulas fits."""
    if type(estimator).__name__ != "LogisticRegression" or not type(estimator).__module__.startswith("sklearn."):
        return []
    rows = undecided(estimator)
    for formula in (softmax, one_by_one):
        if np.array_equal(formula(estimator.decision_function(rows)), estimator.predict_proba(rows)):
            return [lambda rows: outputs(estimator, rows, formula)]
    return []


def undecided(estimator):
    """Rows whose scores are small: only there the formulas differ in more than rounding."""
    count = len(estimator.coef_)
    scores = np.sin(np.arange(16.0 * count)).reshape(16, count)
    return (scores - estimator.intercept_) @ np.linalg.pinv(estimator.coef_).T


def outputs(estimator, rows, probabilities):
    scores = estimator.decision_function(rows)
    indices = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
    return [("label", estimator.classes_.take(indices, axis=0)), ("probabilities", probabilities(scores))]


def softmax(scores):
    if scores.ndim == 1:
        scores = np.c_[-scores, scores]
    scores = scores - np.max(scores, axis=1).reshape((-1, 1))
    np.exp(scores, out=scores)
    scores /= np.sum(scores, axis=1).reshape((-1, 1))
    return scores


def one_by_one(scores):
    from scipy.special import expit

    each = expit(scores)
    if each.ndim == 1:
        return np.vstack([1 - each, each]).T
    return each / each.sum(axis=1).reshape((each.shape[0], -1))
