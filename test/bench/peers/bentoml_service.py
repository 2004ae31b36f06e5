"""BentoML, with the adaptive batching that its guide advises. MODEL names the pickle."""
import os
import pickle
from typing import Annotated

import bentoml
import numpy as np
from bentoml.validators import DType

Rows = Annotated[np.ndarray, DType("float64")]


@bentoml.service(logging={"access": {"enabled": False}})
class Classifier:
    def __init__(self):
        with open(os.environ["MODEL"], "rb") as file:
            self.model = pickle.load(file)

    @bentoml.api(batchable=True)
    def predict(self, inputs: Rows) -> np.ndarray:
        return self.model.predict(inputs)
