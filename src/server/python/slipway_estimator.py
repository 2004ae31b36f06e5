"""Anything with scikit-learn's `predict` or `transform`."""

import numpy as np

from slipway_direct import direct_of
from slipway_frames import datatype_of
from slipway_layout import Matrix, layout_of
from slipway_spec import Unsupported, spec, spec_of, specs_of

# The names under which an output can be asked for, and the methods that give them.
METHODS = {
    "label": "predict",
    "prediction": "predict",
    "predict": "predict",
    "probabilities": "predict_proba",
    "predict_proba": "predict_proba",
    "decision": "decision_function",
    "decision_function": "decision_function",
    "transformed": "transform",
    "transform": "transform",
}


class Estimator:
    def __init__(self, estimator, options):
        given = options.get("signature")
        self.estimator = estimator
        self.platform = f"{type(estimator).__module__.split('.')[0].lstrip('_') or 'python'}_pickle"
        self.layout = layout_of(estimator, given)
        self.inputs = self.layout.inputs
        self.methods = methods_of(estimator, options.get("method"), given)
        self.direct = None
        probe, answer = self.first_answer(options.get("example"), given)
        if probe is None:
            self.outputs = answer
            # Nobody has tried.
            self.batchable = None
            return
        self.outputs = [spec_of(name, array) for name, array in answer]
        if isinstance(self.layout, Matrix) and options.get("fastForest", True):
            self.direct = direct_of(estimator, self.layout.frame, probe["input"], answer)
        self.batchable = self.same_in_company(probe)

    def first_answer(self, example, given):
        """The first rows that it takes, with its answer; without rows what its outputs are, where that can be told otherwise."""
        probes = [*self.layout.probes()]
        if example is not None:
            probes.append(self.layout.example(example))
        failures = []
        for probe in probes:
            try:
                return probe, self.predict(probe)
            except Exception as error:
                failures.append(error)
        if given and given.get("outputs"):
            return None, specs_of(given["outputs"])
        # Other errors are the model's own and not those of rows that it can not take.
        told = told_outputs(self.estimator, self.methods) if isinstance(failures[0], (ValueError, TypeError)) else None
        if told is None:
            raise Unsupported(
                f"the rows that it was tried with failed with {type(failures[0]).__name__}: {failures[0]}. "
                'If it takes others, describe its inputs and outputs by a "signature" in slipway.json'
            ) from failures[0]
        return None, told

    def same_in_company(self, probe):
        """Whether each row gets the same answer alone as next to others, but for rounding."""
        together = self.predict(probe)
        count = len(next(iter(probe.values())))
        for row in range(count):
            alone = self.predict({name: values[row : row + 1] for name, values in probe.items()})
            for (_, one), (_, many) in zip(alone, together):
                if many.shape[:1] != (count,) or not same(one[0], many[row]):
                    return False
        return True

    def predict(self, inputs):
        if self.direct:
            outputs = self.direct(inputs["input"])
            if outputs is not None:
                return outputs
        rows = self.layout.rows(inputs)
        outputs = []
        for name, method in self.methods:
            outputs += arrays(name, getattr(self.estimator, method)(rows))
        return outputs


def arrays(name, answer):
    """What a method answers: one array, or one for each of several targets."""
    if isinstance(answer, list) and answer and getattr(answer[0], "ndim", 0) > 1:
        return [(f"{name}_{target}", array) for target, array in enumerate(answer)]
    return [(name, np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer))]


def same(one, other):
    if np.asarray(one).dtype.kind == "f":
        return np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)
    return np.array_equal(one, other)


def methods_of(estimator, only, given):
    """Names of outputs, and the methods that give them. A method that the signature names is among them, whether it usually is or not."""
    usual = [(only_name(estimator, only), only)] if only else usual_methods(estimator)
    asked = [METHODS.get(entry["name"]) for entry in (given or {}).get("outputs") or []]
    asked = [method if callable(getattr(estimator, method or "", None)) else None for method in asked]
    if only or not any(asked):
        return usual
    rest = [entry for entry in usual if entry[1] not in asked]
    methods = []
    for method in asked:
        entry = (only_name(estimator, method), method) if method else rest.pop(0) if rest else None
        if entry and entry not in methods:
            methods.append(entry)
    return methods


def only_name(estimator, method):
    if method == "predict":
        return "label" if gives_labels(estimator) else "prediction"
    return {"predict_proba": "probabilities", "decision_function": "decision", "transform": "transformed"}.get(method, method)


def usual_methods(estimator):
    methods = []
    if callable(getattr(estimator, "predict", None)):
        methods.append("predict")
        if hasattr(estimator, "classes_") and callable(getattr(estimator, "predict_proba", None)):
            methods.append("predict_proba")
        elif callable(getattr(estimator, "decision_function", None)):
            methods.append("decision_function")
    else:
        methods.append("transform")
    return [(only_name(estimator, method), method) for method in methods]


def gives_labels(estimator):
    return (
        hasattr(estimator, "classes_")
        or hasattr(estimator, "labels_")
        or getattr(estimator, "_estimator_type", "") in ("clusterer", "outlier_detector")
    )


def told_outputs(estimator, methods):
    """What a model gives as far as its attributes tell it: labels and probabilities of its classes, or what it transforms to."""
    classes = getattr(estimator, "classes_", None)
    outputs = []
    for name, method in methods:
        if method == "transform" and callable(getattr(estimator, "get_feature_names_out", None)):
            outputs.append(spec(name, "FP64", ["batch", len(estimator.get_feature_names_out())]))
        elif method == "predict" and isinstance(classes, np.ndarray):
            outputs.append(spec(name, datatype_of(classes.dtype), ["batch"]))
        elif method == "predict_proba" and isinstance(classes, np.ndarray):
            outputs.append(spec(name, "FP64", ["batch", len(classes)]))
        else:
            return None
    return outputs
