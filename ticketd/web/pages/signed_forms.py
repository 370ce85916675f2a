"""The hidden part of guests' forms."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event
from ticketd.services.signed_forms import FORM_FIELD, TRAP_FIELD, FormKind
from ticketd.web.context import SERVICES


class HiddenFields(msgspec.Struct, frozen=True):
    """What `selling.hidden` puts into a form."""

    signature: str
    name: str = FORM_FIELD
    trap: str = TRAP_FIELD


def hidden_fields(
    request: web.Request, kind: FormKind, event: Event | None, sent: Mapping[str, str]
) -> HiddenFields:
    """For a form of this kind; `sent` is what came with the last try, its signature among it."""
    services, event_id = request.app[SERVICES], None if event is None else event.id
    signature = services.signed_forms.signature(
        kind, event_id, services.clock.now(), sent=sent.get(FORM_FIELD, "")
    )
    return HiddenFields(signature)
