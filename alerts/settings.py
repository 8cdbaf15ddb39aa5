"""Routes: who is told about what, where and how often. The `[[routes]]` tables of config.toml.

[[routes]]
name = "legal"
to = ["mailtos://alerts:{secret}@mail.example.org?to=legal@example.org", { env = "LEGAL_SLACK_URL" }]
vendors = ["acme"]              # slugs; empty is all. Several kinds of selection must all fit
tags = ["critical"]
documents = ["acme/*"]          # keys, with * and ?
types = ["Privacy Policy"]
categories = ["third_party"]    # at least one clause change must fit these three
min_severity = "medium"
direction = ["adverse", "mixed"]
mode = "immediate"              # or "daily", "weekly"
quiet = { from = "18:00", until = "08:00", weekends = true, zone = "Europe/Berlin" }

[[routes]]
name = "ops"
to = [{ file = "secrets/ops-url" }]
operator = true                 # told of failures of watching and of alerts given up, not of changes
"""

from __future__ import annotations

import os
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

__all__ = ["AlertSettings", "Direction", "Mode", "Quiet", "Route", "SecretMissing", "Target"]

Severity = Literal["high", "medium", "low", "cosmetic"]
Direction = Literal["adverse", "favourable", "mixed", "neutral"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class SecretMissing(Exception):
    """The environment variable or file that should hold a route's URL is not there, or holds none."""


class Mode(StrEnum):
    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (
        ValueError,
        OSError,
    ) as error:  # ZoneInfoNotFoundError is a KeyError on some systems, a ValueError on others
        raise ValueError(f"no such time zone: {name!r}; use a name such as Europe/Berlin") from error
    except KeyError as error:
        raise ValueError(f"no such time zone: {name!r}; use a name such as Europe/Berlin") from error
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Quiet(_Settings):
    """Hours in which nothing is sent: what is due then is sent when they end. Checking goes on."""

    begin: time = Field(alias="from", description="local time at which quiet begins, such as 18:00")
    until: time = Field(description="local time at which it ends; before `from` means the next morning")
    weekends: bool = Field(False, description="also all Saturday and Sunday")
    zone: Zone = Field("UTC", description="time zone, such as Europe/Berlin")


class Target(_Settings):
    """Where to send: an Apprise URL, or the environment variable or file that holds one (or several, one a line).

    Written as a string it is the URL itself. A URL with a password or token belongs in the environment or a file.
    """

    url: SecretStr | None = Field(None, description="the Apprise URL")
    env: str | None = Field(None, min_length=1, description="name of an environment variable that holds the URL")
    file: Path | None = Field(None, description="a file that holds the URL; relative to the folder of config.toml")

    @model_validator(mode="after")
    def _exactly_one(self) -> Target:
        if sum(value is not None for value in (self.url, self.env, self.file)) != 1:
            raise ValueError("give exactly one of url, env and file")
        return self

    def urls(self, base: Path = Path()) -> tuple[SecretStr, ...]:
        """The URLs themselves. Raises SecretMissing, whose text names the variable or file and no secret."""
        if self.url is not None:
            return (self.url,)
        if self.env is not None:
            text, where = os.environ.get(self.env, ""), f"the environment variable {self.env}"
        else:
            assert self.file is not None
            path, where = base / self.file, f"the file {self.file}"
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SecretMissing(f"{where} cannot be read: {error.__class__.__name__}") from None
        lines = (line.strip() for line in text.splitlines())
        found = tuple(SecretStr(line) for line in lines if line and not line.startswith("#"))
        if not found:
            raise SecretMissing(f"{where} is empty or not set")
        return found


def _as_target(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Route(_Settings):
    """Who is told about what, where and how often. A list that is empty restricts nothing."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$", description="unique; part of every alert's key")
    to: tuple[Annotated[Target, BeforeValidator(_as_target)], ...] = Field(
        min_length=1, description="one or more targets"
    )
    vendors: Words = Field((), description="slugs of vendors")
    tags: Words = Field((), description="tags of vendors: one of them must fit")
    documents: Words = Field((), description='keys of documents, "vendor/document", with * and ?')
    types: Words = Field((), description="types of documents, such as Privacy Policy")
    categories: Words = Field((), description="categories of clauses")
    min_severity: Severity = Field("low", description="the least severity that is told")
    direction: Annotated[tuple[Direction, ...], BeforeValidator(_as_list)] = Field(
        (), description="adverse, favourable, mixed, neutral"
    )
    mode: Mode = Field(Mode.IMMEDIATE, description="at once, or collected into a daily or weekly digest")
    at: time = Field(time(8, 0), description="local time of a digest")
    weekday: Weekday = Field("monday", description="day of a weekly digest")
    zone: Zone = Field("UTC", description="time zone of `at`")
    quiet: Quiet | None = Field(None, description="hours in which nothing is sent")
    operator: bool = Field(False, description="told of failures of watching and delivery instead of changes")

    @field_validator("types", "categories", "tags", "vendors", "documents")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word.strip().lower() for word in value)


class AlertSettings(_Settings):
    """The `[alerts]` table: how alerts are sent, whatever the route."""

    failures_before_alert: int = Field(
        3, ge=1, le=100, description="consecutive failures after which operators are told"
    )
    stale_after_hours: float = Field(72, gt=0, description="tell operators of a document not verified for so long")
    attempts: int = Field(8, ge=1, le=50, description="attempts for each target before an alert is given up")
    first_retry_seconds: float = Field(60, gt=0, description="wait after the first failed attempt; doubled after each")
    longest_retry_seconds: float = Field(21_600, gt=0, description="the longest wait between two attempts")
    timeout_seconds: float = Field(30, gt=0, le=600, description="time for one attempt, all of it")
    parallel_targets: int = Field(16, ge=1, le=200, description="targets that are sent to at the same time")
    report_url: str = Field("", description="address under which the report pages are served, for links")
    templates: Path | None = Field(None, description="folder of message.txt and message.html that replace ours")
