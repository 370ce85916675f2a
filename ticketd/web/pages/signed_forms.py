"""The hidden part of guests' forms."""

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
    request: web.Request, kind: FormKind, event: Event | None, *, sent: str = ""
) -> HiddenFields:
    """For a form of this kind; `sent` is the signature that came with the last try."""
    services, event_id = request.app[SERVICES], None if event is None else event.id
    return HiddenFields(services.signed_forms.signature(kind, event_id, services.clock.now(), sent=sent))
