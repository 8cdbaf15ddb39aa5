"""Durations as people write them in config.toml: 90, "90s", "5m", "6h", "1d", "2w"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

__all__ = ["Duration", "parse_duration", "say_duration"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = 100 * 366 * 86400
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse_duration(value: Any) -> timedelta:
    """Read a number of seconds or a text such as "1h 30m".

    Raises:
        ValueError: the text is no duration, or a negative or endless one; says how one is written.
    """
    if isinstance(value, timedelta):
        return value
    seconds = -1.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str):
        text = value.strip().lower()
        parts = _PART.findall(text)
        if parts and not _PART.sub("", text).strip():
            seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not 0 <= seconds <= _LONGEST:
        raise ValueError('must be a duration such as 90, "90s", "5m", "6h", "1d" or "2w"')
    return timedelta(seconds=seconds)


def say_duration(value: timedelta) -> str:
    """A duration in the largest unit that fits: "3 days", "1 hour", "20 seconds"."""
    seconds = max(value.total_seconds(), 0)
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size or name == "second":
            number = int(seconds // size)
            return f"{number} {name}" + ("" if number == 1 else "s")
    raise AssertionError("unreachable")


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*[smhdw]\s*)+$"}, {"type": "number"}],
            "description": 'seconds, or a text such as "90s", "5m", "6h", "1d"',
        }
    ),
]
