"""
Loads a model of any kind that Python has, and gives it one form: named inputs, named outputs, and `predict` from the ones to the
others, as lists of (name, array).
"""

import os
import sys

from slipway_boosters import load_lightgbm, load_xgboost, of_lightgbm, of_xgboost
from slipway_estimator import Estimator
from slipway_mlflow import load_mlflow
from slipway_pickles import unpickle
from slipway_script import Script
from slipway_signed import Signed
from slipway_spec import Unsupported


def load(path, options):
    """The model in a file or folder, with the signature that somebody gave it, if somebody did."""
    model = load_own(path, options)
    given = options.get("signature")
    return Signed(model, given) if given and not isinstance(model, Script) else model


def load_own(path, options):
    """The same with its own signature. Its own folder comes last on the path, so that modules that lie beside it are found."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    if folder not in sys.path:
        sys.path.append(folder)
    if os.path.isdir(path) or os.path.basename(path) == "MLmodel":
        return load_mlflow(folder, options, wrap)
    name = os.path.basename(path).lower()
    if name.endswith(".py"):
        return Script(path, options.get("signature"))
    if name.endswith((".ubj", ".xgb")) or (name.endswith(".json") and not name.endswith(".samples.json")):
        return load_xgboost(path)
    if name.endswith((".lgb", ".txt")):
        return load_lightgbm(path)
    return wrap(unpickle(path), options)


def wrap(thing, options):
    """A model of what a pickle holds."""
    kind = type(thing).__module__.split(".")[0]
    if type(thing).__name__ == "Booster" and kind in ("xgboost", "lightgbm"):
        return of_xgboost(thing) if kind == "xgboost" else of_lightgbm(thing)
    if not callable(getattr(thing, "predict", None)) and not callable(getattr(thing, "transform", None)):
        raise Unsupported(f"a {type(thing).__name__} has neither predict nor transform")
    return Estimator(thing, options)
