"""Native models of XGBoost and LightGBM."""

import numpy as np

from slipway_spec import spec, spec_of


def load_xgboost(path):
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return of_xgboost(booster)


def load_lightgbm(path):
    import lightgbm

    return of_lightgbm(lightgbm.Booster(model_file=path))


def of_xgboost(booster):
    features = booster.num_features()
    return Booster(features, booster.feature_names, way_of(booster, features), "xgboost")


def of_lightgbm(booster):
    return Booster(booster.num_feature(), booster.feature_name(), booster.predict, "lightgbm")


def way_of(booster, features):
    """Rows as they are, or first made XGBoost's own matrix, which linear boosters want."""
    import xgboost

    try:
        booster.inplace_predict(np.zeros((1, features), np.float32))
    except xgboost.core.XGBoostError:
        names, types = booster.feature_names, booster.feature_types
        return lambda rows: booster.predict(xgboost.DMatrix(rows, feature_names=names, feature_types=types))
    return booster.inplace_predict


class Booster:
    """One matrix in, one array out."""

    batchable = True

    def __init__(self, features, names, run, platform):
        self.run = run
        self.platform = platform
        self.inputs = [spec("input", "FP32", ["batch", features], names)]
        self.outputs = [spec_of("prediction", self.predict({"input": np.zeros((2, features), np.float32)})[0][1])]

    def predict(self, inputs):
        return [("prediction", np.asarray(self.run(inputs["input"])))]
