"""A script that turns into Postgres: under another account if wanted, and never outliving its parent.

Run as `python -I -S launch.py PARENT_PID UID GID CAPABILITY COMMAND…`, with "-" for what stays as it is.
A script and no `preexec_fn`, because Python between fork and exec can deadlock in a process with threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def main(parent_pid: int, uid: str, gid: str, capability: str, command: list[str]) -> None:
    """Doesn't return: the process becomes the command."""
    if capability != "-":
        # Capabilities outlast setuid, and access(2), by which Postgres looks for its own files, heeds them.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if capability != "-":
        _keep_through_exec(int(capability))
    if sys.platform == "linux":
        # Last, because a change of account clears it. SIGINT is Postgres' fast, clean shutdown.
        _prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent_pid:
        sys.exit("the process that asked for Postgres has gone")
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - no shell wanted


def _keep_through_exec(capability: int) -> None:
    """Leaves this one capability, and no other, to the command that follows."""
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if _libc.capset(header, effective_permitted_inheritable):
        _fail("capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *arguments: int) -> None:
    four = [*arguments, 0, 0, 0, 0][:4]  # all four: the kernel wants the unused ones to be zero
    if _libc.prctl(option, *map(ctypes.c_ulong, four)):
        _fail(f"prctl({option})")


def _fail(call: str) -> None:
    error = ctypes.get_errno()
    raise OSError(error, f"{call}: {os.strerror(error)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
