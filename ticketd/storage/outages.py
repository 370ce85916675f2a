"""Which failures of a statement, or of connecting, may pass by themselves."""

import asyncpg

OUTAGES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what it raises when the session ended between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSQLStatementNameError,
)
"""The connection has gone, or the server behind it; it is stopping, full, read-only or being restored;
the session has lost its statements. Anything else is the fault of the statement or of its data."""
