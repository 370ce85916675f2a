"""Owners: who they are, how they log in, and the tokens of their programs."""

import hashlib
import secrets
from collections.abc import Sequence

from ticketd.core.ids import OwnerId
from ticketd.core.refusals import FieldError, Reason, Refusal, invalid
from ticketd.ports import Clock
from ticketd.services.login_throttle import LoginThrottle
from ticketd.services.passwords import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, Passwords
from ticketd.services.texts import EMAIL_LENGTH_MAX, NAME_LENGTH_MAX, email_errors, is_line, line_errors
from ticketd.storage.accounts import AccountStore, Login, Owner, TokenInfo

__all__ = ["Accounts", "Owner", "TokenInfo"]

_TOKEN_BYTES = 32
_RETRY_SECONDS = 1

_WRONG = Refusal(Reason.UNAUTHORIZED, "The e-mail address or the password is wrong.")
_NO_OWNER = Refusal(Reason.NOT_FOUND, "No owner has this e-mail address.")


class Accounts:
    """Owners' accounts; e-mail addresses are the same in small and capital letters."""

    def __init__(self, store: AccountStore, *, clock: Clock, passwords: Passwords | None = None) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._throttle = LoginThrottle()

    # -- who is it

    async def login(self, email: str, password: str, *, address: str) -> Owner | Refusal:
        """The owner with this e-mail address and password; how long a no takes tells nothing.

        TOO_MANY_REQUESTS after too many failures for the address of either kind.
        """
        email = _normalized(email)
        seconds = self._throttle.attempt(email=_throttle_key(email), address=address, now=self._clock.now())
        if seconds is not None:
            return Refusal(Reason.TOO_MANY_REQUESTS, retry_after_seconds=seconds)
        if email_errors(email) or _password_errors(password):
            return _WRONG
        login = await self._store.login_of(email)
        if self._passwords.crowded:
            self._throttle.uncount(email=_throttle_key(email), address=address)
            return Refusal(Reason.OVERLOADED, retry_after_seconds=_RETRY_SECONDS)
        password_hash = None if login is None else login.password_hash
        if not await self._passwords.matches(password_hash, password) or login is None:
            return _WRONG
        self._throttle.uncount(email=_throttle_key(email), address=address)
        await self._renew_if_outdated(login, password)
        return login.owner

    async def owner(self, owner_id: OwnerId) -> Owner | None:
        """The owner with this id."""
        return await self._store.owner(owner_id)

    async def owner_of_token(self, token: str) -> Owner | None:
        """Whose API token this is, unless it has been revoked."""
        return await self._store.owner_of_token(_token_hash(token))

    # -- keeping accounts

    async def add(self, email: str, name: str, password: str) -> Owner | Refusal:
        """A new owner."""
        email, name = _normalized(email), name.strip()
        name_errors = line_errors("name", name, NAME_LENGTH_MAX)
        errors = email_errors(email) + name_errors + _password_errors(password)
        if errors:
            return Refusal(Reason.INVALID, errors=errors)
        password_hash = await self._passwords.hash(password)
        owner = await self._store.insert_owner(email, name=name, password_hash=password_hash)
        return owner or invalid("email", "There is already an owner with this e-mail address.")

    async def set_password(self, email: str, password: str) -> Owner | Refusal:
        """The owner, whose password is this one from now on; whoever is logged in must log in again."""
        errors = _password_errors(password)
        if errors:
            return Refusal(Reason.INVALID, errors=errors)
        owner = await self._owner_with(email)
        if isinstance(owner, Owner):
            await self._store.set_password_hash(owner.id, await self._passwords.hash(password))
            await self._store.end_sessions(owner.id)
        return owner

    async def grant(self, email: str, slug: str) -> Owner | Refusal:
        """The owner, who may act for this organizer from now on."""
        owner = await self._owner_with(email)
        if isinstance(owner, Refusal):
            return owner
        if not is_line(slug) or not await self._store.grant(owner.id, slug):
            return Refusal(Reason.NOT_FOUND, "No organizer has this slug.")
        return owner

    async def add_token(self, email: str) -> str | Refusal:
        """A new API token, which can't be shown again."""
        owner = await self._owner_with(email)
        if isinstance(owner, Refusal):
            return owner
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await self._store.insert_token(owner.id, _token_hash(token))
        return token

    async def tokens(self, email: str | None = None) -> Sequence[TokenInfo] | Refusal:
        """All API tokens, or one owner's, revoked ones included."""
        if email is None:
            return await self._store.tokens(None)
        owner = await self._owner_with(email)
        return owner if isinstance(owner, Refusal) else await self._store.tokens(owner.email)

    async def revoke_token(self, token_id: int) -> Refusal | None:
        """None once the token is accepted no more."""
        if await self._store.revoke_token(token_id):
            return None
        return Refusal(Reason.NOT_FOUND, "There is no such token.")

    async def _owner_with(self, email: str) -> Owner | Refusal:
        email = _normalized(email)
        login = None if email_errors(email) else await self._store.login_of(email)
        return _NO_OWNER if login is None else login.owner

    async def _renew_if_outdated(self, login: Login, password: str) -> None:
        if login.password_hash is not None and self._passwords.outdated(login.password_hash):
            new_hash = await self._passwords.hash(password)
            await self._store.set_password_hash(login.owner.id, new_hash)


def _normalized(email: str) -> str:
    return email.strip().casefold()


def _throttle_key(email: str) -> str:
    return email[:EMAIL_LENGTH_MAX]


def _token_hash(token: str) -> bytes:
    """Tokens are random enough to need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _password_errors(password: str) -> tuple[FieldError, ...]:
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        message = f"{PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters."
        return (FieldError("password", message),)
    if not is_line(password):
        return (FieldError("password", "Control characters are not allowed."),)
    return ()
