"""Drives the server with Triton's HTTP client: use_triton.py ECHO_URL IRIS_URL."""
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from values import INPUTS, check_echo, expect

echo = triton.InferenceServerClient(sys.argv[1].removeprefix("http://"))
iris = triton.InferenceServerClient(sys.argv[2].removeprefix("http://"), concurrency=4)
done = []


def tensors(binary, inputs=INPUTS):
    made = []
    for name, (datatype, values) in inputs.items():
        tensor = triton.InferInput(f"{name}_in", list(values.shape), datatype)
        # The client itself sends halves as bytes only.
        tensor.set_data_from_numpy(values, binary_data=binary or datatype == "FP16")
        made.append(tensor)
    return made


def outputs(binary):
    return [triton.InferRequestedOutput(f"{name}_out", binary_data=binary) for name in INPUTS]


def test_health():
    assert echo.is_server_live() and echo.is_server_ready() and echo.is_model_ready("echo")
    assert echo.is_model_ready("echo", "1") and not echo.is_model_ready("other")


def test_metadata():
    assert "binary_tensor_data" in echo.get_server_metadata()["extensions"]
    metadata = echo.get_model_metadata("echo")
    assert metadata["platform"] == "onnxruntime_onnx" and metadata["versions"] == ["1"]
    assert {each["name"]: each["datatype"] for each in metadata["inputs"]} == {
        f"{name}_in": datatype for name, (datatype, _) in INPUTS.items()
    }
    assert all(each["shape"] == [-1, -1] for each in metadata["inputs"] + metadata["outputs"])


def test_infer():
    for sent in (True, False):
        for asked in (True, False):
            result = echo.infer("echo", tensors(sent), outputs=outputs(asked), request_id="7")
            check_echo(result.as_numpy)
            assert result.get_response()["id"] == "7" and result.get_response()["model_name"] == "echo"
    # Without a word about outputs the client asks for all of them as bytes.
    check_echo(echo.infer("echo", tensors(True), model_version="1").as_numpy)


def test_empty_tensors():
    empty = {name: (datatype, values[:0]) for name, (datatype, values) in INPUTS.items()}
    for binary in (True, False):
        check_echo(echo.infer("echo", tensors(binary, empty), outputs=outputs(binary)).as_numpy, empty)


def test_compression():
    for way in ("gzip", "deflate"):
        result = echo.infer("echo", tensors(True), request_compression_algorithm=way, response_compression_algorithm=way)
        check_echo(result.as_numpy)


def flower(rows=1, shape=None, datatype="FP32", name="measurements"):
    tensor = triton.InferInput(name, shape or [rows, 4], datatype)
    values = np.tile(np.array([5.1, 3.5, 1.4, 0.2], np.float32), (rows, 1))
    tensor.set_data_from_numpy(values.reshape(shape or [rows, 4]))
    return [tensor]


def test_many_at_once():
    waiting = [iris.async_infer("iris", flower(rows), request_id=str(rows)) for rows in range(1, 33)]
    for rows, request in enumerate(waiting, 1):
        result = request.get_result()
        assert result.as_numpy("label").tolist() == [0] * rows
        assert result.as_numpy("probabilities").shape == (rows, 3)


def test_refusals():
    wrong = lambda words, **form: expect(InferenceServerException, lambda: iris.infer("iris", flower(**form)), words)
    wrong("no input", name="petals")
    wrong("shape", shape=[2, 2])
    expect(InferenceServerException, lambda: iris.infer("tulips", flower()), "no model")
    expect(InferenceServerException, lambda: iris.infer("iris", flower(), model_version="9"), "no version")
    asked = [triton.InferRequestedOutput("colour")]
    expect(InferenceServerException, lambda: iris.infer("iris", flower(), outputs=asked), "no output")
    expect(InferenceServerException, lambda: iris.get_model_metadata("tulips"), "no model")


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        done.append(name.removeprefix("test_"))
echo.close()
iris.close()
print(", ".join(done))
