"""Bytes to text, for pages from 1998 to today.

Order of belief: byte order mark, HTTP header, `<meta>` or XML declaration, detection. A declared charset is believed
only when the bytes decode with it; "iso-8859-1" means windows-1252 as in every browser (WHATWG Encoding Standard).
"""

from __future__ import annotations

import codecs
import re
from typing import Final

__all__ = ["Decoded", "decode", "repair"]

_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]{1,40})", re.IGNORECASE)
_META: Final = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]{1,40})", re.IGNORECASE)
_XML: Final = re.compile(rb"^\s{0,20}<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.\-]{1,40})", re.IGNORECASE)
_SNIFF: Final = (
    4096  # bytes at the start that hold a <meta>; browsers look at 1,024, old generators wrote more before it
)
_DETECT: Final = 65536  # bytes given to detection
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Labels that mean another charset than they say (WHATWG Encoding Standard), or that Python does not know.
_LABELS: Final = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "windows-1252": "cp1252",
    "x-cp1252": "cp1252",
    "ansi": "cp1252",
    "iso-8859-9": "cp1254",
    "iso8859-9": "cp1254",
    "latin5": "cp1254",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16-le",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}


class Decoded(str):
    """Decoded text that remembers by which charset: `charset`, and `lossy` where bytes had to be replaced."""

    __slots__ = ("charset", "lossy")
    charset: str
    lossy: bool


def _made(text: str, charset: str, lossy: bool = False) -> Decoded:
    decoded = Decoded(text)
    decoded.charset = charset
    decoded.lossy = lossy
    return decoded


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Decode the bytes of an HTML or text body; never fails.

    Parameters:
        body: as sent, decompressed.
        content_type: the Content-Type header as given, "" where there was none.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return _made(body[len(mark) :].decode(charset, "replace"), charset)
    if guess := _utf16_without_mark(body):
        return _made(body.decode(guess, "replace"), guess)
    declared = list(_declared(body, content_type))
    for charset in declared:
        # A page that says UTF-8 and has a few stray bytes is still UTF-8; one that says latin-1 and is valid UTF-8 with
        # multi-byte characters is UTF-8, as no other text looks like that by chance.
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            break
        return _made(repair(text), "utf-8") if charset in ("utf-8", "cp1252") else _strict(body, charset, text)
    if not declared:
        try:
            return _made(repair(body.decode("utf-8")), "utf-8")
        except UnicodeDecodeError:
            pass
    for charset in declared:
        try:
            return _made(body.decode(charset), charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return _undeclared(body, declared)


def _strict(body: bytes, charset: str, as_utf8: str) -> Decoded:
    """Valid UTF-8 under another declared name: the name counts unless the bytes do not fit it or are plain UTF-8."""
    if charset in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be") or not as_utf8.isascii():
        # "charset=utf-16" in a page whose own <meta> could be read is UTF-8 (WHATWG); non-ASCII bytes that are valid
        # UTF-8 throughout are so by chance only in very short texts
        if not charset.startswith("utf-") and sum(byte > 127 for byte in body) < 6:
            try:
                return _made(body.decode(charset), charset)
            except (UnicodeDecodeError, LookupError):
                pass
        return _made(repair(as_utf8), "utf-8")
    try:
        return _made(body.decode(charset), charset)  # ISO-2022-JP is ASCII bytes
    except (UnicodeDecodeError, LookupError):
        return _made(as_utf8, "utf-8")


def _declared(body: bytes, content_type: str) -> list[str]:
    names: list[str] = []
    if found := _HEADER.search(content_type):
        names.append(found[1])
    head = body[:_SNIFF]
    for pattern in (_XML, _META):
        names += [match.decode("ascii") for match in pattern.findall(head)[:1]]
    known: list[str] = []
    for name in names:
        charset = _LABELS.get(name.lower(), name.lower())
        try:
            info = codecs.lookup(charset)
        except (LookupError, ValueError):
            continue
        # "hex", "zip" and their like are codecs, but no charsets
        if getattr(info, "_is_text_encoding", True) and charset not in (
            "idna",
            "punycode",
            "undefined",
            "unicode_escape",
        ):
            known.append(charset)
    return known


def _utf16_without_mark(body: bytes) -> str | None:
    """UTF-16 shows by its NULs: every other byte of markup."""
    head = body[:400]
    if len(head) < 8 or b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * len(head) / 2 and even < odd / 8:
        return "utf-16-le"
    if even > 0.4 * len(head) / 2 and odd < even / 8:
        return "utf-16-be"
    return None


def _undeclared(body: bytes, declared: list[str]) -> Decoded:
    for charset in declared:
        text = body.decode(charset, "replace")
        if text.count("\ufffd") * 200 < len(text):
            return _made(text, charset, lossy=True)  # stray bytes in what is declared
    if detected := _detect(body):
        return _made(body.decode(detected, "replace"), detected)
    text = body.decode("utf-8", "replace")
    if text.count("\ufffd") * 200 < len(text):
        return _made(text, "utf-8", lossy=True)
    return _made(body.decode("cp1252", "replace"), "cp1252")


def _detect(body: bytes) -> str | None:
    from charset_normalizer import from_bytes  # 30 ms to import, rarely needed

    # Tags are ASCII in every charset and only dilute what is to be judged.
    text = re.sub(rb"<[^<>]{0,2000}>", b" ", body[: 4 * _DETECT])
    high = [part for part in re.split(rb"[\r\n]+", text) if not part.isascii()]
    sample = b"\n".join(high)[:_DETECT]
    if sum(byte >= 0xC0 for byte in sample) * 20 < len(sample):
        return "cp1252"  # a letter in twenty or fewer: a western language; quotes and dashes are below 0xC0
    best = from_bytes(sample, cp_isolation=_DETECTABLE).best()
    return best.encoding if best else None


_DETECTABLE: Final = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "koi8_r",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "cp874",
]

# What UTF-8 looks like after it was read as windows-1252 and encoded again: two marks in a row that no language has.
_DOUBLED: Final = re.compile("â€[™œ\x9d“”˜¦\u0153]|Ã[©¨¼¶¤±\xad³¡ª«§\xa0]|Â[©®°\xa0«»]")


def repair(text: str) -> str:
    """Undo a double encoding, only where the text is clearly broken by it (several of its marks)."""
    if text.isascii() or ("Ã" not in text and "â€" not in text and "Â" not in text):
        return text
    if len(_DOUBLED.findall(text)) < 3:
        return text
    import ftfy

    config = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )
    return "\n".join(ftfy.fix_encoding(line, config) if not line.isascii() else line for line in text.split("\n"))
