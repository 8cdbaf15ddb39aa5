"""What robots.txt says, and how long an answer counts."""

from __future__ import annotations

import time

import anyio
import pytest

from scrapers import errors
from scrapers.robots import FAILED_SECONDS, FRESH_SECONDS, RobotsAnswer, RobotsCache, Rules

pytestmark = pytest.mark.anyio

PAGE = "https://site.example/legal/privacy"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /legal\nAllow: /legal/privacy", True),  # the longest match counts
        ("User-agent: *\nDisallow: /*/privacy$", False),
        ("User-agent: clausewatch\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: ClauseWatch/2.0 # us\nAllow: /", True),
        # Names that only contain ours, or are contained in it, are other robots.
        ("User-agent: clause\nDisallow: /", True),
        ("User-agent: clausewatch-pro\nDisallow: /", True),
        ("User-agent: other\nUser-agent: clausewatch\nDisallow: /legal", False),
        ("\ufeffUser-agent: *\nDisallow: /legal", False),
        ("<!doctype html><html><body>Disallow: /</body></html>", True),
    ],
)
def test_rules(text: str, allowed: bool) -> None:
    assert Rules(text, "clausewatch").allows(PAGE) is allowed


def test_crawl_delay_is_that_of_our_group() -> None:
    text = "User-agent: *\nCrawl-delay: 5\n\nUser-agent: clausewatch\nCrawl-delay: 0.5\n"
    assert Rules(text, "clausewatch").crawl_delay == 0.5
    assert Rules(text, "another").crawl_delay == 5
    for silly in ("nan", "inf", "-3", "soon"):
        assert Rules(f"User-agent: *\nCrawl-delay: {silly}", "clausewatch").crawl_delay == 0


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"User-agent: r{n}\n" for n in range(15_000)) + "".join(f"Disallow: /{n}\n" for n in range(15_000)),
        "".join(f"User agent r{n}\n" for n in range(15_000)) + "".join(f"Disallow: /{n}\n" for n in range(15_000)),
        "User-agent: *\n" + ("Disallow: /" + "*a" * 100 + "b\n") * 2000,
    ],
    ids=["many names", "many names, spelt loosely", "many wildcards"],
)
def test_hostile_files_cost_little(text: str) -> None:
    start = time.process_time()
    assert Rules(text, "clausewatch").allows("https://site.example/" + "a" * 2000) is True
    assert time.process_time() - start < 3


class Host:
    """A host's answers to /robots.txt, one after the other, and how often it was asked."""

    def __init__(self, *answers: RobotsAnswer | errors.FetchError) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def read(self, url: str) -> RobotsAnswer:
        self.asked.append(url)
        await anyio.lowlevel.checkpoint()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, errors.FetchError):
            raise answer
        return answer


async def check(cache: RobotsCache, host: Host, origin: str = "https://site.example") -> Rules:
    return await cache.check(PAGE, origin, "clausewatch", host.read)


async def test_a_host_is_asked_once_also_by_many_at_a_time_and_again_after_a_day() -> None:
    allows = RobotsAnswer(200, "User-agent: *\nAllow: /")
    host = Host(allows, allows, RobotsAnswer(200, "User-agent: *\nDisallow: /"))
    cache = RobotsCache(clock=host.clock)
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(check, cache, host)
    await check(cache, host)
    assert host.asked == ["https://site.example/robots.txt"]
    await check(cache, host, "https://other.example")
    assert len(host.asked) == 2
    host.now += FRESH_SECONDS
    with pytest.raises(errors.RobotsForbidden):
        await check(cache, host)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429])
async def test_4xx_means_that_there_are_no_rules(status: int) -> None:
    host = Host(RobotsAnswer(status, "User-agent: *\nDisallow: /"))
    await check(RobotsCache(clock=host.clock), host)


async def test_5xx_forbids_everything_for_a_while() -> None:
    host = Host(RobotsAnswer(503), RobotsAnswer(404))
    cache = RobotsCache(clock=host.clock)
    for _ in range(2):
        with pytest.raises(errors.RobotsUnavailable, match="503"):
            await check(cache, host)
    assert len(host.asked) == 1
    host.now += FAILED_SECONDS
    await check(cache, host)


async def test_a_host_that_cannot_be_reached_is_told_as_that_without_asking_again() -> None:
    failure = errors.TooManyRequests("held back", retry_after=12.0)
    host = Host(failure)
    cache = RobotsCache(clock=host.clock)
    caught = []
    for _ in range(3):
        with pytest.raises(errors.TooManyRequests) as info:
            await check(cache, host)
        caught.append(info.value)
    assert len(host.asked) == 1
    assert len({id(error) for error in caught}) == 3, "each raise has its own traceback"
    assert all(error.retry_after == 12.0 and str(error) == "held back" for error in caught)
