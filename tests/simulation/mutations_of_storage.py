"""Safeguards of the journal and of the actors that wait for it, each switched off."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.simulation import network, statements
from tests.simulation.mutation import Mutation, Patches, into
from tests.simulation.postgres import Node
from ticketd.actors.mailbox import Envelope
from ticketd.actors.ticket_type import TicketTypeActor
from ticketd.core import facts as f
from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import Refusal
from ticketd.ports import Author, Batch, Superseded
from ticketd.storage.journal import Handed, PostgresJournal

OF_STORAGE: Final[list[Mutation]] = []


# -- one owner


@into(OF_STORAGE, "the group statement ignores the fence")
def _() -> Patches:
    def holds(node: Node | None, group_seq: int) -> bool:
        return node is not None and node.group_seq == group_seq

    return [(statements, "fence_holds", holds)]


@into(OF_STORAGE, "the group statement ignores group_seq")
def _() -> Patches:
    return [(statements, "fence_holds", lambda node, _: node is not None and not node.fenced)]


@into(OF_STORAGE, "a new process doesn't fence the old one")
def _() -> Patches:
    return [(statements, "_fence", lambda server, node: None)]


@into(OF_STORAGE, "a paused process may hold its node row for ever")
def _() -> Patches:
    return [(network, "_seconds", _no_limit("idle_in_transaction_session_timeout"))]


@into(OF_STORAGE, "a paused process may hold the lock for ever")
def _() -> Patches:
    return [(network, "_seconds", _no_limit("idle_session_timeout"))]


def _no_limit(but: str) -> Callable[[Mapping[str, str], str], float | None]:
    seconds = network._seconds
    return lambda settings, name: None if name == but else seconds(settings, name)


# -- acknowledged is durable


@into(OF_STORAGE, "answers leave before durability")
def _() -> Patches:
    append = PostgresJournal.append

    def answer_and_append(journal: PostgresJournal, batch: Batch, author: Author) -> None:
        assert isinstance(author, TicketTypeActor)
        for envelope, outcome in author._undurable[-1].answers:
            envelope.answer(outcome)
        append(journal, batch, author)

    return [(PostgresJournal, "append", answer_and_append)]


@into(OF_STORAGE, "a refusal doesn't wait for what it was judged against")
def _() -> Patches:
    hand_over = TicketTypeActor._hand_over

    def answer_noes(
        actor: TicketTypeActor, facts: list[f.AnyFact], answers: list[tuple[Envelope, Outcome]]
    ) -> None:
        for envelope, outcome in answers:
            if isinstance(outcome, Refusal):
                envelope.answer(outcome)
        hand_over(actor, facts, answers)

    return [(TicketTypeActor, "_hand_over", answer_noes)]


@into(OF_STORAGE, "a group in doubt is taken for committed")
def _() -> Patches:
    return _guessed(committed=True)


@into(OF_STORAGE, "a group in doubt is taken for not committed")
def _() -> Patches:
    return _guessed(committed=False)


def _guessed(*, committed: bool) -> Patches:
    resolve = PostgresJournal._resolve

    async def guess(journal: PostgresJournal) -> bool:
        await resolve(journal)
        return committed

    return [(PostgresJournal, "_resolve", guess)]


@into(OF_STORAGE, "the question about a doubt doesn't bump group_seq")
def _() -> Patches:
    async def look(journal: PostgresJournal) -> bool:
        before = journal._group_seq
        found = await journal._bump(before)
        if found is None:
            raise Superseded
        journal._group_seq = found
        return found == before + 1

    return [
        (statements, "bump", lambda group_seq, _: group_seq),
        (PostgresJournal, "_resolve", look),
    ]


# -- what the database refuses


@into(OF_STORAGE, "an actor isn't reloaded after a lost batch")
def _() -> Patches:
    lost = TicketTypeActor.lost

    def go_on(actor: TicketTypeActor, batch: Batch) -> None:
        actor._reload = lambda same: same.start(same.inventory)
        lost(actor, batch)

    return [(TicketTypeActor, "lost", go_on)]


@into(OF_STORAGE, "what was decided on top of a lost group survives")
def _() -> Patches:
    lose = PostgresJournal._lose

    def keep(journal: PostgresJournal, handed: list[Handed]) -> None:
        pending = journal._pending
        lose(journal, handed)
        journal._pending = pending

    return [(PostgresJournal, "_lose", keep)]


@into(OF_STORAGE, "nobody hears that a group was lost")
def _() -> Patches:
    return [(PostgresJournal, "_lose", lambda journal, handed: None)]


@into(OF_STORAGE, "a poisoned command is decided again for ever")
def _() -> Patches:
    def lost(actor: TicketTypeActor, batch: Batch) -> None:
        actor._alone.extend(envelope for turn in actor._undurable for envelope, _ in turn.answers)
        actor._undurable.clear()
        actor._undurable_commands = 0
        actor.loaded = False
        actor._reload(actor)

    return [(TicketTypeActor, "lost", lost)]


# -- checkpoints


@into(OF_STORAGE, "a checkpoint is written before its facts are durable")
def _() -> Patches:
    append = PostgresJournal.append

    def hasten(journal: PostgresJournal, batch: Batch, author: Author) -> None:
        if batch.checkpoint is not None:
            journal._checkpoints.put(batch.inventory_id, batch.checkpoint)
        append(journal, batch, author)

    return [(PostgresJournal, "append", hasten)]
