"""Who Postgres runs as: it refuses to be root, so root hands it to an unprivileged account."""

import contextlib
import os
import pwd
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ticketd.ports import StartupRefused

_LAUNCHER = Path(__file__).with_name("launch.py")
_ACCOUNTS = ("postgres", "nobody")
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAP_SETPCAP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account, and at most one capability that it keeps; `uid` is our own unless we are root."""

    uid: int
    gid: int
    capability: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether no change of account is needed."""
        return self.uid == os.geteuid()

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that runs a program as this identity, bound to the life of the calling thread."""
        uid, gid = ("-", "-") if self.is_ours else (str(self.uid), str(self.gid))
        capability = "-" if self.capability is None else str(self.capability)
        launch = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid())]
        return [*launch, uid, gid, capability, str(program), *arguments]


def identity_for(*, owned: Iterable[Path], reached: Iterable[Path]) -> Identity:
    """Who shall run a Postgres that must reach these paths: ourselves, or in root's place an account.

    `owned` are the directories of its data, the most telling first; they needn't exist yet.
    """
    if os.geteuid() != 0:
        return Identity(uid=os.geteuid(), gid=os.getegid())
    account = _account_for(owned)
    barred = next((path for path in reached if not _may_reach(account, path)), None)
    if barred is None:
        return Identity(uid=account.pw_uid, gid=account.pw_gid)
    return Identity(
        uid=account.pw_uid, gid=account.pw_gid, capability=_searching_capability(account.pw_name, barred)
    )


def _account_for(owned: Iterable[Path]) -> pwd.struct_passwd:
    """The owner that the data have already; without one, the first of the usual accounts."""
    uids = [path.stat().st_uid for path in owned if path.exists()]
    for uid in filter(None, uids):
        return _account_of(uid)
    for name in _ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise StartupRefused(
        f"Postgres can't run as root, and this machine has no user named {' or '.join(_ACCOUNTS)};"
        " start ticketd as a normal user."
    )


def _account_of(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise StartupRefused(
            f"The data directory belongs to user {uid}, whom this machine doesn't know."
        ) from None


def _may_reach(account: pwd.struct_passwd, path: Path) -> bool:
    """Whether every directory above lets the account through, by owner, primary group and others."""
    return all(_may_pass(account, parent.stat()) for parent in path.resolve().parents)


def _may_pass(account: pwd.struct_passwd, directory: os.stat_result) -> bool:
    if directory.st_uid == account.pw_uid:
        return bool(directory.st_mode & stat.S_IXUSR)
    if directory.st_gid == account.pw_gid:
        return bool(directory.st_mode & stat.S_IXGRP)
    return bool(directory.st_mode & stat.S_IXOTH)


def _searching_capability(account: str, barred: Path) -> int:
    """The weakest capability we may pass on that goes through closed directories, such as root's home."""
    ours = _permitted_capabilities()
    if ours & 1 << _CAP_SETPCAP:
        for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
            if ours & 1 << capability:
                return capability
    raise StartupRefused(
        f"Postgres can't run as root, and the user {account} can't reach {barred};"
        " start ticketd as a normal user, or install it and its --data-dir where everybody may pass."
    )


def _permitted_capabilities() -> int:
    """A bit mask; 0 where there is no such thing."""
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("CapPrm:")).split()[1], 16)
