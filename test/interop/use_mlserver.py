"""Drives the server with MLServer's types and codecs, and with its client: use_mlserver.py ECHO_URL IRIS_URL."""
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, StringCodec
from mlserver.codecs.json import encode_to_json_bytes
from mlserver.types import (
    InferenceErrorResponse,
    InferenceRequest,
    InferenceResponse,
    MetadataModelErrorResponse,
    MetadataModelResponse,
    MetadataServerResponse,
    RequestOutput,
)

from values import INPUTS, check_echo

echo_url, iris_url = sys.argv[1:3]
flowers = np.array([[5.1, 3.5, 1.4, 0.2], [7, 3.2, 4.7, 1.4], [6.3, 3.3, 6, 2.5]], np.float32)
done = []


def fetch(url, request=None):
    """The status and the body of an answer."""
    body = request and encode_to_json_bytes(request.model_dump(exclude_none=True, mode="python"))
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"})) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def infer(url, model, request):
    status, body = fetch(f"{url}/v2/models/{model}/infer", request)
    assert status == 200, body
    return InferenceResponse.model_validate_json(body)


def output_of(response, name):
    return next(output for output in response.outputs if output.name == name)


def test_metadata():
    server = MetadataServerResponse.model_validate_json(fetch(f"{echo_url}/v2")[1])
    assert "binary_tensor_data" in server.extensions
    model = MetadataModelResponse.model_validate_json(fetch(f"{echo_url}/v2/models/echo")[1])
    assert {each.name: each.datatype for each in model.inputs} == {f"{name}_in": datatype for name, (datatype, _) in INPUTS.items()}
    assert all(each.shape == [-1, -1] for each in model.inputs + model.outputs)


def test_codecs():
    # Its JSON has no word for NaN and the infinities; its codec of strings makes a column of them.
    given = {
        name: (datatype, values.reshape(-1, 1) if datatype == "BYTES" else np.nan_to_num(values) if datatype.startswith("FP") else values)
        for name, (datatype, values) in INPUTS.items()
    }
    inputs = [
        StringCodec.encode_input(f"{name}_in", values.flatten().tolist())
        if datatype == "BYTES"
        else NumpyCodec.encode_input(f"{name}_in", values)
        for name, (datatype, values) in given.items()
    ]
    assert {each.name: each.datatype for each in inputs} == {f"{name}_in": datatype for name, (datatype, _) in given.items()}
    response = infer(echo_url, "echo", InferenceRequest(id="7", inputs=inputs))
    assert response.id == "7" and response.model_name == "echo"

    def array(name):
        output = output_of(response, name)
        if output.datatype == "BYTES":
            return np.array(StringCodec.decode_output(output), object).reshape(output.shape)
        decoded = NumpyCodec.decode_output(output)
        assert decoded.dtype == given[name.removesuffix("_out")][1].dtype, f"{name}: {decoded.dtype}"
        return decoded

    check_echo(array, given)


def flower_request(**changes):
    request = NumpyRequestCodec.encode_request(flowers)
    request.inputs[0].name = "measurements"
    return request.model_copy(update=changes)


def test_request_codec():
    response = infer(iris_url, "iris", flower_request())
    assert NumpyCodec.decode_output(output_of(response, "label")).tolist() == [0, 1, 2]
    assert NumpyCodec.decode_output(output_of(response, "probabilities")).shape == (3, 3)
    response = infer(iris_url, "iris", flower_request(outputs=[RequestOutput(name="label")]))
    assert [each.name for each in response.outputs] == ["label"]


def test_errors():
    def refused(status, kind, words, url, request=None):
        said, body = fetch(url, request)
        assert said == status and words in kind.model_validate_json(body).error, (said, body)

    infer_url = f"{iris_url}/v2/models/iris/infer"
    refused(400, InferenceErrorResponse, "no input", infer_url, NumpyRequestCodec.encode_request(flowers))
    refused(400, InferenceErrorResponse, "no output", infer_url, flower_request(outputs=[RequestOutput(name="colour")]))
    refused(404, InferenceErrorResponse, "no model", f"{iris_url}/v2/models/tulips/infer", flower_request())
    refused(404, MetadataModelErrorResponse, "no model", f"{iris_url}/v2/models/tulips")


def run_client(folder, rows, *options):
    """What `mlserver infer` writes about a file of requests with one row each, in their order."""
    asked, answered = Path(folder, "requests.jsonl"), Path(folder, "answers.jsonl")
    requests = []
    for at, row in enumerate(rows):
        inputs = [NumpyCodec.encode_input("measurements", row.reshape(1, 4))]
        outputs = [RequestOutput(name="label"), RequestOutput(name="probabilities")]
        requests.append(InferenceRequest(id=str(at), inputs=inputs, outputs=outputs).model_dump_json(exclude_none=True))
    asked.write_text("\n".join(requests) + "\n")
    program = Path(sys.executable).with_name("mlserver")
    address = iris_url.removeprefix("http://")
    subprocess.run([program, "infer", "-u", address, "-m", "iris", "-i", asked, "-o", answered, *options], check=True, capture_output=True)
    answers = [json.loads(line) for line in answered.read_text().splitlines()]
    assert len(answers) == len(rows), f"{len(answers)} answers"
    assert not any("error" in answer for answer in answers), answers
    answers.sort(key=lambda answer: answer["parameters"]["batch_index"])
    return [InferenceResponse.model_validate(answer) for answer in answers]


def test_client():
    rows = np.tile(flowers, (4, 1))
    with tempfile.TemporaryDirectory() as folder:
        for options in ([], ["-b"], ["-s", "5"], ["-s", "5", "-b"]):
            answers = run_client(folder, rows, *options)
            labels = [NumpyCodec.decode_output(output_of(answer, "label")).item() for answer in answers]
            assert labels == [0, 1, 2] * 4, f"{options}: {labels}"
            for answer in answers:
                probabilities = NumpyCodec.decode_output(output_of(answer, "probabilities"))
                assert probabilities.shape[-1] == 3 and abs(probabilities.sum() - 1) < 1e-5, f"{options}: {probabilities}"


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        done.append(name.removeprefix("test_"))
print(", ".join(done))
