"""
Loads a model of any kind that Python has, and gives it one form: named inputs, named outputs, and `predict` from the ones to the
others, as lists of (name, array).
"""

import functools
import importlib.util
import inspect
import os
import pickle
import sys

import numpy as np

from slipway_forest import forest_of
from slipway_frames import dtypes
from slipway_linear import linear_of
from slipway_pyfunc import check_inside, load_pyfunc
from slipway_spec import Unsupported, spec, spec_of, specs_of

PROBE_ROWS = 8


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
        return load_mlflow(folder, options)
    name = os.path.basename(path).lower()
    if name.endswith(".py"):
        return Script(path, options.get("signature"))
    if name.endswith((".ubj", ".xgb")) or (name.endswith(".json") and not name.endswith(".samples.json")):
        return load_xgboost(path)
    if name.endswith((".lgb", ".txt")):
        return load_lightgbm(path)
    return wrap(unpickle(path), options)


def unpickle(path):
    """Loads a pickle, whoever wrote it: pickle and cloudpickle write one form, joblib another or a compressed one."""
    with open(path, "rb") as file:
        first = file.read(2)
    joblibs = path.lower().endswith((".joblib", ".joblib.gz", ".joblib.z", ".joblib.xz")) or first[:1] != b"\x80"
    if joblibs:
        try:
            import joblib
        except ModuleNotFoundError:
            pass
        else:
            return joblib.load(path)
    with open(path, "rb") as file:
        return pickle.load(file)


def load_mlflow(path, options):
    """The python_function of an MLflow model folder; what MLflow itself is not needed for is loaded without it."""
    flavor = python_function(os.path.join(path, "MLmodel"))
    check_inside(path, flavor)
    loader = flavor.get("loader_module", "")
    data = os.path.join(path, flavor.get("model_path") or flavor.get("data") or "")
    if loader == "mlflow.sklearn":
        return wrap(unpickle(data), options)
    if loader == "mlflow.xgboost":
        return load_xgboost(data)
    if loader == "mlflow.lightgbm":
        return load_lightgbm(data)
    return load_pyfunc(path)


def python_function(path):
    """The entries of `flavors.python_function` in an `MLmodel`; its YAML is flat there, so that no parser is needed."""
    entries = {}
    inside = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.rstrip()
            depth = len(words) - len(words.lstrip())
            if words.strip() == "python_function:":
                inside, level = True, depth
            elif inside and words and depth <= level:
                break
            elif inside and ":" in words:
                name, _, value = words.strip().partition(":")
                entries[name] = value.strip().strip("'\"")
    if not entries:
        raise Unsupported("MLmodel has no python_function flavor")
    return entries


def load_xgboost(path):
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return Booster(booster.num_features(), booster.feature_names, lambda rows: booster.inplace_predict(rows), "xgboost")


def load_lightgbm(path):
    import lightgbm

    booster = lightgbm.Booster(model_file=path)
    return Booster(booster.num_feature(), booster.feature_name(), booster.predict, "lightgbm")


def wrap(thing, options):
    kind = type(thing).__module__.split(".")[0]
    if kind == "xgboost" and type(thing).__name__ == "Booster":
        return Booster(thing.num_features(), thing.feature_names, lambda rows: thing.inplace_predict(rows), kind)
    if kind == "lightgbm" and type(thing).__name__ == "Booster":
        return Booster(thing.num_feature(), thing.feature_name(), thing.predict, kind)
    if not callable(getattr(thing, "predict", None)) and not callable(getattr(thing, "transform", None)):
        raise Unsupported(f"a {type(thing).__name__} has neither predict nor transform")
    return Estimator(thing, options)


class Booster:
    """A native model of XGBoost or LightGBM: one matrix in, one array out."""

    batchable = True

    def __init__(self, features, names, run, platform):
        self.run = run
        self.platform = platform
        self.inputs = [spec("input", "FP32", ["batch", features], names)]
        self.outputs = [spec_of("prediction", self.predict({"input": np.zeros((2, features), np.float32)})[0][1])]

    def predict(self, inputs):
        return [("prediction", np.asarray(self.run(inputs["input"])))]


class Script:
    """A `predict.py` with `load()` and `predict(model, inputs)`, where nothing else fits."""

    platform = "python_script"
    batchable = False

    def __init__(self, path, given):
        # So that it may open files by the names they have beside it.
        os.chdir(os.path.dirname(os.path.abspath(path)))
        module_spec = importlib.util.spec_from_file_location("slipway_predict", path)
        module = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(module)
        if not callable(getattr(module, "predict", None)):
            raise Unsupported(f"{os.path.basename(path)} has no function predict")
        state = module.load() if callable(getattr(module, "load", None)) else None
        takes_state = len(inspect.signature(module.predict).parameters) > 1
        self.run = functools.partial(module.predict, state) if takes_state else module.predict
        described = given or getattr(module, "signature", None)
        if not described or not described.get("outputs"):
            raise Unsupported(
                f"{os.path.basename(path)} has no signature: write signature = {{'inputs': {{NAME: (DATATYPE, SHAPE)}}, 'outputs': …}}, "
                "or name inputs and outputs in slipway.json"
            )
        self.inputs = specs_of(described["inputs"])
        self.outputs = specs_of(described["outputs"])
        self.batchable = all(entry["shape"] and not isinstance(entry["shape"][0], int) for entry in self.inputs + self.outputs)

    def predict(self, inputs):
        answer = self.run(inputs)
        if not isinstance(answer, dict):
            answer = {self.outputs[0]["name"]: answer}
        return [(entry["name"], np.asarray(answer[entry["name"]])) for entry in self.outputs]


class Signed:
    """A model by the names and datatypes that somebody gave its inputs and outputs, in the model's own order."""

    def __init__(self, model, given):
        self.model = model
        self.platform = model.platform
        self.batchable = model.batchable
        self.inputs = specs_of(given["inputs"])
        self.outputs = specs_of(given["outputs"]) if given.get("outputs") else model.outputs
        own = model.inputs
        # One table may be given by its columns.
        self.by_column = len(own) == 1 and len(self.inputs) > 1
        wanted = own[0]["shape"][-1] if self.by_column else len(own)
        if len(self.inputs) != wanted:
            raise Unsupported(f"its signature names {len(self.inputs)} inputs, and the model takes {wanted}")
        if len(self.outputs) > len(model.outputs):
            raise Unsupported(f"its signature names {len(self.outputs)} outputs, and the model gives {len(model.outputs)}")

    def predict(self, inputs):
        arrays = [inputs[entry["name"]] for entry in self.inputs]
        if self.by_column:
            arrays = [np.column_stack([array.reshape(len(array)) for array in arrays])]
        own = {entry["name"]: cast(array, entry["datatype"]) for entry, array in zip(self.model.inputs, arrays)}
        outputs = self.model.predict(own)
        return [(entry["name"], cast(array, entry["datatype"])) for entry, (_, array) in zip(self.outputs, outputs)]


def cast(array, datatype):
    if datatype == "BYTES":
        return array if array.dtype == object else array.astype(str).astype(object)
    return array.astype(dtypes()[datatype], copy=False)


class Estimator:
    """Anything with scikit-learn's `predict` or `transform`."""

    def __init__(self, estimator, options):
        self.estimator = estimator
        self.platform = f"{type(estimator).__module__.split('.')[0].lstrip('_') or 'python'}_pickle"
        self.columns = list(map(str, getattr(estimator, "feature_names_in_", []))) or None
        self.frame = frame_maker(self.columns)
        self.methods = methods_of(estimator)
        self.direct = None
        self.matrix = True
        features = feature_count(estimator, options.get("signature"))
        kinds = column_kinds(estimator, self.columns)
        if kinds and "BYTES" in kinds.values():
            self.matrix = False
            self.inputs = [spec(name, kinds.get(name, "FP64"), ["batch", 1]) for name in self.columns]
        else:
            self.inputs = [spec("input", "FP64", ["batch", features], self.columns)]
        probe = self.probe(features)
        outputs = self.predict(probe)
        self.outputs = [spec_of(name, array) for name, array in outputs]
        if self.matrix and options.get("fastForest", True):
            self.try_direct(probe["input"])
        self.batchable = self.same_in_company(probe)

    def same_in_company(self, probe):
        """Whether each row gets the same answer alone as next to others, but for rounding."""
        together = self.predict(probe)
        count = len(next(iter(probe.values())))
        for row in range(count):
            alone = self.predict({name: values[row : row + 1] for name, values in probe.items()})
            for (_, one), (_, many) in zip(alone, together):
                if len(many) != count or not same(one[0], many[row]):
                    return False
        return True

    def probe(self, features):
        """Rows to try it with: numbers of several sizes, or a word that every encoder knows."""
        if self.matrix:
            steps = np.arange(PROBE_ROWS * features, dtype=np.float64).reshape(PROBE_ROWS, features)
            return {"input": np.sin(steps) * 10.0 ** (steps % 4 - 1)}
        known = known_words(self.estimator)
        rows = {}
        for entry in self.inputs:
            word = known.get(entry["name"], "")
            values = [[word]] if entry["datatype"] == "BYTES" else [[0.5]]
            rows[entry["name"]] = np.array(values * 2, dtype=object if entry["datatype"] == "BYTES" else np.float64)
        return rows

    def predict(self, inputs):
        rows = inputs["input"] if self.matrix else self.table(inputs)
        if self.direct:
            outputs = self.direct(rows)
            if outputs is not None:
                return outputs
        if self.matrix:
            rows = self.frame(rows)
        return [(name, np.asarray(getattr(self.estimator, method)(rows))) for name, method in self.methods]

    def table(self, inputs):
        import pandas

        return pandas.DataFrame({name: inputs[name].reshape(-1) for name in self.columns})

    def try_direct(self, rows):
        """Goes a shorter way from now on, if there is one and it gives exactly the same for the probe."""
        steps = getattr(self.estimator, "steps", None)
        last = steps[-1][1] if steps else self.estimator
        before = [step for _, step in steps[:-1]] if steps else []
        usual = self.predict({"input": rows})
        for way in [*forest_outputs(last), *linear_of(last)]:

            def run(given, way=way):
                given = self.frame(given) if before else given
                for step in before:
                    given = step.transform(given)
                return way(given)

            if equal(run(rows), usual):
                self.direct = run
                return


def forest_outputs(estimator):
    """The way over the trees of a forest to its outputs, if it is one."""
    walk = forest_of(estimator)
    if walk is None:
        return []
    classes = getattr(estimator, "classes_", None)

    def run(rows):
        answer = walk(rows)
        if answer is None:
            return None
        if classes is None:
            return [("prediction", answer)]
        return [("label", classes.take(answer.argmax(axis=1), axis=0)), ("probabilities", answer)]

    return [run]


def equal(outputs, others):
    """Whether two ways give the same, to the last bit."""
    if outputs is None or len(outputs) != len(others):
        return False
    return all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in zip(outputs, others))


def same(one, other):
    if np.asarray(one).dtype.kind == "f":
        return np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)
    return np.array_equal(one, other)


def methods_of(estimator):
    """Names of outputs, and the methods that give them."""
    methods = []
    can_predict = callable(getattr(estimator, "predict", None))
    classifies = hasattr(estimator, "classes_")
    if can_predict:
        labels = classifies or hasattr(estimator, "labels_") or getattr(estimator, "_estimator_type", "") in ("clusterer", "outlier_detector")
        methods.append(("label" if labels else "prediction", "predict"))
    if classifies and callable(getattr(estimator, "predict_proba", None)):
        methods.append(("probabilities", "predict_proba"))
    elif can_predict and callable(getattr(estimator, "decision_function", None)):
        methods.append(("decision", "decision_function"))
    if not can_predict:
        methods.append(("transformed", "transform"))
    return methods


def feature_count(estimator, given):
    steps = getattr(estimator, "steps", None)
    for candidate in [estimator] + ([step for _, step in steps] if steps else []):
        features = getattr(candidate, "n_features_in_", None)
        if features is None:
            features = getattr(candidate, "n_features_", None)
        if features is not None:
            return int(features)
    inputs = given["inputs"] if given else []
    if len(inputs) > 1:
        return len(inputs)
    if inputs and len(inputs[0]["shape"]) == 2 and isinstance(inputs[0]["shape"][1], int):
        return inputs[0]["shape"][1]
    raise Unsupported(
        f"a {type(estimator).__name__} does not say how many features it takes; if it is fitted, name its inputs in slipway.json"
    )


def frame_maker(columns):
    """What a model that was fitted on a table with names is given: a table with these names, where pandas is there."""
    if not columns:
        return lambda rows: rows
    try:
        import pandas
    except ModuleNotFoundError:
        return lambda rows: rows
    return lambda rows: pandas.DataFrame(rows, columns=columns, copy=False)


def encoders_of(estimator, columns):
    """The encoders of categories in a model, each with the columns it is given."""
    for step in [estimator] + [step for _, step in getattr(estimator, "steps", [])]:
        for _, transformer, given in getattr(step, "transformers_", []):
            inner = [transformer] + [each for _, each in getattr(transformer, "steps", [])]
            for each in inner:
                if hasattr(each, "categories_"):
                    yield [columns[name] if isinstance(name, int) else str(name) for name in given], each.categories_
        if hasattr(step, "categories_") and columns and len(step.categories_) == len(columns):
            yield columns, step.categories_


def column_kinds(estimator, columns):
    """Datatypes of the columns that are words, by the categories that encoders were fitted with."""
    if not columns:
        return {}
    kinds = {}
    for names, categories in encoders_of(estimator, columns):
        for name, known in zip(names, categories):
            kinds[name] = "BYTES" if np.asarray(known).dtype.kind in "OUS" else "FP64"
    return kinds


def known_words(estimator):
    columns = list(map(str, getattr(estimator, "feature_names_in_", [])))
    words = {}
    for names, categories in encoders_of(estimator, columns):
        words.update({name: str(known[0]) for name, known in zip(names, categories)})
    return words
