"""Writes a model that the peers serve, and prints a row of each class with what the model says: train.py iris|forest FILE."""
import json
import pickle
import sys

from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

kind, path = sys.argv[1:]
data, estimator = {
    "iris": (load_iris(), LogisticRegression(max_iter=1000)),
    "forest": (load_breast_cancer(), RandomForestClassifier(100, random_state=0)),
}[kind]
model = estimator.fit(data.data, data.target)
with open(path, "wb") as file:
    pickle.dump(model, file)

firsts = [data.data[list(data.target).index(label)] for label in model.classes_]
print(json.dumps([{"row": row.tolist(), "label": int(model.predict([row])[0])} for row in firsts]))
