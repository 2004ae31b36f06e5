"""
What the columns of a model hold: numbers, words or whole texts, found in the steps that it consists of. Steps say it by the categories
and values that they were fitted with, however deep in pipelines, searches, votes and unions they are.
"""

import numpy as np

from slipway_frames import is_missing

# Attributes under which estimators keep one that is given all of their own columns.
INNER = ("best_estimator_", "estimator_", "regressor_", "classifier_", "estimator", "_preprocessor")
NOTHING = object()


class Column:
    """One column of what a model takes. All of it is a guess until somebody's signature or a probe says more."""

    def __init__(self, name):
        self.name = name
        self.datatype = "FP64"
        # Values that the model was fitted with, if they are known.
        self.known = []
        # What is handed on for a value that is not there; NOTHING where none may be missing.
        self.missing = NOTHING
        # All categories, where the model wants pandas' own kind of them.
        self.categories = None
        self.is_date = False

    def learn(self, values):
        """Takes in values that some step was fitted with."""
        present = [value for value in values if not is_missing(value)]
        gone = [value for value in values if is_missing(value)]
        if gone:
            self.missing = gone[0]
        if self.known or not present:
            return
        self.known = present
        self.datatype = "BYTES" if any(isinstance(value, str) for value in present) else "FP64"


def names_of(estimator):
    """The names that a model's columns had when it was fitted, if they had some."""
    for step in heads(estimator):
        names = getattr(step, "feature_names_in_", None)
        if names is not None:
            return list(map(str, names))
        if categories_of_boosters(step):
            return list(map(str, step.feature_name_))
    return None


def columns_of(estimator, names, count):
    columns = [Column(names[place] if names else str(place)) for place in range(count)]
    look(estimator, list(range(count)), columns, set())
    return columns


def vectorizers_of(estimator):
    """The steps that make numbers of whole texts, where texts are all that a model takes."""
    return [step for step in heads(estimator) if is_vectorizer(step)]


def is_vectorizer(step):
    return callable(getattr(step, "build_analyzer", None)) and getattr(step, "input", "content") == "content"


def texts_for(vectorizer):
    """Two texts that it makes something of."""
    words = list(getattr(vectorizer, "vocabulary_", None) or ["one text", "another"])
    return [" ".join(words[:2]), words[-1]]


def heads(step, seen=None):
    """A model and all in it that is given the very same."""
    seen = set() if seen is None else seen
    if step is None or isinstance(step, str) or id(step) in seen:
        return
    seen.add(id(step))
    yield step
    for inner in within(step):
        yield from heads(inner, seen)


def within(step):
    """What is directly in a step and is given the same as the step itself."""
    for _, inner in pairs(getattr(step, "steps", None)):
        if not is_idle(inner):
            yield inner
            # It may be anything, and mostly leaves columns as they are.
            if type(inner).__name__ != "FunctionTransformer" or hasattr(inner, "feature_names_in_"):
                break
    for _, inner in pairs(getattr(step, "transformer_list", None)):
        yield inner
    for name in INNER:
        if getattr(step, "support_", None) is None:
            yield getattr(step, name, None)
    for inner in entries(getattr(step, "calibrated_classifiers_", None)):
        yield getattr(inner, "estimator", None)
    if getattr(step, "estimators_features_", None) is None:
        yield from entries(getattr(step, "estimators_", None))


def look(step, places, columns, seen):
    """Notes what a step says of the columns that it is given, which are at these places of the model's own."""
    if is_idle(step) or id(step) in seen:
        return
    seen.add(id(step))
    learn_from(step, [columns[place] for place in places])
    for _, inner, given in pairs(getattr(step, "transformers_", None), 3):
        look(inner, chosen(given, places, columns), columns, seen)
    # Encoders mostly come after steps that leave the columns what they are, such as imputers.
    for _, inner in pairs(getattr(step, "steps", None)):
        look(inner, places, columns, seen)
        if hasattr(inner, "transformers_") or hasattr(inner, "categories_") or hasattr(inner, "transformer_list"):
            break
    subsets = entries(getattr(step, "estimators_features_", None))
    for inner, given in zip(entries(getattr(step, "estimators_", None)), subsets):
        look(inner, chosen(given, places, columns), columns, seen)
    support = getattr(step, "support_", None)
    if isinstance(support, np.ndarray) and support.dtype == bool and len(support) == len(places):
        look(getattr(step, "estimator_", None), chosen(support, places, columns), columns, seen)
    if not hasattr(step, "steps"):
        for inner in within(step):
            look(inner, places, columns, seen)


def learn_from(step, columns):
    if is_vectorizer(step) and len(columns) == 1:
        columns[0].learn(texts_for(step))
    if type(step).__name__ == "SimpleImputer":
        values = getattr(step, "statistics_", ())
        for column, value in zip(columns, values if len(values) == len(columns) else ()):
            column.missing = step.missing_values
            if isinstance(value, str):
                column.learn([value])
    categories = entries(getattr(step, "categories_", None))
    if len(categories) == len(columns):
        for column, values in zip(columns, categories):
            column.known = []
            column.learn(list(values))
    for place, values in categories_of_boosters(step).items():
        columns[place].learn(values)
        columns[place].categories = values


def categories_of_boosters(step):
    """LightGBM keeps categories of pandas without saying whose they are: by the trees' own account of its columns."""
    booster = getattr(step, "booster_", None)
    kept = entries(getattr(booster, "pandas_categorical", None))
    if not kept:
        return {}
    infos = booster.dump_model(num_iteration=1)["feature_infos"]
    names = booster.feature_name()
    places = [place for place, name in enumerate(names) if infos.get(name, {}).get("values")]
    return dict(zip(places, kept)) if len(places) == len(kept) else {}


def chosen(given, places, columns):
    """The places of the columns that a step of a ColumnTransformer is given: by name, number, slice or truth value."""
    if isinstance(given, slice):
        names = [columns[place].name for place in places]
        if isinstance(given.start or given.stop, str):
            first = names.index(given.start) if given.start else 0
            last = names.index(given.stop) + 1 if given.stop else len(names)
            given = slice(first, last, given.step)
        return places[given]
    keys = np.asarray([given] if np.isscalar(given) else given)
    if keys.dtype == bool:
        return [place for place, taken in zip(places, keys) if taken]
    if keys.dtype.kind in "iu":
        return [places[key] for key in keys]
    by_name = {columns[place].name: place for place in places}
    return [by_name[str(key)] for key in keys if str(key) in by_name]


def is_idle(step):
    """Whether it is a word, such as passthrough, or nothing."""
    return step is None or isinstance(step, str)


def pairs(value, size=2):
    """A list of steps with their names; nothing where an attribute of that name is anything else."""
    return [entry for entry in entries(value) if isinstance(entry, (tuple, list)) and len(entry) == size]


def entries(value):
    if isinstance(value, np.ndarray):
        return list(value.ravel()) if value.dtype == object else list(value)
    return list(value) if isinstance(value, (list, tuple)) else []
