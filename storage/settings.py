"""Where things are kept: the `[storage]` table of config.toml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

__all__ = ["StorageSettings"]


class StorageSettings(BaseModel):
    """The database. SQLite needs nothing; PostgreSQL is for many workers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(
        SecretStr("sqlite:///clausewatch.sqlite"),
        description="sqlite:///FILE (relative to the data folder) or postgresql://USER:PASSWORD@HOST/DATABASE; "
        "give one with a password as CLAUSEWATCH_STORAGE__URL",
    )

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value
