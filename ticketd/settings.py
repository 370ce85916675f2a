"""Everything that can be set, and the only reader of the environment."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, get_type_hints
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Meta

from ticketd.core.clients import Networks
from ticketd.ports import StartupRefused

ENVIRONMENT_PREFIX: Final = "TICKETD_"
CONFIG: Final = "config"
"""The flag, and with the prefix the variable, that names the TOML file."""

log = structlog.get_logger(__name__)

_Switch = Literal["on", "off"]
_Auto = Literal["auto", "on", "off"]
_POSTGRES_SCHEMES = ("postgresql://", "postgres://")
_HOST = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?")


class Secret:
    """A text that shows itself only when asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """The text itself."""
        return self._text


def _says(description: str) -> Meta:
    return Meta(description=description)


def _count(what: str, *, at_most: int = 1_000_000) -> Meta:
    return Meta(ge=1, le=at_most, description=f"{what}, 1…{at_most}")


def _seconds(what: str, *, at_most: int = 600) -> Meta:
    return Meta(gt=0, le=at_most, description=f"{what}, in seconds, above 0, at most {at_most}")


def _rate(what: str) -> Meta:
    return Meta(gt=0, le=1_000_000, description=f"{what} each second, above 0, at most 1000000")


def _networks(what: str) -> Meta:
    return _says(f"{what}: networks as 10.0.0.0/8, separated by commas")


_Port = Annotated[int, Meta(ge=0, le=65535, description="port to listen on, 0…65535; 0 is any free one")]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this process runs; the limits are named after what they count."""

    host: Annotated[str, Meta(min_length=1, description="address to listen on")] = "127.0.0.1"
    port: _Port = 8080
    data_dir: Annotated[Path, _says("directory that keeps the data")] = Path("data")
    database_url: Annotated[
        Secret | None,
        _says(
            "server in place of the embedded one, postgresql://…; in a password / is %2F, # %23, ? %3F, @ %40"
        ),
    ] = None
    demo: Annotated[bool, _says("fill an empty database with a demo: true or false")] = False
    hold_seconds: Annotated[int, _count("seconds that a reservation is held", at_most=86_400)] = 900
    rate_limit: Annotated[_Switch, _says("limits per client address: on or off")] = "on"
    address_requests_per_second: Annotated[float, _rate("orders and forms from one network")] = 50.0
    address_burst: Annotated[int, _count("orders and forms from one network at once")] = 2_000
    trusted_proxies: Annotated[Networks, _networks("proxies that are believed who the client is")] = (
        Networks()
    )
    desk_networks: Annotated[Networks, _networks("the house's own desks, without limits")] = Networks()
    secure_cookies: Annotated[_Auto, _says("cookies for TLS only: on, off or auto")] = "auto"

    reservations_in_progress_max: Annotated[int, _count("reservations asked for and not yet answered")] = (
        2_000
    )
    head_seconds_max: Annotated[float, _seconds("how long a request's headers may take")] = 10.0
    read_seconds_max: Annotated[float, _seconds("how long a client may stop reading its answer")] = 20.0
    connections_max: Annotated[int, _count("connections open at once")] = 10_000
    viewers_max: Annotated[int, _count("live views at once, of at most 80 % of the connections")] = 8_000
    viewers_per_network_max: Annotated[int, _count("live views at once from one network")] = 5_000
    mailbox_length_max: Annotated[int, _count("commands that wait for one inventory")] = 20_000
    mailbox_age_seconds_max: Annotated[float, _seconds("how long a command may wait for its turn")] = 5.0
    batch_size_max: Annotated[int, _count("commands that one inventory decides at a time")] = 1024
    group_rows_max: Annotated[int, _count("facts in one commit")] = 2048
    undurable_commands_max: Annotated[int, _count("commands decided and not yet durable")] = 8192
    answer_seconds_max: Annotated[float, _seconds("how long a guest waits for an answer")] = 10.0
    charge_seconds_max: Annotated[float, _seconds("how long the payment gateway may take")] = 30.0
    checkpoint_facts: Annotated[int, _count("facts of one inventory between checkpoints")] = 10_000
    idle_seconds: Annotated[float, _seconds("how long an idle inventory stays in memory")] = 60.0
    tentative_hold_seconds: Annotated[int, _count("seconds that a cart's parts wait", at_most=300)] = 10
    lease_seconds: Annotated[float, _seconds("how long the database stays taken without renewal")] = 3.0
    shutdown_seconds_max: Annotated[float, _seconds("how long a clean stop may take")] = 8.0
    commit_seconds_max: Annotated[float, _seconds("how long until a commit is in doubt")] = 10.0


class _Given(NamedTuple):
    source: str
    name: str
    value: object


def load(flags: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings: flags that aren't None win over the environment, which wins over the file `config`.

    StartupRefused, with one sentence, for anything that isn't a setting or can't be its value.
    """
    config = flags.get(CONFIG) or environment.get(variable(CONFIG))
    file = _from_file(Path(str(config))) if config else ()
    values: dict[str, object] = {}
    for given in (*file, *_from_environment(environment), *_from_flags(flags)):
        values[given.name] = _convert(given)
    return msgspec.structs.replace(Settings(), **values)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def option(name: str) -> str:
    """The command-line option of a setting."""
    return "--" + name.replace("_", "-")


def describe(name: str) -> str:
    """What a setting means and what it may be, as a part of a sentence."""
    return str(_meta(name).description)


def default_of(name: str) -> str:
    """A setting's default as one would type it; empty if it has none."""
    default = getattr(Settings(), name)
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case _:
            return str(default)


_TYPES: Final = get_type_hints(Settings, include_extras=True)


def _meta(name: str) -> Meta:
    (meta,) = (each for each in _TYPES[name].__metadata__ if isinstance(each, Meta))
    return meta


def _from_file(path: Path) -> Iterator[_Given]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartupRefused(f"The file {path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise StartupRefused(f"The file {path} isn't TOML: {error}.") from error
    for name, value in values.items():
        if name not in _TYPES:
            raise StartupRefused(f"The file {path} has {name!r}, which isn't a setting.")
        yield _Given(f"{name} in {path}", name, value)


def _from_environment(environment: Mapping[str, str]) -> Iterator[_Given]:
    known = {variable(name) for name in (CONFIG, *_TYPES)}
    for unknown in sorted(name for name in environment.keys() - known if name.startswith(ENVIRONMENT_PREFIX)):
        log.warning("not a setting: perhaps mistyped", variable=unknown)
    for name in _TYPES:
        if value := environment.get(variable(name)):  # an empty one counts as unset
            yield _Given(variable(name), name, value)


def _from_flags(flags: Mapping[str, object]) -> Iterator[_Given]:
    for name, value in flags.items():
        if value is not None and name != CONFIG:
            yield _Given(option(name), name, value)


def _convert(given: _Given) -> object:
    try:
        return msgspec.convert(given.value, _TYPES[given.name], strict=False, dec_hook=_parse)
    except msgspec.ValidationError as error:
        shown = "***" if given.name == "database_url" else repr(given.value)
        raise StartupRefused(f"{given.source}: {shown} isn't valid ({describe(given.name)}).") from error


def _parse(expected: type, value: object) -> object:
    if expected is Networks and isinstance(value, str):
        return Networks(value)
    if not isinstance(value, str) or not value:
        raise ValueError("no text")
    if expected is Path:
        return Path(value)
    if not _is_postgres_url(value):
        raise ValueError("not a Postgres URL")
    return Secret(value)


def _is_postgres_url(text: str) -> bool:
    """Whether it can be one: no "/" or the like in a password ends its address too early."""
    try:
        address = urlsplit(text).netloc
    except ValueError:
        return False
    hosts = address.rpartition("@")[2].split(",")
    is_whole = "@" in address or "@" not in text
    return text.startswith(_POSTGRES_SCHEMES) and is_whole and all(map(_HOST.fullmatch, hosts))
