"""Writes the iris logistic regression that the peers serve: python3 train.py FILE."""
import pickle
import sys

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

features, labels = load_iris(return_X_y=True)
with open(sys.argv[1], "wb") as file:
    pickle.dump(LogisticRegression(max_iter=1000).fit(features, labels), file)
