"""Save Page Now, and the settings of archives."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import ValidationError

from scrapers.archive import ARQUIVO, INTERNET_ARCHIVE, Dialect, ProcessLimiter, Rates
from scrapers.archive.save import SAVE_ERRORS, SavePageNow, SaveState
from scrapers.archive.settings import ArchiveSettings, RateSettings, SaveSettings
from scrapers.errors import ArchiveFormat, ArchiveRateLimited, SaveFailed
from tests.scrapers.archive_world import FAST, Clock, Handler, answer

pytestmark = pytest.mark.anyio

URL = "https://vendor.example/privacy"
JOB = "spn2-" + "0" * 40


def saver(handler: Handler, clock: Clock | None = None) -> SavePageNow:
    clock = clock or Clock()
    return SavePageNow(
        "access",
        "secret",
        user_agent="clausewatch-tests",
        profile=FAST,
        limiter=ProcessLimiter(clock=clock, sleep=clock.sleep),
        transport=httpx.MockTransport(handler),
        sleep=clock.sleep,
        clock=clock,
        jitter=lambda: 0.5,
    )


def says(*answers: object) -> tuple[Handler, list[httpx.Request]]:
    """Answers with these values as JSON, one after the other; the last one for ever."""
    left = list(answers)
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        said = left.pop(0) if len(left) > 1 else left[0]
        return said if isinstance(said, httpx.Response) else answer(json.dumps(said))

    return handler, seen


async def test_a_page_is_ordered_awaited_and_named() -> None:
    clock = Clock()
    handler, seen = says(
        {"url": URL, "job_id": JOB, "message": "The same snapshot had been made 4 minutes ago."},
        {"status": "pending", "job_id": JOB},
        {"status": "success", "timestamp": "20261122101112", "original_url": f"{URL}/", "http_status": 200},
    )
    async with saver(handler, clock) as spn:
        saved = await spn.save(URL, if_not_archived_within="3d 5h", poll=1)
    assert saved.memento_url == f"https://web.archive.org/web/20261122101112/{URL}/"
    assert saved.time.year == 2026 and saved.http_status == 200 and "4 minutes" in saved.message
    assert (seen[0].method, str(seen[0].url)) == ("POST", "https://web.archive.org/save")
    assert seen[0].headers["authorization"] == "LOW access:secret"
    assert parse_qs(seen[0].content.decode()) == {
        "url": [URL],
        "skip_first_archive": ["1"],
        "if_not_archived_within": ["3d 5h"],
    }
    assert str(seen[1].url) == f"https://web.archive.org/save/status/{JOB}"
    assert clock.slept == [3.0, 3.0]  # never more often


@pytest.mark.parametrize(("code", "transient"), sorted(SAVE_ERRORS.items()))
async def test_every_documented_error_of_an_order_and_of_a_job(code: str, transient: bool) -> None:
    said = {"status": "error", "status_ext": f"error:{code}", "message": f"Sorry: {code}", "url": URL}
    for handler, _ in (says(said), says({"job_id": JOB}, said)):
        async with saver(handler) as spn:
            with pytest.raises(SaveFailed) as caught:
                await spn.save(URL)
        assert (caught.value.code, caught.value.transient) == (code, transient)
        assert caught.value.message == f"Sorry: {code}"


async def test_other_failures() -> None:
    handler, _ = says({"status": "error", "status_ext": "error:brand-new", "message": ""})
    async with saver(handler) as spn:
        with pytest.raises(SaveFailed) as caught:
            await spn.save(URL)
    assert (caught.value.code, caught.value.transient) == ("brand-new", False)
    async with saver(lambda request: answer("<html>login</html>", 401)) as spn:
        with pytest.raises(SaveFailed) as caught:
            await spn.submit(URL)
    assert caught.value.code == "unauthorized" and "secret" not in str(caught.value)
    async with saver(lambda request: answer("<html>busy</html>")) as spn:
        with pytest.raises(ArchiveFormat):
            await spn.submit(URL)
    async with saver(lambda request: answer("", 429)) as spn:
        with pytest.raises(ArchiveRateLimited):
            await spn.submit(URL)


async def test_a_job_that_never_ends_is_given_up_after_three_minutes() -> None:
    clock = Clock()
    handler, seen = says({"job_id": JOB}, {"status": "pending"})
    async with saver(handler, clock) as spn:
        with pytest.raises(SaveFailed) as caught:
            await spn.save(URL)
    assert (caught.value.code, caught.value.transient) == ("timeout", True)
    assert 180 <= sum(clock.slept) <= 190 and len(seen) == 31


async def test_capacity_and_status() -> None:
    handler, seen = says({"available": 3, "processing": 0, "daily_captures": 7, "daily_captures_limit": 30000})
    async with saver(handler) as spn:
        capacity = await spn.capacity()
    assert (capacity.available, capacity.daily_captures_limit) == (3, 30000)
    assert "_t" in seen[0].url.params
    handler, _ = says({"status": "error", "status_ext": "error:not-found", "message": "gone"})
    async with saver(handler) as spn:
        status = await spn.status(JOB)
        assert (status.state, status.code) == (SaveState.ERROR, "not-found")
        with pytest.raises(ValueError, match="job"):
            await spn.status("../user")
        with pytest.raises(ValueError, match="duration"):
            await spn.submit(URL, if_not_archived_within="soon")


def test_keys_that_cannot_be_ones() -> None:
    for access, secret in (("", "x"), ("a", "b\r\nX-Evil: 1"), ("a:b", "c")):
        with pytest.raises(ValueError, match="key"):
            SavePageNow(access, secret, user_agent="t")
    with pytest.raises(ValueError, match="save"):
        SavePageNow("a", "b", user_agent="t", profile=ARQUIVO)


# ----------------------------------------------------------------------------------------------------------- settings


def test_known_archives_need_only_their_name() -> None:
    assert ArchiveSettings(name="internet-archive").profile() == INTERNET_ARCHIVE
    assert ArchiveSettings(name="arquivo").profile().rates == ARQUIVO.rates
    own = ArchiveSettings(
        name="own", index_url="http://127.0.0.1:9/c/cdx", memento_prefix="http://127.0.0.1:9/c", dialect=Dialect.PYWB
    ).profile()
    assert own.memento_url(URL, "2020") == f"http://127.0.0.1:9/c/2020id_/{URL}"


def test_rates_go_down_but_not_up() -> None:
    slower = ArchiveSettings(name="internet-archive", rates=RateSettings(playback=2.0))
    assert slower.profile().rates == Rates(index=0.4, playback=2.0, save=0.2)
    with pytest.raises(ValidationError, match="override_rates"):
        ArchiveSettings(name="internet-archive", rates=RateSettings(index=1.0))
    faster = ArchiveSettings(name="internet-archive", rates=RateSettings(index=1.0), override_rates=True)
    assert faster.profile().rates.index == 1.0
    alias: dict[str, object] = {
        "name": "mine",
        "index_url": "https://web.archive.org/cdx/search/cdx",
        "memento_prefix": "https://web.archive.org/web/",
    }
    assert ArchiveSettings.model_validate(alias).profile().rates.index == 0.4
    with pytest.raises(ValidationError, match="override_rates"):
        ArchiveSettings.model_validate(alias | {"rates": {"index": 0.5}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "own"},
        {"name": "Not A Name"},
        {"name": "own", "index_url": "file:///x", "memento_prefix": "https://a.example/"},
        {"name": "arquivo", "save": {"enabled": True}},
        {"name": "arquivo", "unknown": 1},
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ArchiveSettings.model_validate(wrong)


def test_keys_come_from_the_environment_and_stay_hidden() -> None:
    settings = SaveSettings(enabled=True, access_key_env="A", secret_key_env="S")
    access, secret = settings.keys({"A": "one", "S": "two"})
    assert (access.get_secret_value(), secret.get_secret_value()) == ("one", "two") and "two" not in repr(secret)
    with pytest.raises(ValueError, match="S is not set"):
        settings.keys({"A": "one"})
