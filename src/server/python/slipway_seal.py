"""
Keeps this process and all that it starts from the network, with a filter of system calls (Linux; seccomp(2) of its manual).

Sockets to other machines can not be made; those between processes of this one can. Calls by which another process could be made to open
them are refused too. What came before stays open: pipes to the front, not more.
"""

import ctypes
import errno
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000

# Of linux/filter.h: what the filter's instructions do, with the fields of seccomp_data that they look at.
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16

# Of linux/audit.h and the kernel's tables of system calls.
ARCHITECTURES = {
    "x86_64": (0xC000003E, {"socket": 41, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311}),
    "aarch64": (0xC00000B7, {"socket": 198, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271}),
}
EVERYWHERE = {"io_uring_setup": 425, "pidfd_getfd": 438}
# Numbers from here on are those of x32, the other way to call a 64-bit kernel.
X32 = 0x40000000


def seal():
    """Raises OSError where that can not be done."""
    known = ARCHITECTURES.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        raise OSError(errno.ENOSYS, f"there is no filter for {sys.platform} on {platform.machine()}")
    program = b"".join(struct.pack("<HBBI", *instruction) for instruction in filter_for(*known))
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog
    prog = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
    for call in ((PR_SET_NO_NEW_PRIVS, 1, None, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, prog, 0, 0)):
        if libc.prctl(*call) != 0:
            number = ctypes.get_errno()
            raise OSError(number, errno.errorcode.get(number, "it is refused"))


def filter_for(architecture, calls):
    """Instructions as (code, to skip if true, to skip if false, value)."""
    refused = [number for name, number in {**calls, **EVERYWHERE}.items() if name != "socket"]
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (LOAD, 0, 0, NUMBER),
        (IF_AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        *(step for number in refused for step in ((IF_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | errno.EPERM))),
        (IF_EQUAL, 1, 0, calls["socket"]),
        (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (IF_EQUAL, 0, 1, socket.AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE | errno.ENETUNREACH),
    ]
