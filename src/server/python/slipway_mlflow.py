"""
A folder of MLflow: its python_function. Models of scikit-learn, XGBoost and LightGBM in forms that these read themselves are loaded
without MLflow, by the signature that they were saved with.
"""

import importlib
import os
import sys

from slipway_boosters import load_lightgbm, load_xgboost
from slipway_mlmodel import example_of, read_mlmodel, signature_of
from slipway_pickles import unpickle
from slipway_pyfunc import Pyfunc, check_as_mlflow_reads, check_inside
from slipway_signed import Signed

NATIVE = ("mlflow.sklearn", "mlflow.xgboost", "mlflow.lightgbm")


def load_mlflow(folder, options, wrap):
    """
    @param wrap makes a model of what a pickle holds
    """
    entries = read_mlmodel(folder)
    function = entries["flavors"]["python_function"]
    check_inside(folder, function)
    loader = function.get("loader_module")
    code = function.get("code")
    if code:
        sys.path.append(os.path.join(folder, code))
    if loader not in NATIVE:
        return load_pyfunc(folder, entries, options)
    given = options.get("signature")
    saved = None if given else signature_of(entries)
    # Its answer is that of this method; what a person has not described has its other outputs too.
    method = function.get("predict_fn") or "predict"
    only = method if method != "predict" or (saved and saved.get("outputs")) else None
    options = {**options, "signature": given or saved, "method": only, "example": example_of(folder, entries)}
    if saved and not saved.get("outputs"):
        options["signature"] = {"inputs": saved["inputs"]}
    model = load_native(folder, entries, loader, options, wrap)
    return signed(model, saved) if saved else model


def load_native(folder, entries, loader, options, wrap):
    function = entries["flavors"]["python_function"]
    data = os.path.join(folder, function.get("model_path") or function.get("data") or "")
    if data.endswith(".skops"):
        check_as_mlflow_reads(folder)
        return wrap(importlib.import_module(loader).load_model(folder), options)
    if data.endswith((".pkl", ".pickle", ".joblib")) or loader == "mlflow.sklearn":
        return wrap(unpickle(data), options)
    if loader == "mlflow.lightgbm":
        return load_lightgbm(data)
    kind = (entries["flavors"].get("xgboost") or {}).get("model_class") or ""
    if not kind.startswith("xgboost.sklearn."):
        return load_xgboost(data)
    import xgboost

    estimator = getattr(xgboost, kind.rpartition(".")[2])()
    estimator.load_model(data)
    return wrap(estimator, options)


def signed(model, saved):
    """A model by its saved signature. That names outputs only sometimes; then they are those of the model."""
    outputs = saved.get("outputs")
    if outputs and len(outputs) == len(model.outputs):
        named = [{**own, "name": entry["name"] or own["name"], "datatype": entry["datatype"]} for own, entry in zip(model.outputs, outputs)]
    else:
        named = None
    return Signed(model, {"inputs": saved["inputs"], "outputs": named})


def load_pyfunc(folder, entries, options):
    from mlflow import pyfunc

    check_as_mlflow_reads(folder)
    return Pyfunc(pyfunc.load_model(folder), entries, options.get("signature"), example_of(folder, entries))
