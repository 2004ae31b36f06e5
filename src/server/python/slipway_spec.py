"""What a model takes and gives, in words of the protocol."""

from slipway_frames import datatype_of


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
