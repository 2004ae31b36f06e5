"""Frames and tensors on the pipe between the front and this worker; src/server/worker/frames.ts says what they are."""

import functools
import json
import struct

PREAMBLE = struct.Struct("<4sIQ")
MAGIC = b"SLP1"
ALIGNMENT = 8
# In place of the length of a string that is missing.
MISSING = 0xFFFFFFFF


def read_frame(source):
    preamble = source.read(PREAMBLE.size)
    if len(preamble) < PREAMBLE.size:
        return None
    magic, header_bytes, body_bytes = PREAMBLE.unpack(preamble)
    if magic != MAGIC:
        raise ValueError("The bytes on the pipe are no frame.")
    header = json.loads(source.read(header_bytes))
    body = bytearray(body_bytes)
    view = memoryview(body)
    filled = 0
    while filled < body_bytes:
        count = source.readinto(view[filled:])
        if not count:
            return None
        filled += count
    return header, body


def write_frame(target, header, tensors=()):
    parts = []
    entries = []
    for name, array in tensors:
        datatype, data = encode(array)
        entries.append({"name": name, "datatype": datatype, "shape": list(array.shape), "bytes": len(data)})
        parts.append(data)
        gap = -len(data) % ALIGNMENT
        if gap:
            parts.append(bytes(gap))
    if entries:
        header = {**header, "tensors": entries}
    text = json.dumps(header).encode()
    frame = b"".join([PREAMBLE.pack(MAGIC, len(text), sum(map(len, parts))), text, *parts])
    view = memoryview(frame)
    while view:
        view = view[target.write(view) :]


@functools.cache
def dtypes():
    """numpy's names of the protocol's datatypes; numpy is loaded with the model, not before."""
    import numpy as np

    return {
        "BOOL": np.dtype("?"),
        "UINT8": np.dtype("u1"),
        "UINT16": np.dtype("<u2"),
        "UINT32": np.dtype("<u4"),
        "UINT64": np.dtype("<u8"),
        "INT8": np.dtype("i1"),
        "INT16": np.dtype("<i2"),
        "INT32": np.dtype("<i4"),
        "INT64": np.dtype("<i8"),
        "FP16": np.dtype("<f2"),
        "FP32": np.dtype("<f4"),
        "FP64": np.dtype("<f8"),
    }


def decode(entries, body):
    """The arrays of a frame by name: views of its body, but for strings."""
    import numpy as np

    arrays = {}
    offset = 0
    known = dtypes()
    for entry in entries:
        length = entry["bytes"]
        if entry["datatype"] == "BYTES":
            values = decode_strings(memoryview(body)[offset : offset + length])
            array = np.array(values, dtype=object)
        else:
            dtype = known[entry["datatype"]]
            array = np.frombuffer(body, dtype, length // dtype.itemsize, offset)
        arrays[entry["name"]] = array.reshape(entry["shape"])
        offset += length + -length % ALIGNMENT
    return arrays


def decode_strings(data):
    """Strings, bytes where a value is no UTF-8, and None where one is missing."""
    values = []
    offset = 0
    while offset < len(data):
        (length,) = struct.unpack_from("<I", data, offset)
        if length == MISSING:
            values.append(None)
            offset += 4
            continue
        value = data[offset + 4 : offset + 4 + length]
        try:
            values.append(str(value, "utf-8"))
        except UnicodeDecodeError:
            values.append(bytes(value))
        offset += 4 + length
    return values


def encode(array):
    """The protocol's datatype for an array, and its bytes."""
    import numpy as np

    name = datatype_of(array.dtype)
    if name == "BYTES":
        parts = []
        for value in array.ravel():
            if is_missing(value):
                parts.append(struct.pack("<I", MISSING))
                continue
            raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
            parts.append(struct.pack("<I", len(raw)))
            parts.append(raw)
        return name, b"".join(parts)
    return name, np.ascontiguousarray(array, dtypes()[name]).tobytes()


def is_missing(value):
    """Whether it is None, NaN or pandas' NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    return not hasattr(value, "__len__") and bool(value != value)


@functools.cache
def datatype_of(dtype):
    for name, known in dtypes().items():
        if dtype == known:
            return name
    if dtype.kind in "OUS":
        return "BYTES"
    raise TypeError(f"a value of type {dtype} can not be sent")
