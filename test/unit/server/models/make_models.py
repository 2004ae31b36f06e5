"""Writes the models of the server's tests: python make_models.py (needs onnx and numpy)."""
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def save(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def value(name, datatype, shape):
    return helper.make_tensor_value_info(name, datatype, shape)


def constant(name, array):
    return numpy_helper.from_array(array, name)


def echo():
    """Gives back what it takes, in every datatype."""
    types = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FLOAT16 FLOAT DOUBLE STRING".split()
    nodes, inputs, outputs = [], [], []
    for name in types:
        datatype = getattr(TensorProto, name)
        nodes.append(helper.make_node("Identity", [f"{name}_in"], [f"{name}_out"]))
        inputs.append(value(f"{name}_in", datatype, ["a", "b"]))
        outputs.append(value(f"{name}_out", datatype, ["a", "b"]))
    save("echo", nodes, inputs, outputs)


def scalar():
    save("scalar", [helper.make_node("Add", ["x", "x"], ["y"])], [value("x", INT64, [])], [value("y", INT64, [])])


def patience():
    """Counts to the greatest of its inputs before it gives them back: as slow as it is asked to be."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["still_going"]), helper.make_node("Identity", ["state"], ["next_state"])],
        "body",
        [value("iteration", INT64, []), value("going", BOOL, []), value("state", FLOAT, [1])],
        [value("still_going", BOOL, []), value("next_state", FLOAT, [1])],
    )
    nodes = [
        helper.make_node("ReduceMax", ["n"], ["most"], keepdims=0),
        helper.make_node("Loop", ["most", "forever", "start"], ["unused"], body=body),
        # Needs the loop, so that the loop is not left out as unused.
        helper.make_node("Cast", ["unused"], ["zero"], to=INT64),
        helper.make_node("Add", ["n", "zero"], ["done"]),
    ]
    initializers = [constant("forever", np.array(True)), constant("start", np.zeros(1, np.float32))]
    save("patience", nodes, [value("n", INT64, ["batch", 1])], [value("done", INT64, ["batch", 1])], initializers)


def picky(name="picky", entries=3):
    """Looks its input up in a table of three: anything else is an error in the run."""
    nodes = [helper.make_node("Gather", ["table", "index"], ["found"])]
    table = constant("table", np.arange(10, 10 * entries + 1, 10, np.int64))
    save(name, nodes, [value("index", INT64, ["batch"])], [value("found", INT64, ["batch"])], [table])


def tolerant():
    """The same with a table of six."""
    picky("tolerant", 6)


def centred():
    """Takes the mean over all rows away: its first dimension is free, and yet rows are not independent."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["x", "mean"], ["y"]),
    ]
    save("centred", nodes, [value("x", FLOAT, ["time", 2])], [value("y", FLOAT, ["time", 2])])


def hungry():
    """Fills as many floats as it is asked to, and adds them up."""
    nodes = [helper.make_node("Expand", ["one", "count"], ["many"]), helper.make_node("ReduceSum", ["many"], ["sum"], keepdims=0)]
    save("hungry", nodes, [value("count", INT64, [1])], [value("sum", FLOAT, [])], [constant("one", np.ones(1, np.float32))])


def words():
    """Gives back the words that it takes."""
    string = TensorProto.STRING
    nodes = [helper.make_node("Identity", ["text"], ["same"])]
    save("words", nodes, [value("text", string, ["batch"])], [value("same", string, ["batch"])])


for make in [echo, scalar, patience, picky, tolerant, centred, hungry, words]:
    make()
