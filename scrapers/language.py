"""The language of a document: from its function words, its declaration, and only then from a statistical model.

Pages declare a language that is the site's, not the text's (English policies under lang="de"), so words count more. The
model (py3langid) takes about a second to load; nearly no page needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analysis.blocks import Block

__all__ = ["language_of"]

_SAMPLE: Final = 3000  # characters looked at
_CLEAR: Final = 0.12  # share of function words that a language's text has at least
_MODEL_LEAST: Final = 80  # characters below which the model guesses

# Frequent words. One that several languages have counts for each of them.
_WORDS: Final = {
    "en": "the and of to that is for with this are by be we you your our not may from will which have any",
    "fr": "les des est une vous nous pour dans avec sur votre vos aux sont ces cette ou et du notre nos qui",
    "de": "und der die das ist für mit von nicht auf eine sich werden wir sie ihre oder zu dem wenn einer auch",
    "es": "el los las del una para con por su sus usted y este como nuestro nuestra puede es al más",
    "it": "il gli della di che per con sono nel alla dei delle degli questo nostri può anche dell",
    "pt": "os das dos uma para não com seu sua você nós em ao à são pelo pela nossos ou também",
    "nl": "het een van en voor met zijn niet wij uw onze deze dat worden kan wordt aan bij ook je",
    "sv": "och att det som för på med inte av är till den vi du kan eller våra dina om",
    "da": "og at det som til på med ikke af er vi du kan eller vores dine om har den når",
    "pl": "i w na z do nie się jest że lub oraz przez od dla jak które użytkownika danych",
    "fi": "ja on ei että tai sen voi ovat kun mukaan sekä joka käyttäjän tietoja",
    "cs": "a se na je že pro nebo jsou které při jako údajů vaše naše bude",
    "tr": "ve bir bu için ile olarak veya kişisel olan kullanıcı gibi daha tarafından",
    "ro": "și în de la cu pentru sau este care prin din dumneavoastră noastre date",
    "hu": "a az és hogy nem egy vagy is az adatok személyes által meg",
    "id": "dan yang untuk dengan atau dari kami anda tidak ini dalam adalah",
    "vi": "và của các là cho không được trong với tôi bạn chúng",
}
_INDEX: Final[dict[str, list[str]]] = {}
for _language, _list in _WORDS.items():
    for _word in _list.split():
        _INDEX.setdefault(_word, []).append(_language)
# What the model may answer: languages that policies are written in, not the hundred that it knows.
_LIKELY: Final = frozenset(
    [
        "en",
        "fr",
        "de",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "no",
        "nb",
        "nn",
        "fi",
        "is",
        "pl",
        "cs",
        "sk",
        "sl",
        "hr",
        "sr",
        "bs",
        "bg",
        "ro",
        "hu",
        "el",
        "tr",
        "ru",
        "uk",
        "be",
        "et",
        "lv",
        "lt",
        "sq",
        "mk",
        "ja",
        "ko",
        "zh",
        "vi",
        "th",
        "id",
        "ms",
        "tl",
        "hi",
        "bn",
        "ta",
        "te",
        "ur",
        "fa",
        "ar",
        "he",
        "ka",
        "hy",
        "az",
        "kk",
        "ca",
        "eu",
        "gl",
        "ga",
        "cy",
        "mt",
        "af",
        "sw",
    ]
)
# Scripts that one language of policies uses; the range's first and last character.
_SCRIPTS: Final = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("zh", "\u4e00", "\u9fff"),
    ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"),
    ("th", "\u0e00", "\u0e7f"),
    ("hy", "\u0530", "\u058f"),
    ("ka", "\u10a0", "\u10ff"),
)


def language_of(declared: str, blocks: Sequence[Block]) -> str | None:
    """The two-letter code (ISO 639-1) of the language that the blocks are written in; None where there is too little.

    Parameters:
        declared: the value of the page's lang attribute, "" where it has none.
    """
    said = declared.strip().lower().replace("_", "-").partition("-")[0]
    if not (said.isascii() and said.isalpha() and len(said) in (2, 3)):
        said = ""
    text = _sample(blocks)
    seen = _by_script(text) or _by_words(text)
    if seen:
        return seen
    if said:
        return said
    return _by_model(text) if len(text) >= _MODEL_LEAST else None


def _sample(blocks: Sequence[Block]) -> str:
    parts: list[str] = []
    size = 0
    for block in blocks:
        if len(block.text) > 40:
            parts.append(block.text[:1000])
            size += len(parts[-1])
            if size > _SAMPLE:
                break
    return " ".join(parts or [block.text for block in blocks[:50]]).lower()


def _by_words(text: str) -> str | None:
    words = text.split()
    if len(words) < 12:
        return None
    counts = dict.fromkeys(_WORDS, 0)
    for word in words:
        for language in _INDEX.get(word, ()):
            counts[language] += 1
    ranked = sorted(counts, key=counts.__getitem__, reverse=True)
    best, second = counts[ranked[0]], counts[ranked[1]]
    return ranked[0] if best >= _CLEAR * len(words) and best > 1.5 * second else None


def _by_script(text: str) -> str | None:
    if text.isascii():
        return None
    head = text[:400]
    if sum(char > "\u036f" for char in head) * 8 < len(head):
        return None  # Latin letters; the others are quotes and dashes
    letters = [char for char in text[:1500] if char.isalpha()]
    for language, first, last in _SCRIPTS:
        # Japanese is told by its kana, which are fewer than its Chinese characters
        if sum(first <= char <= last for char in letters) > (0.15 if language == "ja" else 0.4) * len(letters):
            return language
    return None


def _by_model(text: str) -> str | None:
    import py3langid  # loads its model at the first call: about a second

    ranked: list[tuple[str, float]] = py3langid.rank(text[:_SAMPLE])
    return next((language for language, _ in ranked if language in _LIKELY), None)
