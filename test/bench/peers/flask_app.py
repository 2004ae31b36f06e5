"""The article's REST API: Flask, a pickle and /predict. MODEL names the pickle, PORT the port."""
import os
import pickle

from flask import Flask, jsonify, request

app = Flask(__name__)
with open(os.environ["MODEL"], "rb") as file:
    model = pickle.load(file)


@app.route("/predict", methods=["POST"])
def predict():
    rows = request.get_json()["inputs"]
    return jsonify(predictions=model.predict(rows).tolist())


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
