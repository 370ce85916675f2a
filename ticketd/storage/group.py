"""One group commit: what many actors decided, folded into the arguments of one statement."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec

from ticketd.core.catalogue import Listing
from ticketd.core.facts import AnyFact, Reserved
from ticketd.core.ids import InventoryId, OrganizerId, ReservationId, TicketTypeId
from ticketd.core.reservations import Line
from ticketd.ports import Batch

Columns = list[Sequence[object]]

encode_fact = msgspec.json.Encoder().encode
decode_fact = msgspec.json.Decoder(AnyFact).decode
decode_numbered_facts = msgspec.json.Decoder(list[tuple[int, AnyFact]]).decode

FENCE = """
fence AS (
    UPDATE node SET group_seq = $2 + 1 WHERE inc = $1 AND group_seq = $2 AND NOT fenced RETURNING inc
)"""


def _column(number: int, kind: str) -> str:
    """The rows' values in a parameter with a value a line, "" for NULL. asyncpg looks at each element of an
    array for a microsecond's third, in case it is an array as well; at a text it looks once."""
    return f"unnest(string_to_array(${number}, E'\\n', ''))::{kind}"


# Columns unnested side by side in a SELECT's list cost half of those in its FROM, which are stored first.
FACTS = f"""
facts AS (
    INSERT INTO ledger (inventory_id, fact_seq, reservation_id, body)
    SELECT {_column(3, "bigint")}, {_column(4, "bigint")}, {_column(5, "text")}, {_column(6, "text")}
    FROM fence
)"""  # noqa: S608 - constants only

ORDERS = f"""
orders AS (
    INSERT INTO order_line (reservation_id, ticket_type_id, organizer_id, number, status, quantity,
                            unit_price_cents, created_at, ticket_codes, seats)
    SELECT u.reservation_id, u.ticket_type_id, u.organizer_id, u.number, u.status, u.quantity,
           u.unit_price_cents, u.created_at, coalesce(string_to_array(u.ticket_codes, ' '), '{{}}'),
           coalesce(string_to_array(u.seats, E'\\t'), '{{}}')
    FROM (SELECT {_column(7, "text")} AS reservation_id, {_column(8, "bigint")} AS ticket_type_id,
                 {_column(9, "int")} AS organizer_id, {_column(10, "text")} AS number,
                 {_column(11, "text")} AS status, {_column(12, "int")} AS quantity,
                 {_column(13, "bigint")} AS unit_price_cents, {_column(14, "bigint")} AS created_at,
                 {_column(15, "text")} AS ticket_codes, {_column(16, "text")} AS seats
          FROM fence) AS u
    ON CONFLICT (reservation_id, ticket_type_id)
    DO UPDATE SET status = excluded.status, ticket_codes = excluded.ticket_codes
)"""  # noqa: S608 - constants only

TICKET_TYPES = """
ticket_types AS (
    INSERT INTO ticket_type (id, fact_seq, organizer_id, event_id, code, terms, deleted, kind, capacity_id,
                             seat_map_id, hidden)
    SELECT unnest($17::int[]), unnest($18::bigint[]), unnest($19::int[]), unnest($20::int[]),
           unnest($21::uuid[]), unnest($22::jsonb[]), unnest($23::bool[]), unnest($24::text[]),
           unnest($25::int[]), unnest($26::int[]), unnest($27::bool[])
    FROM fence
    ON CONFLICT (id)
    DO UPDATE SET fact_seq = excluded.fact_seq, terms = excluded.terms, deleted = excluded.deleted,
                  hidden = excluded.hidden
)"""


def _statement(*parts: str) -> str:
    """These parts under the fence; they don't see each other's rows, so every projection is folded to one
    final row per key before it is sent."""
    return f"WITH{','.join((FENCE, *parts))} SELECT inc FROM fence"  # noqa: S608 - constants only


FACTS_ONLY = _statement(FACTS)
FACTS_AND_ORDERS = _statement(FACTS, ORDERS)
FACTS_AND_PROJECTIONS = _statement(FACTS, ORDERS, TICKET_TYPES)
STATEMENTS = (FACTS_ONLY, FACTS_AND_ORDERS, FACTS_AND_PROJECTIONS)


class Group:
    """The folded content of some batches."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._inventory_ids: list[InventoryId] = []
        self._fact_seqs: list[int] = []
        self._reservation_ids: list[ReservationId | str] = []
        self._bodies: list[str] = []
        self._orders: dict[tuple[ReservationId, InventoryId], tuple[Line, OrganizerId]] = {}
        self._listings: dict[TicketTypeId, Listing] = {}
        for batch in batches:
            self._add(batch)

    def _add(self, batch: Batch) -> None:
        count = len(batch.facts)
        self._inventory_ids += [batch.inventory_id] * count
        self._fact_seqs += range(batch.first_seq, batch.first_seq + count)
        self._reservation_ids += [_indexed_under(fact) for fact in batch.facts]
        self._bodies += [encode_fact(fact).decode() for fact in batch.facts]
        for line in batch.orders:
            assert batch.organizer_id is not None, "orders belong to an organizer"
            self._orders[line.reservation_id, line.inventory_id] = (line, batch.organizer_id)
        for listing in batch.listings:
            self._listings[listing.ticket_type.id] = listing

    @property
    def rows(self) -> int:
        """How many facts it holds."""
        return len(self._bodies)

    @property
    def statement(self) -> str:
        """The shortest one that writes it all: what it has no rows for would cost something nevertheless."""
        if self._listings:
            return FACTS_AND_PROJECTIONS
        return FACTS_AND_ORDERS if self._orders else FACTS_ONLY

    def arguments(self) -> list[Any]:
        """The statement's arguments after incarnation and group_seq, column by column.

        ValueError if one of them can't be told from two.
        """
        columns: Columns = [self._inventory_ids, self._fact_seqs, self._reservation_ids, self._bodies]
        if self._orders or self._listings:
            columns += self._order_columns()
        arguments: list[Any] = [_joined(column) for column in columns]
        if self._listings:
            arguments += self._ticket_type_columns()
        return arguments

    def _order_columns(self) -> Columns:
        rows: list[tuple[Any, ...]] = []
        for line, organizer_id in self._orders.values():
            rows += _order_rows(line, organizer_id)
        return _columns(rows, 10)

    def _ticket_type_columns(self) -> Columns:
        rows = [
            (
                ticket_type.id,
                ticket_type.seq,
                ticket_type.profile.organizer_id,
                ticket_type.profile.event_id,
                ticket_type.profile.code,
                msgspec.json.encode(ticket_type.terms).decode(),
                listing.deleted,
                ticket_type.profile.kind.value,
                ticket_type.profile.capacity_id,
                ticket_type.profile.seat_map_id,
                ticket_type.hidden,
            )
            for listing in self._listings.values()
            for ticket_type in (listing.ticket_type,)
        ]
        return _columns(rows, 11)


def _order_rows(line: Line, organizer_id: OrganizerId) -> list[tuple[Any, ...]]:
    """A row for each ticket type, with its part of the tickets; the first of the home line has the number."""
    codes = iter(line.ticket_codes)
    seats = "\t".join(line.seats)
    number = f"{line.inventory_id}-{line.seq}" if line.is_home else ""
    rows = []
    for share in line.of_ticket_types:
        rows.append(
            (
                line.reservation_id,
                share.ticket_type_id,
                organizer_id,
                number,
                line.status,
                share.quantity,
                share.unit_price_cents,
                line.created_at,
                " ".join(islice(codes, share.quantity)),
                seats,
            )
        )
        number = ""
    return rows


def _indexed_under(fact: AnyFact) -> ReservationId | str:
    """Facts about a line are found by its reservation's id, once it has left memory.

    Not the one that reserved it, which nearly all facts are: the one that closed it names that one.
    """
    if type(fact) is not Reserved:
        return getattr(fact, "reservation_id", "")
    if not fact.reservation_id.isprintable():
        raise ValueError("no later fact about this line could be stored")
    return ""


def _joined(column: Sequence[object]) -> str:
    text = "\n".join([f"{value}" for value in column])
    if column and text.count("\n") != len(column) - 1:
        raise ValueError("a value of several lines")
    return text


def _columns(rows: list[tuple[Any, ...]], width: int) -> Columns:
    return list(zip(*rows, strict=True)) if rows else [()] * width
