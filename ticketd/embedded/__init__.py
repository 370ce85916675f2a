"""The Postgres that comes with ticketd: found, created, started, watched and stopped here."""

from ticketd.embedded.supervisor import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
