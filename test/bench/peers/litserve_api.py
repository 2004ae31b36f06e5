"""LitServe. MODEL names the pickle, PORT the port, BATCH how many requests run together at most."""
import os
import pickle

import litserve
import numpy as np

BATCH = int(os.environ["BATCH"])


class Classifier(litserve.LitAPI):
    def setup(self, device):
        with open(os.environ["MODEL"], "rb") as file:
            self.model = pickle.load(file)

    def decode_request(self, request):
        return np.array(request["input"])

    def predict(self, rows):
        return self.model.predict(rows if BATCH > 1 else [rows])

    def encode_response(self, output):
        return {"output": int(output if BATCH > 1 else output[0])}


if __name__ == "__main__":
    batching = {"max_batch_size": BATCH, "batch_timeout": 0.01} if BATCH > 1 else {}
    server = litserve.LitServer(Classifier(**batching), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", generate_client_file=False)
