"""Where settings come from, which one wins, and what a wrong one is told."""

from pathlib import Path

import pytest
import structlog

from ticketd.core.clients import Networks
from ticketd.ports import StartupRefused
from ticketd.settings import Secret, Settings, load, variable

DATABASE_URL = "postgresql://ticketd:hunter2@localhost/ticketd"


def test_without_anything_given_every_setting_has_its_default() -> None:
    assert load({}, {}) == Settings()
    assert (Settings().host, Settings().port, Settings().hold_seconds) == ("127.0.0.1", 8080, 900)


def test_flags_win_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ticketd.toml"
    file.write_text('port = 1\nhold_seconds = 2\nhost = "::1"\n')
    environment = {"TICKETD_CONFIG": str(file), "TICKETD_PORT": "10", "TICKETD_HOLD_SECONDS": "20"}
    settings = load({"port": "100", "demo": None}, environment)
    assert (settings.port, settings.hold_seconds, settings.host) == (100, 20, "::1")


def test_the_flag_config_wins_over_its_variable(tmp_path: Path) -> None:
    (tmp_path / "flag.toml").write_text("port = 1")
    (tmp_path / "variable.toml").write_text("port = 2")
    environment = {"TICKETD_CONFIG": str(tmp_path / "variable.toml")}
    assert load({"config": str(tmp_path / "flag.toml")}, environment).port == 1


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_is_read_from_the_environment(name: str) -> None:
    default = getattr(Settings(), name)
    texts = {bool: "true", str: "off", type(None): DATABASE_URL, Networks: "10.0.0.0/8"}
    text = texts.get(type(default), "7")
    assert getattr(load({}, {variable(name): text}), name) != default


def test_a_mistyped_variable_is_said_and_ignored() -> None:
    with structlog.testing.capture_logs() as logged:
        assert load({}, {"TICKETD_HOLD_SECOND": "1", "TICKETD_PORT": "80", "OTHER": "x"}).port == 80
    assert [line["variable"] for line in logged] == ["TICKETD_HOLD_SECOND"]


def test_an_empty_variable_counts_as_unset() -> None:
    assert load({}, {"TICKETD_DATABASE_URL": "", "TICKETD_PORT": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "http"),
        ("port", "80.5"),
        ("hold_seconds", "0"),
        ("hold_seconds", "86401"),
        ("demo", "perhaps"),
        ("rate_limit", "of"),
        ("secure_cookies", "yes"),
        ("lease_seconds", "0"),
        ("lease_seconds", "nan"),
        ("answer_seconds_max", "inf"),
        ("batch_size_max", "0"),
        ("database_url", "mysql://localhost/ticketd"),
        ("address_requests_per_second", "0"),
        ("trusted_proxies", "proxy.example.org"),
        ("trusted_proxies", "10.0.0.0/8,"),
        ("desk_networks", "10.0.0.7/8"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line_that_names_its_source(name: str, text: str) -> None:
    with pytest.raises(StartupRefused) as refused:
        load({}, {variable(name): text})
    assert str(refused.value).startswith(variable(name))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("port", [0, 65535])
def test_the_first_and_the_last_port_are_ports(port: int) -> None:
    assert load({"port": str(port)}, {}).port == port


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("prot = 80", "'prot', which isn't a setting"),
        ("port = ", "isn't TOML"),
        ("port = 70000", "70000 isn't valid"),
        ("[ticketd]\nport = 80", "'ticketd', which isn't a setting"),
    ],
)
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "ticketd.toml"
    file.write_text(text)
    with pytest.raises(StartupRefused, match=complaint):
        load({"config": str(file)}, {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupRefused, match="can't be read"):
        load({"config": str(tmp_path / "none.toml")}, {})


def test_the_database_url_shows_its_password_only_when_asked_to() -> None:
    settings = load({"database_url": DATABASE_URL}, {})
    assert settings.database_url == Secret(DATABASE_URL)
    assert "hunter2" not in f"{settings} {settings!r} {settings.database_url}"
    assert settings.database_url is not None
    assert settings.database_url.reveal() == DATABASE_URL


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ticketd:hunter2@localhost",
        "postgresql://ticketd:hunter2/x@localhost/ticketd",
        "postgresql://ticketd:2#hunter2@localhost/ticketd",
        "postgresql://ticketd:hunter2@localhost:port/ticketd",
        "postgresql://ticketd:hunter2@[::1/ticketd",
    ],
)
def test_a_wrong_database_url_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(StartupRefused) as refused:
        load({"database_url": url}, {})
    assert "hunter2" not in str(refused.value)
    assert "%2F" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["postgresql:///ticketd", "postgres://u:p%2F@/ticketd?host=/tmp", "postgresql://a:1,b:2/ticketd"],
)
def test_a_database_url_may_be_whatever_postgres_takes(url: str) -> None:
    assert load({"database_url": url}, {}).database_url == Secret(url)
