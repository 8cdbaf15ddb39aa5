"""The 14 digits (YYYYMMDDhhmmss, UTC) by which Wayback indexes and addresses name a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["first_moment", "format_timestamp", "last_moment", "parse_timestamp"]

_FIRST = "00000101000000"
_DIGITS = re.compile(r"\d{4,14}")


def format_timestamp(moment: datetime) -> str:
    """14 digits for a moment. A time without a zone is refused: recordings exist of clients that were hours off."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a time zone: {moment!r}")
    moment = moment.astimezone(UTC)
    return f"{moment.year:04d}{moment:%m%d%H%M%S}"


def parse_timestamp(digits: str) -> datetime:
    """The moment that 4 to 14 digits name (their first moment, where they are fewer than 14).

    Indexes hold timestamps with "00" inserted as month or day and the seconds cut off ("20000012170449",
    "20000800241623", reference/wayback.md 1.1 quirk 7): the inserted digits are dropped and the seconds are 00.

    Raises:
        ValueError: no moment can be made of it.
    """
    if not (_DIGITS.fullmatch(digits) and digits.isascii()):
        raise ValueError(f"not a timestamp: {digits!r}")
    if len(digits) == 14:
        if digits[4:6] == "00":
            digits = digits[:4] + digits[6:] + "00"
        elif digits[6:8] == "00":
            digits = digits[:6] + digits[8:] + "00"
    full = digits + _FIRST[len(digits) :] if len(digits) != 5 and len(digits) != 7 else ""
    return datetime.strptime(full, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def first_moment(bound: str | datetime) -> str:
    """A lower bound as 14 digits: "2004" becomes 20040101000000. "" stays "" (no bound)."""
    if isinstance(bound, datetime):
        return format_timestamp(bound)
    return format_timestamp(parse_timestamp(bound)) if bound else ""


def last_moment(bound: str | datetime) -> str:
    """An upper bound as 14 digits, inclusive as in the index: "2004" becomes 20041231235959. "" stays ""."""
    if isinstance(bound, datetime):
        return format_timestamp(bound)
    if not bound or len(bound) == 14:
        return first_moment(bound)
    start = parse_timestamp(bound)
    match len(bound):
        case 4:
            following = start.replace(year=start.year + 1)
        case 6:
            following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        case 8:
            following = start + timedelta(days=1)
        case 10:
            following = start + timedelta(hours=1)
        case 12:
            following = start + timedelta(minutes=1)
        case _:
            return first_moment(bound)
    return format_timestamp(following - timedelta(seconds=1))
