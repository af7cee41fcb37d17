"""Dialling: whether somebody takes a call at an address, found out without saying anything."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from actors.config import Secret


def dial(url: Secret, limit_s: float) -> str:
    """Connect to the host of an http(s) URL, and greet if it is TLS; return what went wrong, or nothing.

    Blocks the caller for `limit_s` real seconds at each of the host's addresses. What it returns does not give the URL
    away.
    """
    try:
        parts = urlsplit(url.reveal())
        is_tls = parts.scheme == "https"
        address = (parts.hostname or "", parts.port or (443 if is_tls else 80))
        with contextlib.ExitStack() as stack:
            line = stack.enter_context(socket.create_connection(address, limit_s))
            if is_tls:
                stack.enter_context(ssl.create_default_context().wrap_socket(line, server_hostname=address[0]))
    except socket.gaierror:
        return "its host has no address"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted ({error.verify_code})"
    except ssl.SSLError:
        return "who listens there speaks no TLS"
    except TimeoutError:
        return f"no answer within {limit_s:g} s"
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError:
        return "its host or port is none"
    return ""
