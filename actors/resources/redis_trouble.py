"""Why Redis cannot be used, told by the words of its client and of servers, and what to do about it."""

from __future__ import annotations

from actors.resources.remedies import find_remedy

_RIGHTS = "&supervisor:* ~supervisor:* +@connection +@pubsub +@stream +multi +set +get +time"
_REMEDIES = (
    (r"invalid username-password|WRONGPASS", "check user and password"),
    (r"uthentication required|NOAUTH|HELLO must be called", "it wants a password: name it as in redis://:<password>@host"),
    (r"without any password configured", "it has no password: leave that out"),
    (r"Name or service not known|name resolution|nodename nor servname|No address", "check the host's name and DNS"),
    (r"Connection refused|No such file or directory", "nobody listens there: is it running, are host and port right?"),
    (r"Network is unreachable|No route to host", "there is no way to that address from here"),
    (
        r"certificate|self-signed",
        "TLS: name the authority's certificate by ?ssl_ca_certs=FILE, and the host as that certificate names it",
    ),
    (r"SSL", "what answers there speaks no TLS: check the port, or take redis:// in place of rediss://"),
    (r"DB index", "check the database's number, at the end"),
    (r"max number of clients", "the server has no connection left: close others, or raise its maxclients"),
    (r"LOADING|loading the dataset", "it is not ready yet: wait"),
    (r"Protocol Error", "what answers there does not speak as Redis does: check the port"),
    (
        r"Connection closed|reset by peer",
        "who listens there hangs up: it wants TLS (rediss://), or is no Redis: check the port",
    ),
    (r"[Tt]imeout|timed out", "it does not answer: check host, port, whether it speaks TLS, and what filters the way"),
    (r"NOPERM|no permissions", f"allow its user: ACL SETUSER NAME {_RIGHTS}"),
    (r"READONLY|read only replica", "that is a read-only replica: name its primary"),
    (r"MASTERDOWN|Link with MASTER", "that is a replica without its primary: name its primary, or wait"),
    # Not by letting it evict: what goes then may be the nonce that keeps a word from being obeyed twice.
    (r"OOM|'maxmemory'", "its memory is full: raise its maxmemory, or delete what fills it"),
    (r"MISCONF", "it cannot save and takes no writes until it can: look at its log, make room on its disk"),
    (r"NOREPLICAS", "too few of its replicas are there: bring them back, or lower its min-replicas-to-write"),
    (r"MOVED|CLUSTERDOWN|CROSSSLOT", "that is a node of a cluster: name a server that is in none"),
    (r"unknown command", "it has no such command, or another name for it: take Redis 5 or later, or Valkey"),
)


def remedy_of(reason: str) -> str:
    """Return what to do about a connection that failed for this reason."""
    return find_remedy(reason, _REMEDIES, "REDIS_URL")


def remedy_of_refusal(reason: str) -> str:
    """Return what to do about a server that answers, and refuses a command for this reason."""
    return find_remedy(reason, _REMEDIES, "REDIS_URL", "look at the server's log, or name another one in REDIS_URL")
