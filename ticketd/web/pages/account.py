"""Owners come and go: `/login`, `/logout`, `/organizers/new`."""

import re
from collections.abc import Sequence

import msgspec
from aiohttp import web

from ticketd.core.refusals import Reason, Refusal
from ticketd.services.accounts import Owner
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.web.auth import log_in, log_out, owner_of
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES
from ticketd.web.pages.fields import Field, FormState, filled
from ticketd.web.pages.guards import owner_page, session_page
from ticketd.web.pages.masthead import masthead
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.words import time_left
from ticketd.web.parsing import read_form
from ticketd.web.problems import sentence

_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_LOGIN = (
    Field(name="email", label="E-mail", kind="email", required=True, autocomplete="username"),
    Field(name="password", label="Password", kind="password", required=True, autocomplete="current-password"),
)
_ORGANIZER = (
    Field(
        name="name",
        label="Name",
        hint="As guests shall read it.",
        required=True,
        autocomplete="organization",
        attributes={"maxlength": str(NAME_LENGTH_MAX)},
    ),
    Field(
        name="slug",
        label="Short name in addresses (optional)",
        hint="a–z, 0–9 and hyphens; made from the name if you leave it empty, and fixed afterwards.",
        attributes={"maxlength": "64"},
    ),
)


class FormView(msgspec.Struct, frozen=True):
    """A page that is a form."""

    fields: Sequence[Field]
    error: str
    next: str = ""


@session_page
async def show_login(request: web.Request) -> web.StreamResponse:
    """The login form; who is logged in already goes straight on."""
    wanted = request.query.get("next", "")
    owner = await owner_of(request)
    if owner is not None:
        return see_other(await _after_login(request, owner, wanted))
    return render(request, "login.html", FormView(_LOGIN, "", wanted))


@session_page
async def send_login(request: web.Request) -> web.StreamResponse:
    """Log in, and go where the owner wanted to, or to one of their organizers."""
    form = await read_form(request)
    wanted = form.get("next", "")
    owner = await request.app[SERVICES].accounts.login(
        form.get("email", ""), form.get("password", ""), address=client_of(request).network
    )
    if isinstance(owner, Refusal):
        fields = filled(_LOGIN, {"email": form.get("email", "")})
        return render(request, "login.html", FormView(fields, _in_words(owner), wanted), refusal=owner)
    response = see_other(await _after_login(request, owner, wanted))
    await log_in(request, response, owner)
    return response


@session_page
async def send_logout(request: web.Request) -> web.StreamResponse:
    """Log out."""
    response = see_other("/")
    await log_out(request, response)
    return response


@owner_page
async def show_new_organizer(request: web.Request, owner: Owner) -> web.StreamResponse:
    """The form for a new organizer."""
    return await _organizer_page(request, owner, FormState())


@owner_page
async def create_organizer(request: web.Request, owner: Owner) -> web.StreamResponse:
    """Create an organizer, and go on to its ticket types."""
    form = await read_form(request)
    organizer = await request.app[SERVICES].organizers.create(
        owner.id, name=form.get("name", ""), slug=form.get("slug", "").strip() or None
    )
    if isinstance(organizer, Refusal):
        return await _organizer_page(request, owner, FormState(form, organizer))
    return see_other(f"/{organizer.slug}/tickets")


async def _organizer_page(request: web.Request, owner: Owner, state: FormState) -> web.StreamResponse:
    view = FormView(filled(_ORGANIZER, state.values, state.errors), state.sentence)
    organizers = await request.app[SERVICES].access.organizers_of(owner.id)
    frame = masthead(owner, organizer=None, organizers=organizers, current=request.path)
    return render(request, "organizer_new.html", view, refusal=state.refusal, masthead=frame)


async def _after_login(request: web.Request, owner: Owner, wanted: str) -> str:
    """A path of this site only: an address from elsewhere could lead anywhere."""
    if wanted and _LOCAL_PATH.fullmatch(wanted):
        return wanted
    organizers = await request.app[SERVICES].access.organizers_of(owner.id)
    return f"/{organizers[0].slug}/tickets" if organizers else "/organizers/new"


def _in_words(refusal: Refusal) -> str:
    match refusal:
        case Refusal(reason=Reason.TOO_MANY_REQUESTS, retry_after_seconds=int(seconds)):
            return f"Too many attempts. Please try again in {time_left(seconds)}."
        case _:
            return sentence(refusal)
