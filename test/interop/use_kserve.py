"""Drives the server with KServe's REST client: use_kserve.py ECHO_URL IRIS_URL."""
import asyncio
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

from values import INPUTS, check_echo

echo_url, iris_url = sys.argv[1:3]
v1 = InferenceRESTClient(RESTConfig(protocol="v1", retries=0))
v2 = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
done = []


def tensors(binary):
    made = []
    for name, (datatype, values) in INPUTS.items():
        tensor = InferInput(f"{name}_in", list(values.shape), datatype)
        # Its JSON has no word for NaN and the infinities.
        if not binary and datatype in ("FP32", "FP64"):
            values = np.nan_to_num(values)
        tensor.set_data_from_numpy(values, binary_data=binary or datatype == "FP16")
        made.append(tensor)
    return made


def array(response, name):
    found = next((output for output in response.outputs if output.name == name), None)
    return None if found is None else found.as_numpy()


async def test_health():
    assert await v2.is_server_live(echo_url) and await v2.is_server_ready(echo_url)
    assert await v2.is_model_ready(echo_url, "echo")
    assert await v1.is_model_ready(iris_url, "iris")


async def test_infer():
    for sent in (True, False):
        for asked in (True, False):
            wanted = [RequestedOutput(f"{name}_out", parameters={"binary_data": asked}) for name in INPUTS]
            request = InferRequest("echo", tensors(sent), request_id="7", request_outputs=wanted)
            response = await v2.infer(echo_url, request, model_name="echo")
            assert response.id == "7" and response.model_name == "echo"
            given = {name: (datatype, np.nan_to_num(values) if not sent and datatype in ("FP32", "FP64") else values) for name, (datatype, values) in INPUTS.items()}
            check_echo(lambda name: array(response, name), given)


async def test_instances():
    answer = await v1.infer(iris_url, {"instances": [[5.1, 3.5, 1.4, 0.2], [7, 3.2, 6, 1.8]]}, model_name="iris")
    assert [each["label"] for each in answer["predictions"]] == [0, 2]


async def refused(work, status, words):
    try:
        await work
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == status and words in str(error), str(error)
        return
    raise AssertionError(f"no error with {words!r}")


async def test_refusals():
    def flower(name="measurements", shape=(1, 4)):
        tensor = InferInput(name, list(shape), "FP32")
        tensor.set_data_from_numpy(np.ones(shape, np.float32))
        return InferRequest("iris", [tensor])

    await refused(v2.infer(iris_url, flower(name="petals"), model_name="iris"), 400, "no input")
    await refused(v2.infer(iris_url, flower(shape=(2, 2)), model_name="iris"), 400, "shape")
    await refused(v2.infer(iris_url, flower(), model_name="tulips"), 404, "no model")
    await refused(v1.infer(iris_url, {"instances": [["a"]]}, model_name="iris"), 400, "measurements")


async def main():
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            await test()
            done.append(name.removeprefix("test_"))
    await v1.close()
    await v2.close()
    print(", ".join(done))


asyncio.run(main())
