"""Wraps the pickle as a model of MLflow: save_mlflow.py PICKLE FOLDER."""
import pickle
import sys

import mlflow.sklearn

source, target = sys.argv[1:]
with open(source, "rb") as file:
    mlflow.sklearn.save_model(pickle.load(file), target, serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_PICKLE)
