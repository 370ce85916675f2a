"""What each of the server's statements does, recognized by the server's own constants.

A statement that doesn't stand here is an error of the simulation: nothing is guessed from its text.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from tests.simulation.postgres import Arguments, Backend, Entry, Node, Postgres, Row, Statement
from ticketd.storage import (
    catalogue,
    checkpoints,
    database,
    fence,
    group,
    guests,
    journal,
    ledger,
    secrets,
    waiting_rooms,
)

BEGIN, BEGIN_SNAPSHOT, COMMIT = "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "COMMIT"
POISONED_QUANTITY: Final = 4
"""Holding so many is what a Postgres that refuses data refuses."""

_MARK = f'"quantity":{POISONED_QUANTITY},'
_KEY_FACTS = tuple(f'{{"type":"{name}"' for name in ("Reserved", "Sealed", "Released", "Expired"))
_LEDGER_KINDS: Final = (int, int, str, str)
_ORDER_KINDS: Final = (str, int, int, str, str, int, int, int, str, str)
_ORDER_COLUMNS = (
    "organizer_id",
    "number",
    "status",
    "quantity",
    "unit_price_cents",
    "created_at",
    "ticket_codes",
    "seats",
)
_TICKET_TYPE_COLUMNS = (
    "id",
    "fact_seq",
    "organizer_id",
    "event_id",
    "code",
    "terms",
    "deleted",
    "kind",
    "capacity_id",
    "seat_map_id",
    "hidden",
)
_CHECKPOINT_COLUMNS = ("inventory_id", "fact_seq", "open_lines", "body")
_ORGANIZERS = ({"id": 1, "slug": "aurora", "name": "Aurora"},)

# -- the group


def fence_holds(node: Node | None, group_seq: int) -> bool:
    """The WHERE clause of the group statement's fence."""
    return node is not None and node.group_seq == group_seq and not node.fenced


def _write_group(backend: Backend, arguments: Arguments) -> list[Row]:
    server = backend.server
    inc, group_seq, *columns = arguments
    node = server.nodes.get(inc)
    if node is None or not fence_holds(node, group_seq):
        return []
    rows = _rows(columns[:4], _LEDGER_KINDS)
    _refuse_bad(server, rows)
    node.group_seq = group_seq + 1
    server.commits += 1
    for inventory_id, seq, reservation_id, body in rows:
        entry = Entry(inventory_id, seq, reservation_id, body, inc, server.now(), server.commits)
        server.ledger.setdefault(inventory_id, {})[seq] = entry
    if len(columns) > 4:
        _write_orders(server, columns[4:14])
    if len(columns) > 14:
        _write_ticket_types(server, columns[14:])
    server.on_write()
    return [Row(inc=inc)]


def _rows(columns: Sequence[str], kinds: Sequence[Callable[[str], Any]]) -> list[tuple[Any, ...]]:
    """`unnest(string_to_array(…), …)`: a value a line, "" for NULL."""
    split = [
        [kind(each) if each else None for each in column.split("\n")]
        for column, kind in zip(columns, kinds, strict=True)
    ]
    return list(zip(*split, strict=True)) if any(columns) else []


def _refuse_bad(server: Postgres, rows: Sequence[tuple[int, int, str | None, str]]) -> None:
    for inventory_id, seq, _, body in rows:
        if seq in server.ledger.get(inventory_id, ()):
            server.collisions += 1
            raise asyncpg.UniqueViolationError("ledger_pkey")
        if server.refuses_data and _MARK in body:
            raise asyncpg.DataError("marked")


def _write_orders(server: Postgres, columns: Sequence[str]) -> None:
    for reservation_id, inventory_id, *order in _rows(columns, _ORDER_KINDS):
        row = Row(zip(_ORDER_COLUMNS, order, strict=True))
        row["ticket_codes"] = tuple((row["ticket_codes"] or "").split())
        known = server.orders.setdefault((reservation_id, inventory_id), row)
        known |= {"status": row["status"], "ticket_codes": row["ticket_codes"]}


def _write_ticket_types(server: Postgres, columns: Sequence[list[Any]]) -> None:
    for ticket_type in zip(*columns, strict=True):
        server.ticket_types[ticket_type[0]] = Row(zip(_TICKET_TYPE_COLUMNS, ticket_type, strict=True))


def bump(group_seq: int, asked_about: int) -> int:
    """What the question about a group in doubt does to group_seq."""
    return group_seq + (2 if group_seq in (asked_about, asked_about + 1) else 0)


def _resolve(backend: Backend, arguments: Arguments) -> list[Row]:
    inc, before = arguments
    node = backend.server.nodes.get(inc)
    if node is None or node.fenced:
        return []
    node.group_seq = bump(node.group_seq, before)
    return [Row(group_seq=node.group_seq)]


# -- reading the ledger


def _unfinished(backend: Backend, _: Arguments) -> list[Row]:
    server = backend.server
    return [Row(id=each) for each in sorted(server.ticket_types) if _is_unfinished(server, each)]


def _is_unfinished(server: Postgres, inventory_id: int) -> bool:
    checkpoint = server.checkpoints.get(inventory_id, Row(open_lines=0, fact_seq=0))
    newest = max(server.ledger.get(inventory_id, ()), default=0)
    return bool(checkpoint["open_lines"] > 0 or newest > checkpoint["fact_seq"])


def _checkpoints(backend: Backend, arguments: Arguments) -> list[Row]:
    seen = backend.snapshot.checkpoints if backend.snapshot else backend.server.checkpoints
    return [
        Row(inventory_id=each, body=seen[each]["body"]) for each in sorted(set(arguments[0])) if each in seen
    ]


def _visible(backend: Backend, inventory_id: int, from_seq: int) -> list[Entry]:
    """The inventory's rows from there on, in the order of the primary key."""
    commits = backend.snapshot.commits if backend.snapshot else backend.server.commits
    rows = backend.server.ledger.get(inventory_id, {})
    return [rows[seq] for seq in sorted(rows) if seq >= from_seq and rows[seq].commit <= commits]


def _replay(backend: Backend, arguments: Arguments) -> list[Row]:
    return [
        Row(inventory_id=inventory_id, fact_seq=entry.fact_seq, body=entry.body)
        for inventory_id, from_seq in zip(*arguments, strict=True)
        for entry in _visible(backend, inventory_id, from_seq)
    ]


def _keys(backend: Backend, arguments: Arguments) -> list[Row]:
    inventory_id, from_seq, to_seq = arguments
    found = [
        f"[{entry.fact_seq},{entry.body}]"
        for entry in _visible(backend, inventory_id, from_seq)
        if entry.fact_seq <= to_seq and entry.body.startswith(_KEY_FACTS)
    ]
    return [Row(facts=f"[{','.join(found)}]")]


def _fact(backend: Backend, arguments: Arguments) -> list[Row]:
    inventory_id, seq = arguments
    return [Row(body=entry.body) for entry in _visible(backend, inventory_id, seq)[:1]]


def _history(backend: Backend, arguments: Arguments) -> list[Row]:
    reservation_id, inventory_id = arguments
    rows = backend.server.ledger.get(inventory_id, {})
    indexed = [each for each in rows.values() if each.reservation_id == reservation_id]
    named = max(map(_line_seq, indexed), default=0)
    found = {entry.fact_seq for entry in indexed} | ({named} & rows.keys())
    return [Row(fact_seq=seq, body=rows[seq].body) for seq in sorted(found)]


def _line_seq(entry: Entry) -> int:
    """The fact that this one names as the one that reserved its line; 0 if it names none."""
    line_seq: int = msgspec.json.decode(entry.body).get("line_seq", 0)
    return line_seq


# -- the fence


def _try_lock(backend: Backend, _: Arguments) -> list[Row]:
    server = backend.server
    if server.lock_holder is None:
        server.lock_holder = backend
        server.on_write()
    return [Row(got=server.lock_holder is backend)]


def _holder(backend: Backend, _: Arguments) -> list[Row]:
    node = max(_unfenced(backend.server), key=lambda each: each.inc, default=None)
    if node is None:
        return []
    live = node.lease_until > backend.server.now()
    return [Row(inc=node.inc, lease_until=node.lease_until, live=live)]


def _unfenced(server: Postgres, _: Arguments = ()) -> list[Node]:
    return [node for node in server.nodes.values() if not node.fenced]


def _own_node(server: Postgres, arguments: Arguments) -> list[Node]:
    node = server.nodes.get(arguments[0])
    return [] if node is None else [node]


def _no_node(server: Postgres, arguments: Arguments) -> list[Node]:
    return []


def _evict(backend: Backend, arguments: Arguments) -> list[Row]:
    server = backend.server
    node = server.nodes[arguments[0]]
    if node.lease_until >= server.now():
        return []
    _fence(server, node)
    holder = server.lock_holder
    if holder is None:
        return []
    holder.end()
    return [Row(ended=True)]


def _fence_all(backend: Backend, _: Arguments) -> list[Row]:
    for node in _unfenced(backend.server):
        _fence(backend.server, node)
    return []


def _fence(server: Postgres, node: Node) -> None:
    if node.fenced_at is None:
        node.fenced_at = server.now()


def _enter(backend: Backend, arguments: Arguments) -> list[Row]:
    server = backend.server
    inc = len(server.nodes) + 1
    server.nodes[inc] = Node(inc, server.now() + arguments[0], owner=backend.owner)
    return [Row(inc=inc)]


def _renew(backend: Backend, arguments: Arguments) -> list[Row]:
    inc, seconds = arguments
    node = backend.server.nodes.get(inc)
    if node is None or node.fenced:
        return []
    node.lease_until = backend.server.now() + seconds
    return [Row(now=backend.server.clock_microseconds())]


def _leave(backend: Backend, arguments: Arguments) -> list[Row]:
    node = backend.server.nodes[arguments[0]]
    _fence(backend.server, node)
    node.lease_until = backend.server.now()
    return []


def _still_serves(backend: Backend, arguments: Arguments) -> list[Row]:
    node = backend.server.nodes.get(arguments[0])
    if node is None or node.fenced:
        return []
    backend.server.on_write()
    return [Row(serves=True)]


# -- the rest


def _clock(backend: Backend, _: Arguments) -> list[Row]:
    return [Row(now=backend.server.clock_microseconds())]


def _ticket_types(backend: Backend, _: Arguments) -> list[Row]:
    return [row for row in backend.server.ticket_types.values() if not row["deleted"]]


def _events(backend: Backend, _: Arguments) -> list[Row]:
    return backend.server.events


def _remember(backend: Backend, arguments: Arguments) -> list[Row]:
    incarnation, *columns = arguments
    serves = _still_serves(backend, (incarnation,))
    if serves:
        backend.server.guests.update({row[0]: row[1:] for row in zip(*columns, strict=True)})
    return serves


def _write_checkpoints(backend: Backend, arguments: Arguments) -> list[Row]:
    names = ("inventory_id", "fact_seq", "open_lines", "body")
    rows = [Row(zip(names, row, strict=True)) for row in zip(*arguments, strict=True)]

    def write() -> None:
        known = backend.server.checkpoints
        for row in rows:
            if row["fact_seq"] > known.get(row["inventory_id"], {"fact_seq": -1})["fact_seq"]:
                known[row["inventory_id"]] = row

    backend.write(write)
    return [Row(count=len(rows))]


def _begin(*, repeatable_read: bool) -> Callable[[Backend, Arguments], list[Row]]:
    def run(backend: Backend, _: Arguments) -> list[Row]:
        backend.begin(repeatable_read=repeatable_read)
        return []

    return run


def _commit(backend: Backend, _: Arguments) -> list[Row]:
    backend.commit()
    return []


def _answers(*rows: Row) -> Callable[[Backend, Arguments], list[Row]]:
    return lambda _, __: list(rows)


STATEMENTS: Final = {
    **dict.fromkeys(group.STATEMENTS, Statement(_write_group, _own_node)),
    journal.RESOLVE: Statement(_resolve, _own_node),
    ledger.UNFINISHED: Statement(_unfinished, _no_node),
    ledger.CHECKPOINTS: Statement(_checkpoints, _no_node),
    ledger.REPLAY: Statement(_replay, _no_node),
    ledger.KEYS: Statement(_keys, _no_node),
    ledger.FACT: Statement(_fact, _no_node),
    database.NOW: Statement(_clock, _no_node),
    ledger.HISTORY: Statement(_history, _no_node),
    fence.TRY_LOCK: Statement(_try_lock, _no_node),
    fence.HOLDER: Statement(_holder, _no_node),
    fence.HAS_NODES: Statement(_answers(Row(has=True)), _no_node),
    fence.FENCE_ALL: Statement(_fence_all, _unfenced),
    fence.EVICT: Statement(_evict, _own_node),
    fence.FORGET_OLD: Statement(_answers(), _no_node),
    fence.ENTER: Statement(_enter, _no_node),
    fence.RENEW: Statement(_renew, _own_node),
    fence.LEAVE: Statement(_leave, _own_node),
    database.STILL_SERVES: Statement(_still_serves, _own_node),
    catalogue.ORGANIZERS: Statement(_answers(*_ORGANIZERS), _no_node),
    catalogue.EVENTS: Statement(_events, _no_node),
    catalogue.VENUES: Statement(_answers(), _no_node),
    waiting_rooms.WAITING_ROOMS: Statement(_answers(), _no_node),
    secrets.KEEP: Statement(_answers(), _no_node),
    secrets.READ: Statement(_answers(Row(value=b"a secret of the simulation, long enough")), _no_node),
    catalogue.TICKET_TYPES: Statement(_ticket_types, _no_node),
    checkpoints.WRITE: Statement(_write_checkpoints, _no_node),
    guests.REMEMBER: Statement(_remember, _own_node),
    BEGIN: Statement(_begin(repeatable_read=False), _no_node),
    BEGIN_SNAPSHOT: Statement(_begin(repeatable_read=True), _no_node),
    COMMIT: Statement(_commit, _no_node),
}
