"""Bytes of 1998 to today come out right."""

from __future__ import annotations

import ftfy.bad_codecs  # noqa: F401 - registers what browsers mean by windows-1252
import pytest

from scrapers.charset import decode, repair

TEXT = "<p>The café’s policy — “we” keep it for 5 €</p>"
JAPANESE = (
    "<html><body><p>個人情報の取り扱いについて、当社は次の方針を定めます。"
    "お客様の情報を第三者に提供しません。</p></body></html>"
)
RUSSIAN = "<p>Мы обрабатываем ваши персональные данные в соответствии с законом и не передаём их третьим лицам.</p>"


@pytest.mark.parametrize(
    ("body", "header", "charset"),
    [
        (TEXT.encode(), "text/html; charset=utf-8", "utf-8"),
        (TEXT.encode(), "", "utf-8"),
        (TEXT.encode(), "text/html; charset=iso-8859-1", "utf-8"),
        (TEXT.encode("cp1252"), "text/html; charset=ISO-8859-1", "cp1252"),
        (TEXT.encode("cp1252"), "text/html; charset=us-ascii", "cp1252"),
        (TEXT.encode("cp1252"), "", "cp1252"),
        (TEXT.encode("utf-8-sig"), "text/html; charset=iso-8859-1", "utf-8"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "", "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "", "utf-16-be"),
        (TEXT.encode("utf-16-le"), "", "utf-16-le"),
        (TEXT.encode(), "text/html; charset=nonsense", "utf-8"),
        (TEXT.encode(), "text/html; charset=hex", "utf-8"),
    ],
)
def test_western(body: bytes, header: str, charset: str) -> None:
    decoded = decode(body, header)
    assert decoded == TEXT and decoded.charset == charset


def test_meta_and_xml_declarations() -> None:
    meta = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"></head>{JAPANESE}'
    assert decode(meta.encode("cp932")) == meta
    xml = f'<?xml version="1.0" encoding="windows-1251"?>{RUSSIAN}'
    assert decode(xml.encode("cp1251")) == xml


@pytest.mark.parametrize("charset", ["cp932", "euc_jp"])
def test_undeclared_japanese_is_detected(charset: str) -> None:
    assert decode((JAPANESE * 3).encode(charset)) == JAPANESE * 3


def test_undeclared_and_wrongly_declared_russian() -> None:
    assert decode((RUSSIAN * 3).encode("cp1251")) == RUSSIAN * 3
    assert decode((RUSSIAN * 3).encode("cp1251"), "text/html; charset=utf-8") == RUSSIAN * 3


def test_double_encoding_is_repaired_only_where_it_is_clear() -> None:
    broken = ("It’s the user’s “choice” – c’est déjà réglé. " * 3).encode().decode("sloppy-windows-1252")
    assert repair(broken).startswith("It’s the user’s “choice” – c’est déjà réglé.")
    for sound in ("Ãoã is a name, â€ is not", "SÃO PAULO", "naïve café £5 ©2004", "Â© once"):
        assert repair(sound) == sound


def test_stray_bytes_do_not_change_the_charset() -> None:
    body = ("<p>déjà vu, naïve</p>" * 100).encode() + b"<p>\xa9 2004</p>"
    decoded = decode(body, "text/html; charset=utf-8")
    assert decoded.charset == "utf-8" and decoded.lossy and decoded.startswith("<p>déjà vu")
