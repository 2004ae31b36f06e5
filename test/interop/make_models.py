"""
Makes models that Debian's Python has nothing for: LightGBM's, and those of MLflow that are no pickle of scikit-learn.
Usage: make_models.py FOLDER. Prints for each its file, inputs and what the library itself says, as JSON.
"""
import json
import pickle
import sys
from pathlib import Path

import lightgbm
import mlflow
import mlflow.lightgbm
import mlflow.pyfunc
import mlflow.xgboost
import numpy as np
import pandas as pd
import xgboost
from mlflow.models import infer_signature
from sklearn.datasets import load_iris

folder = Path(sys.argv[1])
table, species = load_iris(return_X_y=True, as_frame=True)
some = table.iloc[::30]
matrix = some.to_numpy().tolist()
columns = {name: [[value] for value in some[name].tolist()] for name in some.columns}
made = []


def note(file, inputs, **expected):
    made.append({"file": file, "inputs": inputs, "expected": {name: np.asarray(value).tolist() for name, value in expected.items()}})


classifier = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(table, species)
(folder / "lightgbm.pkl").write_bytes(pickle.dumps(classifier))
note("lightgbm.pkl", {"input": matrix}, label=classifier.predict(some), probabilities=classifier.predict_proba(some))
classifier.booster_.save_model(folder / "lightgbm.lgb")
note("lightgbm.lgb", {"input": matrix}, prediction=classifier.booster_.predict(some))
mlflow.lightgbm.save_model(classifier.booster_, folder / "flow-lightgbm")
note("flow-lightgbm/MLmodel", {"input": matrix}, prediction=classifier.booster_.predict(some))

trees = xgboost.XGBClassifier(n_estimators=3).fit(table, species)
mlflow.xgboost.save_model(trees.get_booster(), folder / "flow-xgboost")
note("flow-xgboost/MLmodel", {"input": matrix}, prediction=trees.get_booster().inplace_predict(some))


class Longest(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input.idxmax(axis=1)


mlflow.pyfunc.save_model(
    folder / "flow-function", python_model=Longest(), signature=infer_signature(table, np.array(["sepal length (cm)"])), pip_requirements=["mlflow"]
)
note("flow-function/MLmodel", columns, prediction=some.idxmax(axis=1))

print(json.dumps(made))
