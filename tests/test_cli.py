"""The command line: what it prints, and with which exit code it ends."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg
import click
import pytest

from ticketd.cli import checks, cli, main
from ticketd.ports import StartupRefused
from ticketd.settings import Secret, Settings, describe, variable

PASSWORD = "correct horse battery staple"
Run = Callable[..., "Ended"]


class Ended(NamedTuple):
    """How a command ended."""

    exit_code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in [name for name in os.environ if name.startswith("TICKETD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("ticketd.logs.configure", lambda: None)

    def run(*arguments: str, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, *capsys.readouterr())

    return run


class Server:
    """Stands where `ticketd.server` does, and starts nothing."""

    def __init__(self) -> None:
        self.started_with: list[Settings] = []
        self.exit_code = 0
        self.refusal = ""

    def serve(self, settings: Settings) -> int:
        self.started_with.append(settings)
        if self.refusal:
            raise StartupRefused(self.refusal)
        return self.exit_code


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setitem(sys.modules, "ticketd.server", server)
    return server


def _commands(group: click.Group) -> Iterator[Sequence[str]]:
    for name, command in group.commands.items():
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, *rest) for rest in _commands(command))


# -- serve


def test_serve_takes_its_settings_from_its_options(run: Run, server: Server) -> None:
    url = "postgresql://ticketd@/ticketd"
    options = ["--host", "::1", "--port", "0", "--data-dir", "/x", "--database-url", url, "--demo"]
    assert run("serve", *options).exit_code == 0
    expected = Settings(host="::1", port=0, data_dir=Path("/x"), database_url=Secret(url), demo=True)
    assert server.started_with == [expected]


def test_serve_without_options_takes_the_environment_and_the_file(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ticketd.toml"
    file.write_text("demo = true\nport = 1\n")
    monkeypatch.setenv("TICKETD_PORT", "2")
    assert run("serve", "--config", str(file)).exit_code == 0
    assert server.started_with == [Settings(demo=True, port=2)]


def test_serve_ends_with_the_servers_exit_code(run: Run, server: Server) -> None:
    server.exit_code = 3
    assert run("serve").exit_code == 3


def test_a_refusal_to_start_is_one_line_and_exit_code_2(run: Run, server: Server) -> None:
    server.refusal = "The database is in use."
    assert run("serve") == Ended(2, "", "ticketd: The database is in use.\n")


@pytest.mark.parametrize("arguments", [("--port", "65536"), ("--port", "http"), ("--config", "/none.toml")])
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    run: Run, server: Server, arguments: Sequence[str]
) -> None:
    ended = run("serve", *arguments)
    assert (ended.exit_code, ended.out, server.started_with) == (2, "", [])
    assert len(ended.err.splitlines()) == 1


def test_an_unknown_option_is_exit_code_2(run: Run) -> None:
    assert run("serve", "--prot", "80").exit_code == 2


# -- help


@pytest.mark.parametrize("command", [(), *_commands(cli)], ids=" ".join)
def test_every_command_and_each_of_its_options_explains_itself(run: Run, command: Sequence[str]) -> None:
    ended = run(*command, "--help")
    assert ended.exit_code == 0
    found: click.Command = cli
    for name in command:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    assert found.help
    assert all(option.help for option in found.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_the_help_of_serve_names_every_setting_and_its_variable(run: Run, name: str) -> None:
    text = " ".join(run("serve", "--help").out.split())
    assert variable(name) in text
    assert describe(name).lower() in text.lower()


# -- doctor


def test_doctor_finds_nothing_wrong_with_a_good_server(run: Run, database_url: str, tmp_path: Path) -> None:
    ended = run("doctor", "--database-url", database_url, "--data-dir", str(tmp_path))
    assert "BAD" not in ended.out
    assert ended.exit_code == 0
    checks = [line[5:19].strip() for line in ended.out.splitlines()]
    assert checks == [
        "python",
        "data directory",
        "disk",
        "database",
        "safe settings",
        "schema",
        "held by",
    ]


@pytest.fixture
async def occupied_url(database_url: str, pool: asyncpg.Pool) -> str:
    """A database that a running server holds."""
    await pool.execute("INSERT INTO node (inc, name, lease_until) VALUES (7, 'box-1', now() + '1 hour')")
    return database_url


def test_doctor_says_who_holds_the_database(run: Run, occupied_url: str, tmp_path: Path) -> None:
    ended = run("doctor", "--database-url", occupied_url, "--data-dir", str(tmp_path))
    assert "box-1 (incarnation 7" in ended.out


def test_doctor_finds_an_unreachable_database_and_ends_with_1(run: Run, tmp_path: Path) -> None:
    url = f"postgresql://ticketd:hunter2@/ticketd?host={tmp_path}"
    ended = run("doctor", "--database-url", url, "--data-dir", str(tmp_path))
    assert ended.exit_code == 1
    assert "BAD  database" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_doctor_finds_a_data_directory_that_is_a_file(run: Run, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    ended = run("doctor", "--database-url", database_url, "--data-dir", str(tmp_path / "data"))
    assert ended.exit_code == 1
    assert "BAD  data directory" in ended.out


def test_doctor_finds_a_full_disk(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "DISK_FREE_BYTES_MIN", 2**62)
    ended = run("doctor", "--data-dir", str(tmp_path))
    assert ended.exit_code == 1
    assert "BAD  disk" in ended.out


def test_doctor_makes_nothing_where_nothing_is_yet(run: Run, tmp_path: Path) -> None:
    ended = run("doctor", "--data-dir", str(tmp_path / "data"))
    assert ended.exit_code == 0
    assert "none yet" in ended.out
    assert not (tmp_path / "data").exists()


# -- migrate, owners, tokens


def test_migrate_says_what_it_did(run: Run, tmp_path: Path) -> None:
    first = run("migrate", "--data-dir", str(tmp_path))
    again = run("migrate", "--data-dir", str(tmp_path))
    assert first.exit_code == again.exit_code == 0
    assert "applied 0001_first" in first.out
    assert again.out == "up to date\n"


def test_an_owner_is_added_once_and_gets_tokens(run: Run, database_url: str) -> None:
    options = ("--database-url", database_url)
    added = run(
        "owner",
        "add",
        "Ada@Example.org",
        "--name",
        "Ada",
        "--password-stdin",
        *options,
        stdin=f"{PASSWORD}\n",
    )
    assert added == Ended(0, "added ada@example.org\n", "")
    again = run("owner", "add", "ada@example.org", "--password-stdin", *options, stdin=PASSWORD)
    assert again.exit_code == 1
    assert "already" in again.err

    token = run("token", "add", "ada@example.org", *options)
    assert token.exit_code == 0
    assert len(token.out.strip()) >= 32
    assert run("token", "revoke", "1", *options).exit_code == 0
    listed = run("token", "list", *options).out
    assert listed.startswith("1\tada@example.org\t")
    assert listed.endswith("\trevoked\n")
    assert token.out.strip() not in listed


@pytest.fixture
async def read_only_url(database_url: str, pool: asyncpg.Pool) -> str:
    """A database that an administrator has closed for writing."""
    name = await pool.fetchval("SELECT current_database()")
    await pool.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    return database_url


def test_a_database_that_cannot_be_written_is_one_sentence_and_exit_code_1(
    run: Run, read_only_url: str
) -> None:
    ended = run(
        "owner", "add", "ada@example.org", "--password-stdin", "--database-url", read_only_url, stdin=PASSWORD
    )
    assert ended.exit_code == 1
    assert ended.err.startswith("Error: The database can't be used: cannot execute")


def test_doctor_stops_at_settings_that_are_unsafe(run: Run, read_only_url: str, tmp_path: Path) -> None:
    ended = run("doctor", "--database-url", read_only_url, "--data-dir", str(tmp_path))
    assert ended.exit_code == 1
    assert ended.out.splitlines()[-1].startswith("BAD  safe settings")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("owner", "add", "no-address", "--password-stdin"), "This isn't an e-mail address."),
        (
            ("owner", "password", "nobody@example.org", "--password-stdin"),
            "No owner has this e-mail address.",
        ),
        (("owner", "grant", "nobody@example.org", "slug"), "No owner has this e-mail address."),
        (("token", "add", "nobody@example.org"), "No owner has this e-mail address."),
        (("token", "list", "nobody@example.org"), "No owner has this e-mail address."),
        (("token", "revoke", "99"), "There is no such token."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_with_exit_code_1(
    run: Run, database_url: str, arguments: Sequence[str], sentence: str
) -> None:
    ended = run(*arguments, "--database-url", database_url, stdin=PASSWORD)
    assert (ended.exit_code, ended.out) == (1, "")
    assert sentence in ended.err


def test_a_short_password_is_refused_without_being_repeated(run: Run, database_url: str) -> None:
    ended = run(
        "owner", "add", "ada@example.org", "--password-stdin", "--database-url", database_url, stdin="short"
    )
    assert ended.exit_code == 1
    assert "8 to" in ended.err
    assert "short" not in ended.err


def test_a_password_is_asked_for_twice(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return PASSWORD

    monkeypatch.setattr("click.termui.hidden_prompt_func", answer)
    assert run("owner", "add", "ada@example.org", "--database-url", database_url).exit_code == 0
    assert len(asked) == 2


def test_an_unreachable_database_is_one_sentence_and_exit_code_1(run: Run, tmp_path: Path) -> None:
    ended = run("token", "list", "--database-url", f"postgresql://ticketd@/ticketd?host={tmp_path}")
    assert ended.exit_code == 1
    assert ended.err.startswith("Error: The database can't be used")
    assert os.strerror(errno.ENOENT) in ended.err
