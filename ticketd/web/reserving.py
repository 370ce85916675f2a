"""From a guest's lines to a reservation, by whatever way they came in."""

from collections.abc import Sequence

from ticketd.core.clients import Client
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.door import Visitor
from ticketd.services.sales import Granted, LineRequest
from ticketd.web.context import Services


async def reserve_lines(
    services: Services,
    client: Client,
    lines: Sequence[LineRequest],
    key: str | None,
    access_code: str,
    visitor: Visitor,
) -> Granted | Refusal:
    """All of it held; TOO_MANY_REQUESTS where access codes are guessed."""
    if not access_code:
        return await services.sales.reserve(lines, key, access_code, visitor)
    limits = services.request_limits
    refusal = limits.guess_refusal(client, services.clock.now())
    if refusal is not None:
        return refusal
    granted = await services.sales.reserve(lines, key, access_code, visitor)
    if isinstance(granted, Refusal) and granted.reason is Reason.FORBIDDEN:
        limits.guessed_wrong(client, services.clock.now())
    return granted
