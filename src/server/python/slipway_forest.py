"""
Forests of scikit-learn, walked directly: all rows of a batch through all trees at once, without what scikit-learn does around it
for each call. Used only where it gives exactly what scikit-learn gives.
"""

import numpy as np

# From about here on, scikit-learn's own way over one tree after another is faster: where what all trees do at once leaves the caches.
MOST_ROWS = 500
MOST_PATHS = 32_000


def forest_of(estimator):
    """A function from rows to scikit-learn's answer (probabilities, or values) for a forest; None for anything else."""
    trees = getattr(estimator, "estimators_", None)
    kind = type(estimator).__name__
    if kind not in ("RandomForestClassifier", "ExtraTreesClassifier", "RandomForestRegressor", "ExtraTreesRegressor"):
        return None
    if getattr(estimator, "n_outputs_", 1) != 1 or any(tree.tree_.n_outputs != 1 for tree in trees):
        return None
    return Forest(estimator, [tree.tree_ for tree in trees], kind.endswith("Classifier"))


class Forest:
    def __init__(self, estimator, trees, classifies):
        starts = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])
        self.features = estimator.n_features_in_
        self.roots = starts.astype(np.intp)
        self.depth = max(tree.max_depth for tree in trees)
        self.feature = np.concatenate([tree.feature for tree in trees]).astype(np.intp)
        self.threshold = np.concatenate([tree.threshold for tree in trees])
        left, right = [], []
        for start, tree in zip(starts, trees):
            own = np.arange(tree.node_count)
            leaf = tree.children_left < 0
            # A leaf leads to itself, so that all rows take the same number of steps.
            left.append(np.where(leaf, own, tree.children_left) + start)
            right.append(np.where(leaf, own, tree.children_right) + start)
        self.left = np.concatenate(left).astype(np.intp)
        self.right = np.concatenate(right).astype(np.intp)
        self.feature[self.feature < 0] = 0
        values = np.concatenate([tree.value[:, 0, :] for tree in trees])
        if classifies:
            # As predict_proba of a tree has it.
            totals = values.sum(axis=1)
            totals[totals == 0.0] = 1.0
            values = values / totals[:, np.newaxis]
        else:
            values = values[:, 0]
        self.values = values
        # A classifier is asked twice: for its labels and for its probabilities.
        self.most_rows = min(MOST_ROWS, MOST_PATHS * (1 + classifies) // len(trees))
        self.count = len(trees)

    def __call__(self, rows):
        """None where scikit-learn is to be asked itself: for many rows, and for those of which it has something to say."""
        if len(rows) > self.most_rows:
            return None
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.features or not np.isfinite(rows).all():
            return None
        flat = rows.ravel()
        offsets = (np.arange(len(rows), dtype=np.intp) * rows.shape[1])[:, np.newaxis]
        nodes = np.broadcast_to(self.roots, (len(rows), self.count))
        for _ in range(self.depth):
            goes_left = flat[self.feature[nodes] + offsets] <= self.threshold[nodes]
            nodes = np.where(goes_left, self.left[nodes], self.right[nodes])
        leaves = self.values[nodes]
        # One tree after another, as scikit-learn adds them up: another order would round otherwise.
        total = leaves[:, 0].astype(np.float64)
        for tree in range(1, self.count):
            total += leaves[:, tree]
        return total / self.count
