"""The web server that the peers share: the same validation, answers and headers as ticketd's.

One ticket type in a request is all that they are measured by, so they refuse more. Nothing expires and no key
is forgotten here, which is to their advantage.
"""

import asyncio
import gc
import hashlib
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec
import uvloop
from aiohttp import hdrs, web
from asyncpg.pool import PoolConnectionProxy

from bench.subjects import CAPACITY, LISTENING
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.reservations import ReservationStatus
from ticketd.embedded import EmbeddedPostgres
from ticketd.server import COLLECTOR_THRESHOLDS
from ticketd.web.api import shapes
from ticketd.web.api.bodies import BodyReader
from ticketd.web.errors import answering
from ticketd.web.parsing import BODY_BYTES_MAX, RefusedRequest
from ticketd.web.problems import PRIVATE_HEADERS, problem

KEY_LENGTHS = range(16, 256)
RANDOM_BYTES = 24

_SCHEMA = """
CREATE TABLE ticket_type (
    id                  integer PRIMARY KEY,
    name                text NOT NULL,
    capacity            integer NOT NULL,
    sold                integer NOT NULL DEFAULT 0 CHECK (sold BETWEEN 0 AND capacity),
    price_cents         integer NOT NULL,
    max_per_reservation integer NOT NULL,
    on_sale_at          timestamptz,
    off_sale_at         timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE reservation (
    id               text COLLATE "C" PRIMARY KEY,
    number           bigint GENERATED ALWAYS AS IDENTITY,
    ticket_type_id   integer NOT NULL,
    status           text NOT NULL DEFAULT 'held',
    quantity         integer NOT NULL,
    unit_price_cents integer NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
    key_digest       bytea
);
CREATE UNIQUE INDEX reservation_key ON reservation (key_digest) WHERE key_digest IS NOT NULL;
"""
_ON_SALE = "INSERT INTO ticket_type VALUES (1, 'Block 1', $1, 0, 1500, 10)"


class Wanted(NamedTuple):
    """A valid request, and the id that its reservation will have."""

    reservation_id: str
    ticket_type_id: int
    quantity: int
    key_digest: bytes | None


class Made(NamedTuple):
    """A row of the table, its ticket type's name beside it; `repeated` when the key had made it before."""

    row: asyncpg.Record
    repeated: bool = False


Reserve = Callable[[asyncpg.Pool, Wanted], Awaitable[Made | Refusal]]
"""How a peer makes a reservation durable."""


def serve(reserve: Reserve) -> None:
    """Run the shop on the data directory and with the pool size that the command line names."""
    data_dir, pool_size = sys.argv[1:]
    postgres = EmbeddedPostgres(Path(data_dir))
    postgres.start()
    try:
        uvloop.run(_serve(reserve, postgres.dsn, int(pool_size)))
    finally:
        postgres.stop()


async def _serve(reserve: Reserve, dsn: str, pool_size: int) -> None:
    # asyncpg would send "RESET ALL" after every use: nothing here changes a session.
    pool = await asyncpg.create_pool(dsn, min_size=pool_size, max_size=pool_size, reset=_leave_as_it_is)
    async with pool:
        await open_sale(pool, capacity=CAPACITY)
        runner = web.AppRunner(application(reserve, pool), access_log=None, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gc.collect()  # as ticketd does
        gc.freeze()
        gc.set_threshold(*COLLECTOR_THRESHOLDS)
        sys.stdout.write(f"{LISTENING}http://127.0.0.1:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def open_sale(pool: asyncpg.Pool, *, capacity: int) -> None:
    """Make the tables of an empty database, with ticket type 1 on sale."""
    await pool.execute(_SCHEMA)
    await pool.execute(_ON_SALE, capacity)


def application(reserve: Reserve, pool: asyncpg.Pool) -> web.Application:
    """The one URL that is measured."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/api/v1/reservations", answering(_handler(reserve, pool)))
    return app


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """No statement, no round trip."""


def _handler(reserve: Reserve, pool: asyncpg.Pool) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    read = BodyReader(shapes.ReservationRequest).read
    encode = msgspec.json.Encoder().encode
    headers = {**PRIVATE_HEADERS, hdrs.CONTENT_TYPE: "application/json"}

    async def handle(request: web.Request) -> web.StreamResponse:
        key = _key(request)
        made = await reserve(pool, _wanted((await read(request)).lines, key))
        if isinstance(made, Refusal):
            return problem(made)
        shape = _shape(made.row)
        if made.repeated:
            return web.Response(body=encode(shape), headers=headers)
        location = {hdrs.LOCATION: f"/api/v1/reservations/{shape.id}"}
        return web.Response(body=encode(shape), status=201, headers=headers | location)

    return handle


def _key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or (len(key) in KEY_LENGTHS and key.isascii() and key.isprintable()):
        return key
    raise RefusedRequest(invalid("Idempotency-Key", "16 to 255 printable ASCII characters."))


def _wanted(lines: tuple[shapes.Line, ...], key: str | None) -> Wanted:
    line, *others = lines
    if others:
        raise RefusedRequest(invalid("lines", "One ticket type at a time."))
    scoped = (
        None if key is None else hashlib.blake2b(f"{line.ticket_type_id}\n{key}".encode(), digest_size=16)
    )
    return Wanted(
        secrets.token_urlsafe(RANDOM_BYTES),
        line.ticket_type_id,
        line.quantity,
        None if scoped is None else scoped.digest(),
    )


def _shape(row: asyncpg.Record) -> shapes.Reservation:
    ticket_type_id, quantity, unit_price_cents = (
        row["ticket_type_id"],
        row["quantity"],
        row["unit_price_cents"],
    )
    line = shapes.ReservationLine(ticket_type_id, row["name"], quantity, (), unit_price_cents)
    return shapes.Reservation(
        row["id"],
        f"{ticket_type_id}-{row['number']}",
        ReservationStatus.HELD,
        _format(row["created_at"]),
        _format(row["expires_at"]),
        (line,),
        quantity * unit_price_cents,
        "EUR",
        (),
    )


def _format(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


# -- what both need off the hot path

_BY_KEY = """
SELECT reservation.*, ticket_type.name
FROM reservation JOIN ticket_type ON ticket_type.id = ticket_type_id
WHERE key_digest = $1
"""


async def made_before(
    connection: asyncpg.Pool | PoolConnectionProxy, wanted: Wanted
) -> Made | Refusal | None:
    """What this key stands for already; None if it is new."""
    if wanted.key_digest is None:
        return None
    row = await connection.fetchrow(_BY_KEY, wanted.key_digest)
    if row is None:
        return None
    return Made(row, repeated=True) if row["quantity"] == wanted.quantity else Refusal(Reason.KEY_REUSED)


def refusal_of(ticket_type: asyncpg.Record | None, wanted: Wanted) -> Refusal | None:
    """Why this can't be had; None if it can."""
    if ticket_type is None:
        return Refusal(Reason.NOT_FOUND)
    now = datetime.now(UTC)
    opens, ends = ticket_type["on_sale_at"], ticket_type["off_sale_at"]
    if (opens is not None and now < opens) or (ends is not None and now >= ends):
        return Refusal(Reason.NOT_ON_SALE)
    if wanted.quantity > ticket_type["max_per_reservation"]:
        return Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=ticket_type["max_per_reservation"])
    free = ticket_type["capacity"] - ticket_type["sold"]
    return Refusal(Reason.SOLD_OUT, available=free) if wanted.quantity > free else None
