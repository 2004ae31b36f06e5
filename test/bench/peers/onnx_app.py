"""An ONNX model behind FastAPI: /json takes and gives nested lists, /bytes raw float32. MODEL names the file, SHAPE is the input's, as JSON."""
import json
import os
from typing import Annotated

import numpy as np
import onnxruntime
from fastapi import Body, FastAPI, Response
from pydantic import BaseModel

app = FastAPI()
session = onnxruntime.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
shape = json.loads(os.environ["SHAPE"])


class Images(BaseModel):
    inputs: list[list[list[list[float]]]]


class Scores(BaseModel):
    outputs: list[list[list[float]]]


@app.post("/json")
def run_json(images: Images) -> Scores:
    scores = session.run(None, {name: np.array(images.inputs, np.float32)})[0]
    return Scores(outputs=scores.tolist())


@app.post("/bytes")
def run_bytes(image: Annotated[bytes, Body(media_type="application/octet-stream")]):
    scores = session.run(None, {name: np.frombuffer(image, np.float32).reshape(shape)})[0]
    return Response(scores.tobytes(), media_type="application/octet-stream")
