"""
Loads one Python model and runs it, one request after another, until its input ends. Standard library and numpy only.

The pipe is that of src/server/worker/frames.ts: frames on standard input, answers on file descriptor 3. What a library prints goes
to standard error.
"""

import ctypes
import gc
import os
import re
import signal
import sys
import time

try:
    import resource
except ImportError:  # Windows
    resource = None

from slipway_frames import decode, read_frame, write_frame

PR_SET_PDEATHSIG = 1


def main():
    end_with_front_only()
    end_with_parent()
    source, target = pipe()
    model = None
    while True:
        frame = read_frame(source)
        if frame is None:
            return
        header, body = frame
        if header["kind"] == "load":
            model = load(target, header)
        elif model is not None:
            run(target, model, header, body)


def end_with_front_only():
    """
    Signals that go to all processes at once, as from a terminal, are for the front: it lets runs end before it ends the pipe. What a
    model starts ends by them as ever.
    """
    signals = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
    defaults = [(number, signal.getsignal(number)) for number in signals]
    for number in signals:
        signal.signal(number, lambda *_: None)
    if not hasattr(os, "register_at_fork"):  # Windows
        return

    def hold():
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def release():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    def restore():
        for number, default in defaults:
            signal.signal(number, default)
        release()

    os.register_at_fork(before=hold, after_in_parent=release, after_in_child=restore)


def pipe():
    """The pipe to the front, at numbers that processes which the model starts do not inherit; they read nothing and write to the log."""
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    target = os.fdopen(os.dup(3), "wb", buffering=0)
    os.close(3)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, target


def end_with_parent():
    """Linux ends this process when the one that started it is gone, also in the middle of a run."""
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        pass


# What the front asks for


def load(target, header):
    try:
        options = header["options"]
        if options.get("network") is False:
            keep_from_network()
        threads = options.get("intraOpThreads")
        if threads:
            for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
                os.environ[name] = str(threads)
        # Here, so that numpy finds the number of threads; then this folder is of no use to the model's own imports.
        import slipway_models

        sys.path.pop(0)
        model = slipway_models.load(header["model"], options)
        signature = {"inputs": model.inputs, "outputs": model.outputs}
        described = {"signature": signature, "platform": model.platform, "batchable": model.batchable}
        # What is there now stays: looking through it again and again would hold up answers.
        gc.collect()
        gc.freeze()
        write_frame(target, {"kind": "loaded", "described": described, "usage": usage()})
        return model
    except BaseException as error:
        write_frame(target, {"kind": "failed", "reason": "load", "message": words(error)})
        return None


def keep_from_network():
    import slipway_seal

    try:
        slipway_seal.seal()
    except (OSError, ImportError) as error:
        raise NotSealed(
            f'it can not be kept from the network here ({error}). Where it may use that, say so: "network": true in its "server" of slipway.json'
        ) from error


class NotSealed(Exception):
    pass


def run(target, model, header, body):
    started = time.perf_counter()
    failed = {"kind": "failed", "id": header["id"]}
    try:
        outputs = model.predict(decode(header.get("tensors", ()), body))
        milliseconds = (time.perf_counter() - started) * 1000
        size = sum(array.nbytes for _, array in outputs)
        if size > header["maxBytes"]:
            write_frame(target, {**failed, "reason": "size", "message": f"The outputs take {size} bytes."})
            return
        result = {"kind": "result", "id": header["id"], "milliseconds": milliseconds, **recent_usage()}
        write_frame(target, result, outputs)
    except MemoryError as error:
        write_frame(target, {**failed, "reason": "memory", "message": words(error)})
    except Exception as error:
        reason = "input" if isinstance(error, ValueError) and REFUSED.search(str(error)) else "model"
        write_frame(target, {**failed, "reason": reason, "message": words(error)})


# How scikit-learn, XGBoost and LightGBM say that the values of a request are none that the model takes.
REFUSED = re.compile(r"contains? (NaN|infinity|inf\b|`inf`)|^Found unknown categories|too large for dtype")


def words(error):
    """What an error says, without where in whose code it was."""
    if type(error).__name__ in ("NotSealed", "Unsupported"):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f"the Python module {error.name} is not there: {error}"
    said = PLACE.sub("", str(error).partition("\nStack trace")[0].strip())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


# Where in its own code XGBoost was.
PLACE = re.compile(r"^\[\d\d:\d\d:\d\d\] \S+:\d+: ")


reported = 0.0


def recent_usage():
    """What the process uses, at most once a second."""
    global reported
    now = time.monotonic()
    if now - reported < 1:
        return {}
    reported = now
    return {"usage": usage()}


def usage():
    times = os.times()
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if resource else 0
        resident = peak * (1 if sys.platform == "darwin" else 1024)
    return {"rss": resident, "cpuSeconds": times.user + times.system}


if __name__ == "__main__":
    main()
