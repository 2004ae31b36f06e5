"""A model of MLflow of any flavor, by the signature that it was saved with."""

import os

import numpy as np

from slipway_frames import datatype_of, dtypes
from slipway_spec import Unsupported, spec, spec_of

# https://mlflow.org/docs/latest/ml/model/signatures/
DATATYPES = {"double": "FP64", "float": "FP32", "long": "INT64", "integer": "INT32", "boolean": "BOOL", "string": "BYTES"}


def load_pyfunc(folder):
    from mlflow import pyfunc
    from mlflow.models import Model

    check_inside(folder, Model.load(folder).flavors["python_function"])
    return Pyfunc(pyfunc.load_model(folder))


def check_inside(folder, flavor):
    """Nothing outside of the model's folder was looked at before, so nothing there is loaded."""
    inside = os.path.realpath(folder)
    for key in ("model_path", "data", "python_model", "code", "model_code_path"):
        path = os.path.realpath(os.path.join(inside, str(flavor.get(key) or "")))
        if path != inside and not path.startswith(os.path.join(inside, "")):
            raise Unsupported(f"its MLmodel names {flavor[key]}, which is outside of its folder")


class Pyfunc:
    """A `python_function`: a table of named columns, or tensors, in; a table, an array or several of them out."""

    platform = "mlflow_pyfunc"
    # MLflow does not say whether rows know of each other.
    batchable = None

    def __init__(self, model):
        self.model = model
        schema = model.metadata.get_input_schema()
        if schema is None:
            raise Unsupported("it was saved without a signature: give save_model or log_model one, as infer_signature makes it")
        self.columns = None if schema.is_tensor_spec() else schema.input_names()
        try:
            self.inputs = [self.tensor(entry) for entry in schema.inputs] if self.columns is None else self.table(schema)
        except KeyError as error:
            raise Unsupported(f"its signature has values of type {error.args[0]}, which the protocol has no datatype for") from error
        self.outputs = [spec_of(name, array) for name, array in self.predict(self.zeros())]

    def table(self, schema):
        if not schema.has_input_names():
            return [spec("input", "FP64", ["batch", len(schema.inputs)])]
        return [spec(entry.name, DATATYPES[entry.type.name], ["batch", 1]) for entry in schema.inputs]

    def tensor(self, entry):
        shape = ["batch" if axis == 0 and size < 0 else None if size < 0 else size for axis, size in enumerate(entry.shape)]
        return spec(entry.name or "input", datatype_of(entry.type), shape)

    def zeros(self):
        values = {}
        for entry in self.inputs:
            shape = [size if isinstance(size, int) else 2 for size in entry["shape"]]
            kind = object if entry["datatype"] == "BYTES" else np.float64
            values[entry["name"]] = np.full(shape, "" if kind is object else 0, kind)
        return values

    def predict(self, inputs):
        return list(self.arrays(self.model.predict(self.given(inputs))))

    def given(self, inputs):
        if self.columns is None:
            named = {entry["name"]: inputs[entry["name"]].astype(dtype_of(entry), copy=False) for entry in self.inputs}
            return named if len(named) > 1 or self.inputs[0]["name"] != "input" else named["input"]
        import pandas

        if len(self.inputs) == 1 and self.inputs[0]["name"] == "input" and self.columns != ["input"]:
            return pandas.DataFrame(inputs["input"])
        return pandas.DataFrame(
            {entry["name"]: inputs[entry["name"]].reshape(-1).astype(dtype_of(entry)) for entry in self.inputs}
        )

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
