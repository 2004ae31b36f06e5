"""Reads pickles, whoever wrote them: pickle and cloudpickle write one form, joblib another or a compressed one, under any name."""

import mmap
import os
import pickle
import re

from slipway_spec import Unsupported

# How files begin that zlib, gzip, bz2, lzma, xz and lz4 write.
COMPRESSED = (b"x", b"\x1f\x8b", b"BZ", b"\x5d\x00", b"\xfd7zXZ", b"\x04\x22\x4d\x18")


def unpickle(path):
    try:
        if is_joblibs(path):
            import joblib

            return joblib.load(path)
        with open(path, "rb") as file:
            return pickle.load(file)
    except AttributeError as error:
        words = missing_name(error)
        if words is None:
            raise
        raise Unsupported(words) from error


def is_joblibs(path):
    """Whether only joblib reads a file: it is compressed, or has arrays between the pickle's own bytes. joblib is slower for plain pickles."""
    with open(path, "rb") as file:
        if file.read(6).startswith(COMPRESSED):
            return True
        if os.fstat(file.fileno()).st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(b"joblib.numpy_pickle") >= 0


def missing_name(error):
    """A class or function that its module does not have, in words; None for any other error."""
    found = re.match(r"Can't get attribute '([\w.]+)' on <module '([\w.]+)'", str(error))
    if found is None:
        return None
    name, module = found.groups()
    if module == "__main__":
        return (
            f"its {name} was defined in the program that saved it, and a pickle does not hold that: "
            "put it into a module beside the model, import it from there and save again, or save with cloudpickle"
        )
    return f"it needs {name} of the Python module {module}, which has no such name in the version that is here"
