"""Answers in time: work goes on by itself when whoever asked for it can't wait any longer."""

import asyncio
from typing import Any, TypeVar

from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal

T = TypeVar("T")


def is_in_doubt(outcome: Outcome) -> bool:
    """Whether a command may or may not have happened, or still may."""
    return isinstance(outcome, Refusal) and outcome.reason is Reason.OVERLOADED


async def in_time(work: asyncio.Task[T], *, seconds_max: float) -> T | Refusal:
    """What it comes to. OVERLOADED if that takes longer than an answer may: the work goes on."""
    await asyncio.wait({work}, timeout=seconds_max)
    return work.result() if work.done() else TRY_AGAIN


def hear(work: asyncio.Task[Any]) -> None:
    """As a task's callback: nobody may be there any more to hear of its fault."""
    if not work.cancelled():
        work.exception()
