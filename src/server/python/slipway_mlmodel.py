"""
What an `MLmodel` of MLflow says. It is YAML as MLflow writes it: entries in entries, and one-line values that may be quoted and folded.
Lists are left out, as nothing here is in one.
"""

import json
import os
import re

from slipway_spec import Unsupported

# https://mlflow.org/docs/latest/ml/model/signatures/
DATATYPES = {
    "double": "FP64",
    "float": "FP32",
    "long": "INT64",
    "integer": "INT32",
    "boolean": "BOOL",
    "string": "BYTES",
    # As ISO 8601 has it.
    "datetime": "BYTES",
}
NUMPYS = {"float64": "FP64", "float32": "FP32", "float16": "FP16", "bool": "BOOL", "str": "BYTES", "object": "BYTES"}


def read_mlmodel(folder):
    with open(os.path.join(folder, "MLmodel"), encoding="utf-8") as file:
        lines = [line.rstrip("\r\n ") for line in file if line.strip()]
    entries, _ = mapping(lines, 0, 0)
    function = entries.get("flavors", {}).get("python_function")
    if not isinstance(function, dict):
        raise Unsupported("MLmodel has no python_function flavor")
    return entries


def mapping(lines, at, depth):
    """The entries from a line on that are as far from the margin, and the line behind them."""
    entries = {}
    while at < len(lines):
        line = lines[at].lstrip(" ")
        own = len(lines[at]) - len(line)
        if own < depth:
            break
        at += 1
        name, colon, value = line.partition(":")
        if own > depth or not colon or line.startswith(("- ", "#")):
            continue
        value = value.strip(" ")
        if value[:1] in ("'", '"'):
            text = value
            while not is_whole(text) and at < len(lines):
                text += "\n" + lines[at].strip(" ")
                at += 1
            entries[name] = unquoted(text)
        elif value:
            entries[name] = None if value in ("null", "~") else value
        elif at < len(lines):
            inner = len(lines[at]) - len(lines[at].lstrip(" "))
            entries[name], at = mapping(lines, at, inner) if inner > own else (None, at)
    return entries, at


def is_whole(text):
    if text[0] == "'":
        return re.fullmatch(r"'(?:[^']|'')*'", text) is not None
    return re.fullmatch(r'"(?:[^"\\]|\\.)*"', text, re.DOTALL) is not None


def unquoted(text):
    inner = text[1:-1]
    if text[0] == "'":
        return inner.replace("''", "'").replace("\n", " ")
    return re.sub(r"\\(\n|x..|u....|U........|.)|\n", lambda match: " " if match.group(1) is None else escaped(match.group(1)), inner)


def escaped(letters):
    """What stands for a backslash and these."""
    if letters[0] in "xuU":
        return chr(int(letters[1:], 16))
    known = {"\n": "", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    return {**known, "_": "\xa0", "N": "\x85", "L": "\u2028", "P": "\u2029"}.get(letters, letters)


def signature_of(entries):
    """
    The signature that a model was saved with, as slipway.json has one, and the `form` of its inputs: tensors, a table of named columns, or
    rows of columns without names. None where it has none.
    """
    texts = entries.get("signature") or {}
    inputs = json.loads(texts.get("inputs") or "[]")
    if not inputs:
        return None
    form = "tensors" if "tensor-spec" in inputs[0] else "table" if "name" in inputs[0] else "rows"
    rows = [{"name": "input", "datatype": "FP64", "shape": ["batch", len(inputs)]}]
    signature = {"form": form, "inputs": rows if form == "rows" else [tensor_of(entry, "input") for entry in inputs]}
    if texts.get("outputs"):
        signature["outputs"] = [tensor_of(entry, None) for entry in json.loads(texts["outputs"])]
    return signature


def tensor_of(entry, unnamed):
    name = entry.get("name") or unnamed
    tensor = entry.get("tensor-spec")
    if tensor is None:
        kind = entry["type"]
        return {"name": name, "datatype": datatype_of(DATATYPES, kind), "shape": ["batch", 1], "date": kind == "datetime"}
    shape = ["batch" if axis == 0 and size < 0 else None if size < 0 else size for axis, size in enumerate(tensor["shape"])]
    return {"name": name, "datatype": datatype_of(NUMPYS, tensor["dtype"]), "shape": shape}


def datatype_of(known, kind):
    whole = re.fullmatch(r"u?int(8|16|32|64)", kind)
    if whole is None and kind not in known:
        raise Unsupported(f"its signature has values of type {kind}, which the protocol has no datatype for")
    return kind.upper() if whole else known[kind]


def example_of(folder, entries):
    """Rows that the model was saved with, in the order of its columns; None where there are none that can be read."""
    name = (entries.get("saved_input_example_info") or {}).get("artifact_path")
    try:
        with open(os.path.join(folder, name or ""), encoding="utf-8") as file:
            saved = json.load(file)
        rows = saved if isinstance(saved, list) else saved.get("data") or saved.get("inputs")
        return rows if isinstance(rows, list) and rows else None
    except (OSError, ValueError, AttributeError):
        return None
