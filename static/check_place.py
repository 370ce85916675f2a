#!/usr/bin/env python3
"""Check your place in a waiting room: what the draw gave you, recomputed by yourself.

    python3 check_place.py TOKEN SEED COUNT --commitment HEX

TOKEN is your Queue-Token, or EVENT:NUMBER as it says; SEED and COUNT were published at the opening,
HEX before it. Needs nothing but Python 3.9. ticketd's docs/waiting-room.md explains each step.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import re
import struct
import sys
import time

FITS, DOES_NOT_FIT = 0, 1  # 2, as usual, for arguments that can't be read


def main(arguments: list[str] | None = None) -> int:
    """Print what can be known from the arguments; the exit code says whether the seed fits."""
    asked = _parser().parse_args(arguments)
    event, number, joined = asked.token
    _print("event", str(event))
    _print("number", f"{number}, counted from 0 in order of arrival")
    if joined is not None:
        _print("joined", joined)
    if number < asked.count:
        place = place_in_draw(asked.seed, event, asked.count, number)
        _print("place", f"{place}, drawn among {asked.count}; 0 is the first")
    else:
        _print("place", f"{number}, as you came after the opening; 0 is the first")
    return _compare(asked.seed, asked.commitment)


def place_in_draw(seed: bytes, event: int, count: int, number: int) -> int:
    """The place of one number: the columns and the rows of a grid are turned, each by its own step."""
    rows = 1
    while rows * rows < count:
        rows += 1
    rows += rows % 2
    columns = (count + rows - 1) // rows
    rounds = 64 if count <= 1000 else 16
    place = number
    while True:
        row, column = place // columns, place % columns
        for turn in range(rounds):
            if turn % 2 == 0:
                row = (row + word(seed, event, count, turn, column)) % rows
            else:
                column = (column + word(seed, event, count, turn, row)) % columns
        place = row * columns + column
        if place < count:
            return place


def word(seed: bytes, event: int, count: int, turn: int, index: int) -> int:
    """The step of one column or row in one round: 64 of the bits that the seed stands for."""
    message = struct.pack(">IIII", event, count, turn, index // 8)
    digest = hashlib.blake2b(message, key=seed).digest()
    return int.from_bytes(digest[8 * (index % 8) :][:8], "big")


def _compare(seed: bytes, commitment: str | None) -> int:
    digest = hashlib.sha256(seed).hexdigest()
    if commitment is None:
        _print("seed", f"its SHA-256 is {digest}: is that what was published before the opening?")
        return FITS
    if hmac.compare_digest(digest, commitment):
        _print("seed", "fits the commitment")
        return FITS
    _print("seed", f"DOES NOT FIT: its SHA-256 is {digest}, the commitment was {commitment}")
    return DOES_NOT_FIT


def _print(what: str, value: str) -> None:
    sys.stdout.write(f"{what + ':':<8}{value}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Recompute your place in a waiting room.")
    parser.add_argument("token", metavar="TOKEN", type=_token, help="your Queue-Token, or EVENT:NUMBER")
    parser.add_argument("seed", metavar="SEED", type=_seed, help="64 hexadecimal digits, from the opening on")
    parser.add_argument("count", metavar="COUNT", type=_count, help="how many were in the draw")
    parser.add_argument("--commitment", metavar="HEX", type=_hex, help="published before the opening")
    return parser


def _token(text: str) -> tuple[int, int, str | None]:
    """Event, number and when the guest came. Only the server can tell whether it has signed this."""
    said = re.fullmatch("([0-9]{1,10}):([0-9]{1,10})", text)
    if said is not None:
        event, number = int(said[1]), int(said[2])
        if max(event, number) >= 2**32:
            raise argparse.ArgumentTypeError("event and number have at most 32 bits")
        return event, number, None
    if re.fullmatch("[A-Za-z0-9_-]{43}", text) is None:
        raise argparse.ArgumentTypeError("a token has 43 letters, digits, - or _: is a part missing?")
    event, number, joined = struct.unpack(">IIQ", base64.urlsafe_b64decode(text + "=")[:16])
    try:
        return event, number, time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(joined))
    except (OverflowError, OSError, ValueError):
        raise argparse.ArgumentTypeError("no token says such a time: was it copied wrongly?") from None


def _seed(text: str) -> bytes:
    return bytes.fromhex(_hex(text))


def _hex(text: str) -> str:
    if re.fullmatch("[0-9A-Fa-f]{64}", text) is None:
        raise argparse.ArgumentTypeError("seed and commitment have 64 hexadecimal digits each")
    return text.lower()


def _count(text: str) -> int:
    if re.fullmatch("[0-9]{1,10}", text) is None or int(text) >= 2**32:
        raise argparse.ArgumentTypeError("the count is a whole number of at most 32 bits")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
