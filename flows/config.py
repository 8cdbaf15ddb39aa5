"""config.toml as validated values: what to watch, how, and whom to tell.

Each package owns the settings of its part; here they are put together. Every setting can also come from the environment
(`CLAUSEWATCH_STORAGE__URL` is `storage.url`); the environment wins over the file.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from alerts.settings import AlertSettings, Route
from analysis.taxonomy import CategoryRule, category
from flows.categories import OTHER, find_category
from flows.durations import Duration
from flows.terms_types import TERMS_TYPES, nearest_type
from scrapers.archive.settings import ArchiveSettings
from scrapers.errors import SelectorInvalid
from scrapers.selectors import RangeSelector, Selectors
from scrapers.settings import FetchSettings
from storage.settings import StorageSettings

__all__ = [
    "CategoryConfig",
    "CheckSettings",
    "Config",
    "DocumentConfig",
    "PrefectSettings",
    "ReportSettings",
    "ScheduleSettings",
    "SourceConfig",
    "VendorConfig",
    "day_digits",
    "slugify",
]


def slugify(name: str) -> str:
    """A name as it stands in keys and file names: ASCII letters, digits and single dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def day_digits(text: str) -> str:
    """A day, month or year as the digits of an archive's timestamp; "" stays "".

    Raises:
        ValueError: it is none; says how one is written.
    """
    if text and re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
        try:
            date(*(int(part) for part in (text + "-01-01").split("-")[:3]))
        except ValueError:
            pass
        else:
            return text.replace("-", "")
    if text:
        raise ValueError("must be a date such as 2015, 2015-04 or 2015-04-30")
    return ""


class Section(BaseModel):
    """A table of config.toml: keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _http_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that begins with https:// or http://")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password")
    return value.strip()


Url = Annotated[str, AfterValidator(_http_url)]


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class RangeConfig(Section):
    """A part of the page between two elements, in the words of Open Terms Archive's declarations."""

    startBefore: str | None = None  # noqa: N815
    startAfter: str | None = None  # noqa: N815
    endBefore: str | None = None  # noqa: N815
    endAfter: str | None = None  # noqa: N815

    @model_validator(mode="after")
    def _both_ends(self) -> RangeConfig:
        if bool(self.startBefore) == bool(self.startAfter) or bool(self.endBefore) == bool(self.endAfter):
            raise ValueError("a range needs one of startBefore, startAfter and one of endBefore, endAfter")
        return self

    def value(self) -> RangeSelector:
        return RangeSelector(
            start_before=self.startBefore or "",
            start_after=self.startAfter or "",
            end_before=self.endBefore or "",
            end_after=self.endAfter or "",
        )


SelectorList = Annotated[tuple[str | RangeConfig, ...], BeforeValidator(_as_list)]


def _selector_values(items: tuple[str | RangeConfig, ...]) -> tuple[str | RangeSelector, ...]:
    return tuple(item if isinstance(item, str) else item.value() for item in items)


class FormerAddress(Section):
    """Where a page was before it moved; archives are asked for it too."""

    url: Url
    since: str = Field("", description="first day, as 2015-04-30, where it is known")
    until: str = Field("", description="last day, as 2019-01-31, where it is known")

    @field_validator("since", "until")
    @classmethod
    def _is_day(cls, value: str) -> str:
        return day_digits(value) and value


def _scraper(name: str) -> str:
    if name:
        from scrapers.vendors import find  # takes Beautiful Soup along, which nearly no configuration needs

        try:
            find(name)
        except SelectorInvalid as error:
            raise ValueError(error.message) from None
    return name


Scraper = Annotated[str, AfterValidator(_scraper)]


class SourceConfig(Section):
    """One address of a document."""

    url: Url
    select: SelectorList = Field(
        (), description="CSS selectors of the parts that are the policy; all of the page without"
    )
    remove: SelectorList = Field((), description="CSS selectors of what is to be left out")
    anchor: str = Field("", description="id or heading text of the one policy meant, on a page that holds several")
    scraper: Scraper = Field("", description="module of scrapers/vendors that picks the text, instead of select")
    fetcher: Literal["http"] = "http"
    former: tuple[FormerAddress, ...] = ()

    @cached_property
    def selectors(self) -> Selectors:
        return Selectors(select=_selector_values(self.select), remove=_selector_values(self.remove))


def _positive(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than nothing")
    return value


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]


class CheckSettings(Section):
    """How a document is checked; every key can be set again for a vendor or a document."""

    every: Duration = Field(timedelta(hours=12), description="a document is due again this long after its last check")
    confirm_after: Duration = Field(
        timedelta(minutes=2), description="a new wording is looked at again after this time before it is announced"
    )
    confirm: bool = Field(True, description="false announces a new wording at first sight")
    archives: bool = Field(True, description="whether backfill asks the archives for this document")
    archives_incremental: bool = Field(
        True, description="whether scheduled checks ask the archives for newer captures of what was backfilled before"
    )
    archives_gap: PositiveDuration = Field(
        timedelta(days=30),
        description="of pages whose captures all differ, backfill reads no two further apart than this",
    )


class CheckOverrides(Section):
    """The same keys as [check], all optional."""

    every: Duration | None = None
    confirm_after: Duration | None = None
    confirm: bool | None = None
    archives: bool | None = None
    archives_incremental: bool | None = None
    archives_gap: PositiveDuration | None = None


class DocumentConfig(Section):
    """One policy: a `type` and either one `url` (with select and remove) or a list of `sources`."""

    type: str = Field(json_schema_extra={"enum": list(TERMS_TYPES)})
    name: str = ""
    slug: str = Field("", pattern=r"^[a-z0-9-]*$")
    language: str = Field(
        "", pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?$", description="of the policy, as en or pt-BR"
    )
    tags: tuple[str, ...] = ()
    url: Url | None = None
    select: SelectorList = ()
    remove: SelectorList = ()
    anchor: str = ""
    scraper: Scraper = ""
    former: tuple[FormerAddress, ...] = ()
    sources: tuple[SourceConfig, ...] = ()
    check: CheckOverrides = CheckOverrides()
    fetch: FetchSettings = Field(FetchSettings(), description="any key of [fetch], for this document")

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        if value in TERMS_TYPES:
            return value
        near = nearest_type(value)
        raise ValueError(
            "must be one of Open Terms Archive's terms types" + (f'; did you mean "{near}"?' if near else "")
        )

    @model_validator(mode="after")
    def _one_way(self) -> DocumentConfig:
        if bool(self.url) == bool(self.sources):
            raise ValueError("needs either url or sources")
        if self.sources and (self.select or self.remove or self.former or self.anchor or self.scraper):
            raise ValueError("select, remove, anchor, scraper and former belong into each of the sources here")
        urls = [source.url for source in self.all_sources]
        if len(set(urls)) < len(urls):
            raise ValueError("names the same source url twice")
        return self

    @cached_property
    def all_sources(self) -> tuple[SourceConfig, ...]:
        if self.url is None:
            return self.sources
        return (
            SourceConfig(
                url=self.url,
                select=self.select,
                remove=self.remove,
                anchor=self.anchor,
                scraper=self.scraper,
                former=self.former,
            ),
        )

    @property
    def title(self) -> str:
        return self.name or self.type

    @property
    def key_part(self) -> str:
        return self.slug or slugify(self.title) or slugify(self.type)  # a name may have no letter of ours


class VendorConfig(Section):
    """Who publishes; the table's name is the vendor's slug."""

    name: str
    home: Url | None = None
    tags: tuple[str, ...] = ()
    check: CheckOverrides = CheckOverrides()
    fetch: FetchSettings = Field(FetchSettings(), description="any key of [fetch], for this vendor")
    documents: tuple[DocumentConfig, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> VendorConfig:
        slugs = [document.key_part for document in self.documents]
        for slug in slugs:
            if slugs.count(slug) > 1:
                raise ValueError(f'has two documents called "{slug}"; give one of them a slug of its own')
        return self


class CategoryConfig(Section):
    """A kind of clause of your own, found by its words, phrases and patterns; it works wherever a built-in one does."""

    id: str = Field(description="lower-case letters, digits and _; how routes and commands call it")
    name: str = Field("", description="as it is shown")
    definition: str = Field("", description="one line that says what it is")
    words: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field((), description="matched whole, in any case")
    phrases: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field((), description="several words in a row")
    patterns: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(
        (), description="regular expressions, without look-around, back-references and unbounded gaps"
    )

    @model_validator(mode="after")
    def _usable(self) -> CategoryConfig:
        self.rule.check()
        if self.id == OTHER:
            raise ValueError(f'"{OTHER}" stands for clauses of no category; choose another id')
        known = category(self.name)
        if known is not None:
            raise ValueError(f'the name "{self.name}" is that of the built-in category {known.id}; choose another')
        return self

    @cached_property
    def rule(self) -> CategoryRule:
        """As the analysis takes it."""
        return CategoryRule(self.id, self.name, self.definition, self.words, self.phrases, self.patterns)


class PrefectSettings(Section):
    """How runs are recorded. Without any Prefect server everything works, only the dashboard is empty."""

    mode: Literal["auto", "server", "embedded", "off"] = Field(
        "auto",
        description="auto: the server at PREFECT_API_URL if that is set, else off; embedded: a server inside the run",
    )
    batch: int = Field(25, ge=1, le=500, description="documents per Prefect task, grouped by host")
    concurrency: int = Field(16, ge=1, le=256, description="documents worked on at the same time")


class ReportSettings(Section):
    """The report pages: static files that open from a folder or any web server."""

    write: bool = Field(True, description="write the pages that changed after each check")
    folder: Path = Field(Path("reports"), description="where, relative to the data folder")
    dashboard_url: str = Field("", description="address of Prefect's dashboard, to link runs with")


class ScheduleSettings(Section):
    """When the flows are to run. Validated, and not yet used: cron runs `clausewatch check --due` until then."""

    check: str = Field("23 */6 * * *", description="cron expression of the check flow")
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError('must be a time zone such as "Europe/Berlin" or "UTC"') from None
        return value

    @field_validator("check")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        if not re.fullmatch(r"[\d*/,\-A-Za-z#?]+( [\d*/,\-A-Za-z#?]+){4}", value.strip()):
            raise ValueError('must be a cron expression of five fields, such as "23 */6 * * *"')
        return value.strip()


class Config(BaseSettings):
    """All of config.toml."""

    model_config = SettingsConfigDict(
        env_prefix="CLAUSEWATCH_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )
    # which file is being read; set by `read_config` for the length of one call
    _file: ClassVar[Path | None] = None

    data: Path = Field(Path("data"), description="folder for everything clausewatch writes, relative to this file")
    storage: StorageSettings = StorageSettings()
    fetch: FetchSettings = FetchSettings()
    check: CheckSettings = CheckSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    prefect: PrefectSettings = PrefectSettings()
    reports: ReportSettings = ReportSettings()
    archives: tuple[ArchiveSettings, ...] = (ArchiveSettings(name="internet-archive"),)

    alerts: AlertSettings = AlertSettings()
    categories: tuple[CategoryConfig, ...] = Field((), description="kinds of clauses of your own")
    routes: tuple[Route, ...] = ()  # after categories, which they may name
    vendors: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")], VendorConfig] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=cls._file))

    @field_validator("archives")
    @classmethod
    def _distinct_archives(cls, archives: tuple[ArchiveSettings, ...]) -> tuple[ArchiveSettings, ...]:
        names = [archive.name for archive in archives]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'there are two archives called "{name}"')
        return archives

    @field_validator("categories")
    @classmethod
    def _distinct_categories(cls, categories: tuple[CategoryConfig, ...]) -> tuple[CategoryConfig, ...]:
        names = [name for one in categories for name in {one.id, slugify(one.name).replace("-", "_")} if name]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'there are two categories called "{name}"')
        return categories

    @field_validator("routes")
    @classmethod
    def _distinct_routes(cls, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        names = [route.name for route in routes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'there are two routes called "{name}"')
        return routes

    @field_validator("routes")
    @classmethod
    def _known_categories(cls, routes: tuple[Route, ...], info: ValidationInfo) -> tuple[Route, ...]:
        if "categories" not in info.data:
            return routes  # they are wrong themselves, and said to be
        rules = tuple(one.rule for one in info.data["categories"])
        known = []
        for route in routes:
            try:
                ids = tuple(dict.fromkeys(find_category(name, rules) for name in route.categories))
            except ValueError as error:
                raise ValueError(f'route "{route.name}": {error}') from None
            known.append(route.model_copy(update={"categories": ids}))
        return tuple(known)

    @property
    def category_rules(self) -> tuple[CategoryRule, ...]:
        """The user's own categories, as the analysis takes them."""
        return tuple(one.rule for one in self.categories)

    def fetch_overrides(self, vendor: str, document: DocumentConfig) -> FetchSettings:
        """What the vendor and the document set otherwise than [fetch]: only the fields that are set count."""
        return self.vendors[vendor].fetch.merged(document.fetch)

    def check_settings(self, vendor: str, document: DocumentConfig) -> CheckSettings:
        """[check] with what the vendor and the document set otherwise."""
        overrides = [part.model_dump(exclude_none=True) for part in (self.vendors[vendor].check, document.check)]
        return self.check.model_copy(update={**overrides[0], **overrides[1]})

    def documents(self) -> dict[str, tuple[str, DocumentConfig]]:
        """All documents by their key: (vendor slug, document)."""
        return {
            f"{slug}/{document.key_part}": (slug, document)
            for slug, vendor in self.vendors.items()
            for document in vendor.documents
        }
