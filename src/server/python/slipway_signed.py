"""A model by the names and datatypes that somebody gave its inputs and outputs."""

import numpy as np

from slipway_frames import dtypes
from slipway_spec import Unsupported, fitted, specs_of


class Signed:
    """Inputs are matched by their names where these are the model's own, else by their order; outputs by their order."""

    def __init__(self, model, given):
        self.model = model
        self.platform = model.platform
        self.batchable = model.batchable
        self.inputs = specs_of(given["inputs"])
        self.outputs = specs_of(given["outputs"]) if given.get("outputs") else model.outputs
        own = model.inputs
        # One table may be given by its columns.
        self.by_column = len(own) == 1 and len(self.inputs) > 1 and len(own[0]["shape"]) == 2
        wanted = own[0]["shape"][-1] if self.by_column else len(own)
        if len(self.inputs) != wanted:
            raise Unsupported(f"its signature names {len(self.inputs)} inputs, and the model takes {wanted}")
        if len(self.outputs) > len(model.outputs):
            raise Unsupported(f"its signature names {len(self.outputs)} outputs, and the model gives {len(model.outputs)}")
        names = [entry["name"] for entry in self.inputs]
        own_names = own[0].get("columns", []) if self.by_column else [entry["name"] for entry in own]
        self.order = own_names if sorted(own_names) == sorted(names) else names

    def predict(self, inputs):
        arrays = [inputs[name] for name in self.order]
        if self.by_column:
            arrays = [np.column_stack([array.reshape(len(array)) for array in arrays])]
        own = {entry["name"]: given(array, entry) for entry, array in zip(self.model.inputs, arrays)}
        outputs = self.model.predict(own)
        if len(outputs) < len(self.outputs):
            raise Unsupported(f"it gave {len(outputs)} outputs, and its signature names {len(self.outputs)}")
        return [(entry["name"], fitted(array, entry)) for entry, (_, array) in zip(self.outputs, outputs)]


def given(array, entry):
    """An input's values as the model takes them."""
    if array.ndim != len(entry["shape"]) and all(isinstance(size, int) for size in entry["shape"][1:]):
        array = array.reshape(-1, *entry["shape"][1:])
    if entry["datatype"] == "BYTES":
        return array if array.dtype == object else array.astype(str).astype(object)
    return array.astype(dtypes()[entry["datatype"]], copy=False)
