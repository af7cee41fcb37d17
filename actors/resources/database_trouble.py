"""Why Postgres cannot be reached, told by the words of libpq, servers and poolers, and what to do about it."""

from __future__ import annotations

from actors.resources.remedies import find_remedy

_REMEDIES = (
    (r"password authentication failed|no password supplied|SASL authentication failed", "check user and password"),
    (r"role \S+ does not exist|no such user", "check the user"),
    (r"database \S+ does not exist|no such database", "check the database's name"),
    (r"does not support SSL", "the server speaks no TLS: check the port, or lower sslmode"),
    (
        r"certificate|self-signed",
        "TLS: name the authority's certificate by sslrootcert=FILE, and the host as that certificate names it",
    ),
    (r"SSL (connection )?(is )?required", "the server insists on TLS: add sslmode=require"),
    (
        r"no pg_hba.conf entry.*no encryption",
        "the server lets nobody in that way: add sslmode=require, check user and database, or its pg_hba.conf",
    ),
    (r"no pg_hba.conf entry", "the server lets nobody in from here: check user and database, or its pg_hba.conf"),
    (r"translate host name|resolve host|[Nn]ame or service not known|name resolution", "check the host's name and DNS"),
    (
        r"Network is unreachable|Cannot assign requested address|No route to host",
        "there is no way to that address from here; where it is IPv6 only, take the pooler's host",
    ),
    (r"Connection refused|No such file or directory", "nobody listens there: is it running, are host and port right?"),
    (
        r"invalid response|expected authentication request|server closed the connection",
        "what answers there does not speak as Postgres does: check the port",
    ),
    (
        r"too many clients|too many connections|connection slots|[Mm]ax ?[Cc]lient",
        "the server has no connection left: lower database.connections, or close others",
    ),
    (r"starting up|shutting down|recovery mode|not yet accepting", "it is not ready yet: wait"),
    (r"timeout expired|timed out", "it does not answer: check host and port, and what filters the way there"),
)


def remedy_of(reason: str) -> str:
    """Return what to do about a connection that failed for this reason."""
    return find_remedy(reason, _REMEDIES, "DATABASE_URL")
