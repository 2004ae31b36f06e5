"""Writes a model that the peers serve: python3 train.py iris|forest FILE."""
import pickle
import sys

from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

kind, path = sys.argv[1:]
if kind == "iris":
    model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
else:
    model = RandomForestClassifier(100, random_state=0).fit(*load_breast_cancer(return_X_y=True))
with open(path, "wb") as file:
    pickle.dump(model, file)
