"""Scrapers of single vendors, for pages that selectors cannot describe. Found by name: `scrapers/vendors/<name>.py`.

Such a module has one function, written with Beautiful Soup:

    def select(soup: BeautifulSoup, url: str) -> Iterable[Tag]: ...   # the elements that are the document, in order

Their text is read by the same walk as every page's, so blocks, headings and links are made alike. None is shipped: the
generic extractor and selectors read the pages of the first vendors (Live2Support, LiveChat, LiveHelpNow, LiveTouch).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from typing import Final, cast

from bs4 import BeautifulSoup, Tag

from scrapers.errors import SelectorInvalid

__all__ = ["Select", "find"]

Select = Callable[[BeautifulSoup, str], Iterable[Tag]]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")


def find(name: str) -> Select:
    """The scraper of that name.

    Raises:
        SelectorInvalid: there is none.
    """
    if not _NAME.fullmatch(name):
        raise SelectorInvalid(f"{name!r} is no name of a scraper")
    module_name = f"{__name__}.{name}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise SelectorInvalid(f"There is no scraper named {name!r} in scrapers/vendors") from None
    return cast(Select, module.select)
