"""The part of an event's form that says how its sale is kept for people."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from ticketd.core.catalogue import Defences, Event
from ticketd.core.refusals import FieldError
from ticketd.core.terms import Switch
from ticketd.web.pages.fields import Choice, Field, filled
from ticketd.web.pages.typed import Typed

_DEFENCES = {
    "proof_of_work": (
        "Proof of work",
        "Before it gets a place in the waiting room, a browser computes for a moment. People hardly notice,"
        " whoever wants thousands of places does.",
    ),
    "signed_forms": (
        "Signed forms",
        "Forms must come from our pages, and no faster than people can fill them in.",
    ),
    "address_limits": ("Limits by address", "One network gets only so many places in the waiting room."),
    "hold_limits": (
        "Limits on holding",
        "Whoever holds tickets and drops them again and again holds for a shorter time, and then not at all.",
    ),
}


def waiting_room_field() -> Field:
    """Whether the event has a waiting room."""
    return Field(
        name="waiting_room",
        label="Waiting room",
        kind="select",
        hint="Guests queue before they may reserve; who comes before the sale opens is drawn. It is crowded"
        " while more come than the server can take.",
        choices=_choices(off="Off", auto="While it is crowded", on="Always"),
    )


def defence_fields(values: Mapping[str, str], errors: Sequence[FieldError] = ()) -> Sequence[Field]:
    """The defences, each with what it does."""
    choices = _choices(off="Off", auto="While the waiting room is open", on="Always")
    fields = [
        Field(name=name, label=label, kind="select", hint=hint, choices=choices)
        for name, (label, hint) in _DEFENCES.items()
    ]
    return filled(fields, values, errors)


def switch_values(event: Event) -> dict[str, str]:
    """What the form shows of an event."""
    defences = {name: getattr(event.defences, name).value for name in _DEFENCES}
    return {"waiting_room": event.waiting_room.value, **defences}


def defences_from(typed: Typed, known: Defences) -> Defences | UnsetType:
    """The defences that a form asks for; UNSET if it says nothing of them."""
    switches = {name: typed.one_of(name, Switch) for name in _DEFENCES}
    changes = {name: switch for name, switch in switches.items() if switch is not UNSET}
    return msgspec.structs.replace(known, **changes) if changes else UNSET


def _choices(*, off: str, auto: str, on: str) -> tuple[Choice, ...]:
    return (
        Choice(Switch.OFF.value, off),
        Choice(Switch.AUTO.value, auto, chosen=True),
        Choice(Switch.ON.value, on),
    )
