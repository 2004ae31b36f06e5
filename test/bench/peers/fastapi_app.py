"""The article's REST API again, with FastAPI. MODEL names the pickle."""
import os
import pickle

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
with open(os.environ["MODEL"], "rb") as file:
    model = pickle.load(file)


class Rows(BaseModel):
    inputs: list[list[float]]


@app.post("/predict")
def predict(rows: Rows):
    return {"predictions": model.predict(rows.inputs).tolist()}
