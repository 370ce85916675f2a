"""Answers as they go over the wire."""

import http.client
import io
from email.message import Message

from ticketd.web.answers import Answer


def headers_of(answer: Answer) -> Message:
    """The headers, as a client reads them."""
    status_line, _, headers = answer.encoded_head(b"").partition(b"\r\n")
    assert status_line.startswith(b"HTTP/1.1 %d " % answer.status)
    return http.client.parse_headers(io.BytesIO(headers))
