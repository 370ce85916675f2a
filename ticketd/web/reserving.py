"""From a guest's lines to a reservation, by whatever way they came in."""

from collections.abc import Sequence

from aiohttp import web

from ticketd.core.refusals import Reason, Refusal
from ticketd.services.door import Visitor
from ticketd.services.sales import Granted, LineRequest
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES
from ticketd.web.conversations import crowded


async def reserve_lines(
    request: web.Request, lines: Sequence[LineRequest], key: str | None, access_code: str, visitor: Visitor
) -> Granted | Refusal:
    """All of it held; OVERLOADED if too many are at it, TOO_MANY_REQUESTS where access codes are guessed."""
    services = request.app[SERVICES]
    refusal = crowded(request)
    if refusal is not None:
        return refusal
    if not access_code:
        return await services.sales.reserve(lines, key, access_code, visitor)
    client, limits = client_of(request), services.request_limits
    refusal = limits.guess_refusal(client, services.clock.now())
    if refusal is not None:
        return refusal
    granted = await services.sales.reserve(lines, key, access_code, visitor)
    if isinstance(granted, Refusal) and granted.reason is Reason.FORBIDDEN:
        limits.guessed_wrong(client, services.clock.now())
    return granted
