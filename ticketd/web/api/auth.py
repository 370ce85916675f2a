"""Which owner a bearer token stands for."""

from typing import Final

from aiohttp import hdrs, web

from ticketd.core.ids import OwnerId
from ticketd.core.refusals import Reason, Refusal
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest

_TOKEN_LENGTH_MAX: Final = 512


async def owner_id_of(request: web.Request) -> OwnerId:
    """The owner who is asking; RefusedRequest (unauthorized) without a token that counts."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    token = token.strip()
    if scheme.lower() == "bearer" and token.isascii() and 0 < len(token) <= _TOKEN_LENGTH_MAX:
        owner = await request.app[SERVICES].accounts.owner_of_token(token)
        if owner is not None:
            return owner.id
    raise RefusedRequest(
        Refusal(Reason.UNAUTHORIZED, "This needs an API token: Authorization: Bearer TOKEN.")
    )
