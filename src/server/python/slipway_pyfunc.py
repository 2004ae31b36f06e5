"""A model of MLflow of any flavor, by the signature that it was saved with, or that somebody gave it."""

import os

import numpy as np

from slipway_frames import dtypes
from slipway_mlmodel import signature_of
from slipway_spec import Unsupported, spec_of, specs_of


def check_inside(folder, flavor):
    """Nothing outside of the model's folder was looked at before, so nothing there is loaded."""
    inside = os.path.realpath(folder)
    for key in ("model_path", "data", "python_model", "code", "model_code_path"):
        path = os.path.realpath(os.path.join(inside, str(flavor.get(key) or "")))
        if path != inside and not path.startswith(os.path.join(inside, "")):
            raise Unsupported(f"its MLmodel names {flavor[key]}, which is outside of its folder")


def check_as_mlflow_reads(folder):
    """The same for what MLflow loads itself, which may read more in its MLmodel than is read here."""
    from mlflow.models import Model

    check_inside(folder, Model.load(folder).flavors["python_function"])


class Pyfunc:
    """A `python_function`: a table of named columns, or tensors, in; a table, an array or several of them out."""

    platform = "mlflow_pyfunc"
    # MLflow does not say whether rows know of each other.
    batchable = None

    def __init__(self, model, entries, given, example):
        self.model = model
        signature = signature_of(entries) or given
        if signature is None:
            raise Unsupported(
                "it was saved without a signature: give save_model or log_model one, as infer_signature makes it, "
                'or describe its inputs by a "signature" in slipway.json'
            )
        tensors = signature["inputs"]
        self.inputs = specs_of(tensors)
        self.dates = {entry["name"] for entry in tensors if entry.get("date")}
        alone = len(tensors) == 1 and tensors[0]["name"] == "input"
        self.form = signature.get("form", "tensors" if alone else "table")
        self.outputs = self.first_answer(given, example)

    def first_answer(self, given, example):
        """Its outputs by its first answer, to zeros or else to what it was saved with."""
        failures = []
        for probe in [self.zeros] + ([lambda: self.example(example)] if example else []):
            try:
                return [spec_of(name, array) for name, array in self.predict(probe())]
            except Exception as error:
                failures.append(error)
        if given and given.get("outputs"):
            return specs_of(given["outputs"])
        raise failures[0]

    def zeros(self):
        values = {}
        for entry in self.inputs:
            shape = [size if isinstance(size, int) else 2 for size in entry["shape"]]
            words = "2020-01-01" if entry["name"] in self.dates else ""
            values[entry["name"]] = np.full(shape, words, object) if entry["datatype"] == "BYTES" else np.zeros(shape)
        return values

    def example(self, rows):
        if self.form == "table":
            columns = zip(*rows)
            return {entry["name"]: np.array(column, dtype_of(entry)).reshape(-1, 1) for entry, column in zip(self.inputs, columns)}
        return {self.inputs[0]["name"]: np.array(rows)}

    def predict(self, inputs):
        return list(self.arrays(self.model.predict(self.given(inputs))))

    def given(self, inputs):
        if self.form == "tensors":
            named = {entry["name"]: inputs[entry["name"]].astype(dtype_of(entry), copy=False) for entry in self.inputs}
            return named if len(named) > 1 or self.inputs[0]["name"] != "input" else named["input"]
        import pandas

        if self.form == "rows":
            return pandas.DataFrame(inputs["input"])
        return pandas.DataFrame({entry["name"]: self.column(inputs[entry["name"]], entry) for entry in self.inputs})

    def column(self, values, entry):
        values = values.reshape(-1).astype(dtype_of(entry))
        if entry["name"] not in self.dates:
            return values
        import pandas

        return pandas.to_datetime(values)

    def arrays(self, answer):
        """The answer by its parts: columns of a table, entries of a dictionary, or all of it as `prediction`."""
        if hasattr(answer, "columns"):
            answer = {str(name): answer[name] for name in answer.columns}
        if not isinstance(answer, dict):
            answer = {"prediction": answer}
        for name, values in answer.items():
            yield name, np.asarray(values)


def dtype_of(entry):
    return object if entry["datatype"] == "BYTES" else dtypes()[entry["datatype"]]
