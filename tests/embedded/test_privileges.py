import os
import pwd
from pathlib import Path

import pytest

from ticketd.embedded import privileges
from ticketd.embedded.privileges import identity_for
from ticketd.ports import StartupRefused

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions as root takes them, on a machine whose only usual account is nobody."""

    def only_nobody(name: str) -> pwd.struct_passwd:
        if name != "nobody":
            raise KeyError(name)
        return NOBODY

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", only_nobody)


def test_a_normal_user_stays_who_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    identity = identity_for(owned=[], reached=[tmp_path])
    assert identity.is_ours
    assert identity.capability is None


@pytest.mark.usefixtures("as_root")
def test_root_becomes_an_unprivileged_account_without_any_capability() -> None:
    identity = identity_for(owned=[Path("/nowhere")], reached=[Path("/usr/bin/env")])
    assert (identity.uid, identity.gid, identity.capability) == (NOBODY.pw_uid, NOBODY.pw_gid, None)


@pytest.mark.usefixtures("as_root")
def test_the_owner_of_the_data_comes_before_the_usual_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        privileges, "_account_of", lambda uid: pwd.struct_passwd(("x", "x", uid, 7, "", "", ""))
    )
    monkeypatch.setattr(Path, "stat", lambda _, **__: os.stat_result((0o40755, 0, 0, 0, 501, 7, 0, 0, 0, 0)))
    assert identity_for(owned=[Path("/data")], reached=[]).uid == 501


@pytest.mark.usefixtures("as_root")
def test_root_without_the_right_to_pass_on_refuses_a_place_that_the_account_cannot_reach(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(privileges, "_permitted_capabilities", lambda: 0)
    tmp_path.chmod(0o000)
    with pytest.raises(StartupRefused, match="the user nobody can't reach"):
        identity_for(owned=[], reached=[tmp_path / "data"])


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(("permitted", "chosen"), [(0b1_0000_0110, 2), (0b1_0000_0010, 1)])
def test_the_weakest_capability_that_helps_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, permitted: int, chosen: int
) -> None:
    monkeypatch.setattr(privileges, "_permitted_capabilities", lambda: permitted)
    tmp_path.chmod(0o000)
    assert identity_for(owned=[], reached=[tmp_path / "data"]).capability == chosen


@pytest.mark.usefixtures("as_root")
def test_a_machine_without_a_fitting_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", unknown)
    with pytest.raises(StartupRefused, match="no user named postgres or nobody"):
        identity_for(owned=[], reached=[])
