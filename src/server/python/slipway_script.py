"""A `predict.py` with `load()` and `predict(model, inputs)`, where nothing else fits."""

import asyncio
import functools
import importlib.util
import inspect
import os
import sys

import numpy as np

from slipway_spec import Unsupported, fitted, specs_of


class Script:
    platform = "python_script"

    def __init__(self, path, given):
        # So that it may open files by the names they have beside it.
        os.chdir(os.path.dirname(os.path.abspath(path)))
        self.file = os.path.basename(path)
        module = module_of(path)
        if not callable(getattr(module, "predict", None)):
            raise Unsupported(f"{self.file} has no function predict")
        loads = callable(getattr(module, "load", None))
        state = finished(module.load()) if loads else None
        self.run = functools.partial(module.predict, state) if takes_state(module.predict, loads, self.file) else module.predict
        described = given or getattr(module, "signature", None)
        if not described or not described.get("outputs"):
            raise Unsupported(
                f"{self.file} has no signature: write signature = {{'inputs': {{NAME: (DATATYPE, SHAPE)}}, 'outputs': …}}, "
                "or name inputs and outputs in slipway.json"
            )
        self.inputs = specs_of(described["inputs"])
        self.outputs = specs_of(described["outputs"])
        self.batchable = all(entry["shape"] and not isinstance(entry["shape"][0], int) for entry in self.inputs + self.outputs)

    def predict(self, inputs):
        answer = finished(self.run(inputs))
        if not isinstance(answer, dict):
            answer = {self.outputs[0]["name"]: answer}
        return [(entry["name"], self.output(answer, entry)) for entry in self.outputs]

    def output(self, answer, entry):
        if entry["name"] not in answer:
            given = ", ".join(f'"{name}"' for name in answer) or "none"
            raise Unsupported(f'{self.file} gave no output "{entry["name"]}". It gave {given}')
        array = np.asarray(answer[entry["name"]])
        # One value for one row.
        return fitted(array.reshape([1] * len(entry["shape"])) if array.ndim == 0 else array, entry)


def module_of(path):
    """Runs a script as the module that an import from beside it would find, so that what it makes can be pickled and looked up."""
    name = os.path.basename(path)[: -len(".py")]
    found = importlib.util.find_spec(name) if name.isidentifier() and name not in sys.modules else None
    if found is None or not found.origin or not os.path.samefile(found.origin, path):
        name = "slipway_predict"
    module_spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[name] = module
    module_spec.loader.exec_module(module)
    return module


def takes_state(predict, loads, file):
    """Whether it is given what `load` made, before the inputs."""
    positional = [each for each in inspect.signature(predict).parameters.values() if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    required = [each for each in positional if each.default is each.empty]
    if len(required) > 2:
        raise Unsupported(f"predict of {file} takes {len(required)} arguments: it is given what load returned, and the inputs")
    return len(required) == 2 or (not required and loads and len(positional) > 1)


loop = None


def finished(answer):
    """The answer itself, where it is promised by a coroutine. All of them run in one loop, as what a script opens belongs to one."""
    if not inspect.iscoroutine(answer):
        return answer
    global loop
    loop = loop or asyncio.new_event_loop()
    return loop.run_until_complete(answer)
