"""What a model takes and gives, in words of the protocol."""

import numpy as np

from slipway_frames import datatype_of, dtypes


class Unsupported(Exception):
    """What can not be served, in words."""


def spec(name, datatype, shape, columns=None):
    words = {"FP64": "float64", "FP32": "float32", "FP16": "float16", "INT64": "int64", "BYTES": "string", "BOOL": "bool"}
    entry = {"name": name, "datatype": datatype, "type": words.get(datatype, datatype.lower()), "shape": shape}
    if columns:
        entry["columns"] = [str(column) for column in columns]
    return entry


def specs_of(entries):
    """Tensors as somebody wrote them: `{name: (datatype, shape)}` in a script, a list in slipway.json."""
    if isinstance(entries, dict):
        return [spec(name, *rest) for name, rest in entries.items()]
    return [spec(entry["name"], entry["datatype"], entry["shape"], entry.get("columns")) for entry in entries]


def spec_of(name, array):
    """What an output is, by the one that a probe gave."""
    return spec(name, datatype_of(array.dtype), ["batch", *array.shape[1:]] if array.ndim else [])


def fitted(array, entry):
    """An output's values in the datatype that somebody gave it, where that loses no more than the last digits."""
    if entry["datatype"] == "BYTES":
        return array if array.dtype == object else array.astype(str).astype(object)
    wanted = dtypes()[entry["datatype"]]
    if array.dtype == wanted:
        return array
    if array.dtype.kind in "US":
        raise unfit(entry, array.flat[0])
    try:
        with np.errstate(all="ignore"):
            values = array.astype(wanted)
    except (TypeError, ValueError) as error:
        raise unfit(entry, array.flat[0]) from error
    lost = array != values if wanted.kind != "f" else np.isfinite(array.astype(np.float64)) != np.isfinite(values)
    if np.any(lost):
        raise unfit(entry, array[lost].flat[0])
    return values


def unfit(entry, value):
    return Unsupported(f'its output "{entry["name"]}" is said to be {entry["datatype"]}, and it gave {value}')
