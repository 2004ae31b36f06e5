"""A forest of scikit-learn's: `forest.py make FILE` writes it, `forest.py ask FILE` answers the lists of rows on standard input."""
import json
import pickle
import sys

from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

what, file = sys.argv[1:]
if what == "make":
    features, labels = load_iris(return_X_y=True)
    with open(file, "wb") as out:
        pickle.dump(RandomForestClassifier(10, random_state=0).fit(features, labels), out)
else:
    with open(file, "rb") as saved:
        forest = pickle.load(saved)
    answers = []
    for rows in json.load(sys.stdin):
        answers.append({"label": forest.predict(rows).tolist(), "probabilities": forest.predict_proba(rows).tolist()})
    json.dump(answers, sys.stdout)
