"""What must hold of the ledger whoever was told what."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tests.core.soundness import content
from tests.simulation.broken import Broken
from tests.simulation.conduct import check_visitor
from tests.simulation.ledger import OPEN, Ledger, State
from tests.simulation.postgres import Postgres
from ticketd.core import facts as f
from ticketd.core.ids import InventoryId, ReservationId, TicketCode
from ticketd.core.inventory import Inventory
from ticketd.core.terms import EventWindow, SaleStatus, Terms, sale_status
from ticketd.storage.checkpoints import decode_snapshot
from ticketd.storage.group import decode_fact


def check_commits(postgres: Postgres, ledger: Ledger) -> None:
    """Facts become durable in their order, each by the incarnation that serves then."""
    for timeline in ledger.timelines.values():
        entries = [state.entry for state in timeline.states]
        for entry, following in pairwise(entries):
            if (entry.commit, entry.inc) > (following.commit, following.inc):
                raise Broken("one owner", f"{following} follows {entry}")
        for entry in entries:
            fenced_at = postgres.nodes[entry.inc].fenced_at
            if fenced_at is not None and entry.committed_at > fenced_at:
                raise Broken("a superseded process commits nothing", f"{entry}, fenced at {fenced_at}")
    if postgres.collisions:
        raise Broken("no two facts want the same place in the ledger", f"{postgres.collisions} did")


def check_decisions(ledger: Ledger) -> None:
    """Each fact was right when it was decided: sold on the terms of the moment, expired in its time."""
    for timeline in ledger.timelines.values():
        for before, state in pairwise(timeline.states):
            match state.fact:
                case f.Reserved() as fact:
                    _check_reserved(before, fact)
                case f.Expired() as fact:
                    line = timeline.lines[fact.reservation_id]
                    _check_expired(
                        fact, [each for each in line if each.entry.fact_seq <= before.entry.fact_seq]
                    )
                case _:
                    pass


def _check_reserved(before: State, fact: f.Reserved) -> None:
    if fact.guest:
        return  # a claim, which the bookkeeping checks
    check_visitor(before.conduct, fact)
    sold: list[tuple[int, int, Terms, EventWindow | None, bool]] = []
    for share in fact.shares:
        assert before.stock is not None, "shares are of a shared capacity"
        shelf = before.stock.shelves[share.ticket_type_id]
        sold.append((share.quantity, share.unit_price_cents, shelf.terms, shelf.window, shelf.exists))
    own = (fact.quantity, fact.unit_price_cents, before.terms, before.window, before.exists)
    for quantity, price_cents, terms, window, exists in sold or [own]:
        if not exists or quantity > terms.max_per_reservation:
            raise Broken("held on the terms of the moment", f"{fact} after {before}")
        if price_cents != terms.price_cents:
            raise Broken("the price of the moment is frozen", f"{fact} at {terms.price_cents}")
        if sale_status(terms, window, free=1, now=fact.at) is not SaleStatus.ON_SALE:
            raise Broken("held only while on sale", f"{fact} after {before}")


def _check_expired(fact: f.Expired, line: list[State]) -> None:
    deadlines = [
        state.fact.deadline
        for state in line
        if isinstance(state.fact, f.Reserved | f.Sealed | f.PaymentFailed)
    ]
    if fact.at < deadlines[-1]:
        raise Broken("nothing expires early", f"{fact} before {deadlines[-1]}")


def check_keys(ledger: Ledger) -> None:
    """An idempotency key makes one reservation at most; a cart that came to nothing doesn't count."""
    for inventory_id, timeline in ledger.timelines.items():
        made: Counter[str] = Counter()
        for states in timeline.lines.values():
            fact = states[0].fact
            if isinstance(fact, f.Reserved) and fact.key and is_made(states):
                made[fact.key] += 1
        twice = [key for key, count in made.items() if count > 1]
        if twice:
            raise Broken("same key, same reservation", f"inventory {inventory_id}: {twice}")


def is_made(home: list[State]) -> bool:
    """Whether a home line with these facts makes a reservation: a cart's must be sealed."""
    fact = home[0].fact
    assert isinstance(fact, f.Reserved), "a line's first fact holds it"
    return not fact.parts or any(isinstance(state.fact, f.Sealed) for state in home)


def check_carts(ledger: Ledger) -> None:
    """A sealed home line means that all others were sealed before."""
    for reservation_id, parts in carts(ledger):
        home = parts[min(parts)]
        sealed = [state.entry.commit for state in home if isinstance(state.fact, f.Sealed)]
        if not sealed:
            continue
        fact = home[0].fact
        assert isinstance(fact, f.Reserved), "a line's first fact holds it"
        for part in fact.parts:
            seals = (state for state in parts.get(part, ()) if isinstance(state.fact, f.Sealed))
            if not any(state.entry.commit <= sealed[0] for state in seals):
                raise Broken("a sealed home line is a whole cart", f"{reservation_id} lacks {part}")


def carts(ledger: Ledger) -> Iterator[tuple[ReservationId, dict[InventoryId, list[State]]]]:
    """Every cart whose home line was ever held, and its lines."""
    for inventory_id, reservation_id, states in ledger.lines():
        fact = states[0].fact
        if isinstance(fact, f.Reserved) and fact.parts and fact.parts[0] == inventory_id:
            yield reservation_id, ledger.parts(reservation_id)


def check_tickets(ledger: Ledger) -> None:
    """One ticket code for each admission, and no code twice."""
    codes: Counter[str] = Counter()
    for _, reservation_id, states in ledger.lines():
        held = states[0].fact
        for state in states:
            if isinstance(state.fact, f.Confirmed) and isinstance(held, f.Reserved):
                codes.update(state.fact.ticket_codes)
                if len(state.fact.ticket_codes) != held.quantity:
                    raise Broken("a ticket for each admission", reservation_id)
    if any(count > 1 for count in codes.values()):
        raise Broken("every ticket code is unique", str(codes.most_common(1)))


def check_settled(ledger: Ledger) -> None:
    """Nothing is open any more, and a reservation's lines have come to the same end."""
    for inventory_id, reservation_id, states in ledger.lines():
        if states[-1].status in OPEN:
            raise Broken("everything is settled in the end", f"{reservation_id} in {inventory_id}")
    for reservation_id, parts in carts(ledger):
        ends = {states[-1].status for states in parts.values()}
        if "paid" in ends and (len(ends) > 1 or not is_made(parts[min(parts)])):
            raise Broken("a cart is paid whole or not at all", f"{reservation_id}: {sorted(ends)}")


def check_projections(postgres: Postgres, ledger: Ledger) -> None:
    """The orders say what the ledger says."""
    started = {
        place: (states, codes)
        for inventory_id, reservation_id, states in ledger.lines()
        if any(isinstance(state.fact, f.PaymentStarted) for state in states)
        for place, codes in _order_rows(inventory_id, reservation_id, states)
    }
    if started.keys() != postgres.orders.keys():
        raise Broken("orders follow the ledger", str(started.keys() ^ postgres.orders.keys()))
    for place, (states, codes) in started.items():
        order, last = postgres.orders[place], states[-1]
        if (order["status"], order["ticket_codes"]) != (last.status, codes):
            raise Broken("orders follow the ledger", f"{place}: {order} but {last.status}")


def _order_rows(
    inventory_id: InventoryId, reservation_id: ReservationId, states: list[State]
) -> Iterator[tuple[tuple[ReservationId, int], tuple[TicketCode, ...]]]:
    """A row for each ticket type of a line, with its part of the tickets."""
    held, last = states[0].fact, states[-1].fact
    assert isinstance(held, f.Reserved), "a line's first fact holds it"
    codes = last.ticket_codes if isinstance(last, f.Confirmed) else ()
    for share in held.shares:
        yield (reservation_id, share.ticket_type_id), codes[: share.quantity]
        codes = codes[share.quantity :]
    if not held.shares:
        yield (reservation_id, inventory_id), codes


def check_checkpoints(postgres: Postgres) -> None:
    """A checkpoint and the facts after it tell what all facts tell."""
    for inventory_id, checkpoint in postgres.checkpoints.items():
        whole, short = Inventory(InventoryId(inventory_id)), Inventory(InventoryId(inventory_id))
        short.restore(decode_snapshot(checkpoint["body"]))
        rows = postgres.ledger[inventory_id]
        facts = [decode_fact(rows[seq].body) for seq in sorted(rows)]
        for seq, fact in enumerate(facts, 1):
            whole.replay(seq, fact)
            short.replay(seq, fact)
        guests = {fact.guest for fact in facts if isinstance(fact, f.Reserved)}
        taken = [[each.guests.taken_by(guest) for guest in guests] for each in (whole, short)]
        if content(whole) != content(short) or taken[0] != taken[1]:
            raise Broken("a checkpoint tells what the ledger tells", f"inventory {inventory_id}")
