"""Values for test/unit/server/models/echo.onnx, which gives back what it takes, in every datatype."""
import numpy as np

FLOATS = [0.0, -0.0, 1.5, -2.25, np.nan, np.inf]


def limits(dtype):
    info = np.iinfo(dtype)
    return np.array([[info.min, info.max, 0], [1, info.max - 1, info.min + 1]], dtype)


INPUTS = {
    "BOOL": ("BOOL", np.array([[True, False, True], [False, False, True]])),
    "UINT8": ("UINT8", limits(np.uint8)),
    "UINT16": ("UINT16", limits(np.uint16)),
    "UINT32": ("UINT32", limits(np.uint32)),
    "UINT64": ("UINT64", limits(np.uint64)),
    "INT8": ("INT8", limits(np.int8)),
    "INT16": ("INT16", limits(np.int16)),
    "INT32": ("INT32", limits(np.int32)),
    "INT64": ("INT64", limits(np.int64)),
    "FLOAT16": ("FP16", np.array(FLOATS, np.float16).reshape(2, 3)),
    "FLOAT": ("FP32", np.array(FLOATS, np.float32).reshape(2, 3)),
    "DOUBLE": ("FP64", np.array([*FLOATS[:5], 1e300]).reshape(2, 3)),
    "STRING": ("BYTES", np.array([["", "a", "é"], ["😀", '"\\', "\n"]], object)),
}


def texts(array):
    """Strings, however a client gives them."""
    return [item.decode() if isinstance(item, bytes) else str(item) for item in np.asarray(array).flatten()]


def check_echo(output_of, inputs=None, finite=False):
    """Holds each output against its input; `output_of` gives the array of an output."""
    for name, (datatype, sent) in (inputs or INPUTS).items():
        got = output_of(f"{name}_out")
        assert got is not None, f"{name}: no output"
        got = np.asarray(got)
        assert got.shape == sent.shape, f"{name}: shape {got.shape}"
        if datatype == "BYTES":
            assert texts(got) == texts(sent), f"{name}: {texts(got)}"
        else:
            if finite:
                sent = np.nan_to_num(sent) if datatype.startswith("FP") else sent
            np.testing.assert_array_equal(got.astype(sent.dtype), sent, err_msg=name)


def expect(error, work, words):
    """`work` must raise this error with these words."""
    try:
        work()
    except error as raised:
        assert words in str(raised), f"expected {words!r}, got: {raised}"
        return
    raise AssertionError(f"no {error.__name__} with {words!r}")
