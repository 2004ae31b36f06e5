"""
The forms in which an estimator of scikit-learn's kind is given its rows. Each has the inputs that it is made of, a way from these to
what the estimator takes, and rows to try it with.
"""

import numpy as np

from slipway_columns import NOTHING, columns_of, heads, names_of, texts_for, vectorizers_of
from slipway_frames import dtypes
from slipway_spec import Unsupported, spec

PROBE_ROWS = 8


def layout_of(estimator, given):
    """The form for an estimator. What somebody says in a signature comes before what its steps say."""
    entries = given["inputs"] if given else []
    count = feature_count(estimator, entries)
    vectorizers = vectorizers_of(estimator)
    if vectorizers or (count is None and len(entries) == 1 and entries[0]["datatype"] == "BYTES" and len(entries[0]["shape"]) == 1):
        return Documents(vectorizers)
    if count is None:
        raise Unsupported(
            f"a {type(estimator).__name__} does not say how many features it takes; "
            f'if it is fitted, name its inputs in a "signature" in slipway.json'
        )
    names = names_of(estimator)
    columns = columns_of(estimator, names if names and len(names) == count else None, count)
    one = len(entries) == 1 < count
    for column, entry in zip(columns, entries * count if one else entries):
        # Numbers of one table are all of one kind.
        column.datatype = entry["datatype"] if not one or entry["datatype"] == "BYTES" else "FP64"
        column.is_date = entry.get("date", False)
        if column.known and isinstance(column.known[0], str) != (column.datatype == "BYTES"):
            column.known = []
    kinds = {column.datatype for column in columns}
    if "BYTES" not in kinds and not any(column.categories for column in columns):
        return Matrix(columns, names)
    if one or (kinds == {"BYTES"} and not names):
        return Words(columns, names)
    return Table(columns, names)


def feature_count(estimator, entries):
    """How many columns a model takes, by what it says itself, else by the signature that somebody gave it; None where neither says it."""
    for step in [*heads(estimator), *(step for _, step in getattr(estimator, "steps", []))]:
        for name in ("n_features_in_", "n_features_"):
            features = getattr(step, name, None)
            if features is not None:
                return int(features)
    if len(entries) > 1:
        return len(entries)
    if entries and len(entries[0]["shape"]) == 2 and isinstance(entries[0]["shape"][1], int):
        return entries[0]["shape"][1]
    return None


def frame_maker(names):
    """What a model that was fitted on a table with names is given: a table with these names, where pandas is there."""
    if not names:
        return lambda rows: rows
    try:
        import pandas
    except ModuleNotFoundError:
        return lambda rows: rows
    return lambda rows: pandas.DataFrame(rows, columns=names, copy=False)


class Matrix:
    """Numbers, all of one kind."""

    def __init__(self, columns, names):
        self.columns = columns
        self.names = names
        self.frame = frame_maker(names)
        self.inputs = [spec("input", "FP64", ["batch", len(columns)], names)]

    def rows(self, inputs):
        return self.frame(inputs["input"])

    def probes(self):
        """Numbers of several sizes; positive ones; ones. Where it is known what a column was fitted with, it has that."""
        steps = np.arange(PROBE_ROWS * len(self.columns), dtype=np.float64).reshape(PROBE_ROWS, -1)
        spread = np.sin(steps) * 10.0 ** (steps % 4 - 1)
        for values in (spread, np.abs(spread) + 0.1, np.ones_like(spread)):
            for place, column in enumerate(self.columns):
                if column.known:
                    values[:, place] = np.resize(np.array(column.known, np.float64), PROBE_ROWS)
            yield {"input": values}

    def example(self, rows):
        return {"input": np.array(rows, np.float64)}


class Words:
    """Words, all in one table."""

    def __init__(self, columns, names):
        self.columns = columns
        self.frame = frame_maker(names)
        self.readers = [reader_of(column) for column in columns]
        self.inputs = [spec("input", "BYTES", ["batch", len(columns)], names)]

    def rows(self, inputs):
        rows = inputs["input"]
        return self.frame(np.stack([read(rows[:, place]) for place, read in enumerate(self.readers)], axis=1))

    def probes(self):
        yield {"input": np.array([two_of(column) for column in self.columns], object).T}

    def example(self, rows):
        return {"input": np.array(rows, object)}


class Table:
    """Columns of several kinds, each an input of its own: a table of pandas, or an array of objects where the model knows no names."""

    def __init__(self, columns, names):
        self.columns = columns
        self.readers = [(column.name, reader_of(column)) for column in columns]
        self.build = self.framed if names or any(column.categories for column in columns) else self.stacked
        self.inputs = [spec(column.name, column.datatype, ["batch", 1]) for column in columns]

    def rows(self, inputs):
        return self.build({name: read(inputs[name].reshape(-1)) for name, read in self.readers})

    def framed(self, values):
        import pandas

        return pandas.DataFrame(values)

    def stacked(self, values):
        rows = np.empty((len(values[self.columns[0].name]), len(self.columns)), object)
        for place, column in enumerate(self.columns):
            rows[:, place] = values[column.name]
        return rows

    def probes(self):
        for numbers in ([0.5, 3.0], [1.0, 1.0]):
            yield {column.name: cells(two_of(column, numbers), column) for column in self.columns}

    def example(self, rows):
        return {column.name: cells([row[place] for row in rows], column) for place, column in enumerate(self.columns)}


class Documents:
    """Whole texts, one a row."""

    def __init__(self, vectorizers):
        self.vectorizers = vectorizers
        self.inputs = [spec("input", "BYTES", ["batch"])]

    def rows(self, inputs):
        return inputs["input"].tolist()

    def probes(self):
        texts = texts_for(self.vectorizers[0] if self.vectorizers else None)
        yield {"input": np.array(texts, object)}

    def example(self, rows):
        return {"input": np.array([row[0] if isinstance(row, list) else row for row in rows], object)}


def two_of(column, numbers=None):
    """Two values that differ, of those that a column was fitted with where they are known."""
    if column.known:
        return [column.known[0], column.known[-1]]
    if column.is_date:
        return ["2020-01-01", "2021-06-15"]
    return numbers if column.datatype != "BYTES" else ["a", "b"]


def cells(values, column):
    return np.array(values, object if column.datatype == "BYTES" else dtypes()[column.datatype]).reshape(-1, 1)


def reader_of(column):
    """What makes of a column's values on the pipe those that the model takes."""
    if column.is_date:
        return dates
    if column.categories:
        return lambda values: categorical(values, column.categories)
    if column.missing is NOTHING or column.datatype != "BYTES":
        return lambda values: values
    if "" in column.known:
        return lambda values: np.where(values == None, column.missing, values)  # noqa: E711 - of each value
    # Tables have an empty cell where a word is missing.
    return lambda values: np.where((values == "") | (values == None), column.missing, values)  # noqa: E711


def dates(values):
    import pandas

    return pandas.to_datetime(values)


def categorical(values, categories):
    import pandas

    return pandas.Categorical(values, categories=categories)
