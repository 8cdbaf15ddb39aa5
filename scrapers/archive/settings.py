"""The archives of a configuration: `[[archives]]` in config.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from scrapers.archive.limits import ExchangeLimits
from scrapers.archive.profiles import BUILTIN, ArchiveProfile, Dialect, Rates

__all__ = ["ArchiveSettings", "RateSettings", "SaveSettings"]


class RateSettings(BaseModel):
    """Requests per second. What is left out stays as the archive allows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: float | None = Field(None, gt=0, le=1000)
    playback: float | None = Field(None, gt=0, le=1000)
    save: float | None = Field(None, gt=0, le=1000)


class SaveSettings(BaseModel):
    """Save Page Now. Off unless `enabled`; the keys are taken from the environment variables that are named here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    access_key_env: str = "CLAUSEWATCH_SAVE_ACCESS_KEY"
    secret_key_env: str = "CLAUSEWATCH_SAVE_SECRET_KEY"  # noqa: S105 (the name of a variable)
    if_not_archived_within: str = ""

    def keys(self, environ: Mapping[str, str]) -> tuple[SecretStr, SecretStr]:
        """The keys.

        Raises:
            ValueError: one of the variables is not set; its name is in the message.
        """
        missing = [name for name in (self.access_key_env, self.secret_key_env) if not environ.get(name)]
        if missing:
            raise ValueError(f"saving pages is enabled, but {' and '.join(missing)} is not set")
        return SecretStr(environ[self.access_key_env]), SecretStr(environ[self.secret_key_env])


class ArchiveSettings(BaseModel):
    """One archive: one of the known ones by its name, or another by its addresses.

        [[archives]]
        name = "internet-archive"

        [[archives]]
        name = "our-own"
        index_url = "https://archive.example.org/policies/cdx"
        memento_prefix = "https://archive.example.org/policies/"
        dialect = "pywb"

    Rates can only be lowered, unless `override_rates` says that the archive's people have agreed to more (or that it is
    your own): exceeding them gets an address blocked for hours, or for good. An archive that is described here under
    the address of a known one is held to that one's rates.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    enabled: bool = True
    index_url: str = ""
    memento_prefix: str = ""
    dialect: Dialect | None = None
    rates: RateSettings = RateSettings()
    override_rates: bool = False
    page_limit: int = Field(1000, ge=10, le=100_000)
    max_bytes: int = Field(20_000_000, ge=10_000)
    total_timeout: float = Field(300.0, gt=0)
    tries: int = Field(5, ge=1, le=10)
    connections: int = Field(4, ge=1, le=8)
    save: SaveSettings = SaveSettings()
    save_url: str = ""

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,59}", name):
            raise ValueError("an archive's name has lower-case letters, digits, dots and hyphens")
        return name

    @model_validator(mode="after")
    def _complete(self) -> ArchiveSettings:
        if self.name not in BUILTIN and not (self.index_url and self.memento_prefix):
            known = ", ".join(BUILTIN)
            raise ValueError(f"{self.name} is none of {known}: index_url and memento_prefix are needed")
        profile = self.profile()  # addresses
        if self.save.enabled and not profile.save_url:
            raise ValueError(f"{self.name} cannot save pages; give save_url if it can")
        if not self.override_rates:
            asked = self._asked_rates(profile.rates)
            for part in ("index", "playback", "save"):
                if getattr(asked, part) > getattr(profile.rates, part):
                    allowed = getattr(profile.rates, part)
                    raise ValueError(
                        f"rates.{part} is above the {allowed:g} requests per second that {self.name} allows; "
                        "set override_rates = true only if its people agreed"
                    )
        return self

    def profile(self) -> ArchiveProfile:
        """The archive as the client wants it."""
        base = BUILTIN.get(self.name) or ArchiveProfile(self.name, self.index_url, self.memento_prefix)
        profile = replace(
            base,
            index_url=self.index_url or base.index_url,
            memento_prefix=self.memento_prefix or base.memento_prefix,
            dialect=self.dialect or base.dialect,
            page_limit=self.page_limit,
            save_url=self.save_url or base.save_url,
        )
        ceiling = profile.rates
        for known in BUILTIN.values():
            if known.key == profile.key:
                ceiling = ceiling.capped(known.rates)
        asked = self._asked_rates(ceiling)
        return profile.with_rates(asked if self.override_rates else asked.capped(ceiling))

    def limits(self) -> ExchangeLimits:
        """Times and sizes as the client wants them."""
        return ExchangeLimits(
            total_timeout=self.total_timeout,
            max_bytes=self.max_bytes,
            max_wire_bytes=self.max_bytes,
            tries=self.tries,
            connections=self.connections,
        )

    def _asked_rates(self, default: Rates) -> Rates:
        given = self.rates
        return Rates(
            index=given.index or default.index,
            playback=given.playback or default.playback,
            save=given.save or default.save,
        )
