"""Converts the pickled forest to ONNX and holds it against the original on all data: export_forest.py PICKLE ONNX."""
import pickle
import sys

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer

source, target = sys.argv[1:]
with open(source, "rb") as file:
    model = pickle.load(file)
rows = load_breast_cancer().data.astype(np.float32)
exported = to_onnx(
    model,
    initial_types=[("features", FloatTensorType([None, rows.shape[1]]))],
    options={"zipmap": False},
    target_opset={"": 17, "ai.onnx.ml": 3},
)
with open(target, "wb") as file:
    file.write(exported.SerializeToString())

labels, probabilities = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"]).run(None, {"features": rows})
assert (labels == model.predict(rows)).all(), "the labels differ"
assert np.allclose(probabilities, model.predict_proba(rows), atol=1e-5), "the probabilities differ"
