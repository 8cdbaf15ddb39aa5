# ruff: noqa: E501 -- a pattern a line is easier to read and to compare than one broken over several
"""Words that the facts of a change are read from: modality, verbs of handling data, conditions, synonyms.

Written from general knowledge; the severity ideas are those of reference/clauses.md 5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = [
    "CONDITIONS",
    "HANDLING",
    "MODALS",
    "NAVIGATION",
    "NEGATION",
    "PROTECTING",
    "PROTECTION_SENTENCES",
    "SENSITIVE",
    "STATEMENT",
    "STOP_WORDS",
    "SUBSTANCE",
    "SYNONYMS",
    "WORD",
    "Condition",
]

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")

HANDLING: Mapping[str, str] = {
    "collect": r"infer(?:s|red)?|collect(?:s|ed|ing)?|gather(?:s|ed|ing)?|obtain(?:s|ed|ing)?|record(?:s|ed|ing)?|captur(?:e|es|ed|ing)",
    "share": r"shar(?:e|es|ed|ing)|disclos(?:e|es|ed|ing)|transfer(?:s|red|ring)?|releas(?:e|es|ed|ing)|reveal(?:s|ed)?|pass(?:es|ed)? on|make available",
    "sell": r"sell(?:s|ing)?|sold|rent(?:s|ed|ing)?|trad(?:e|es|ed|ing)|leas(?:e|es|ed|ing)|moneti[sz](?:e|es|ed|ing)",
    "use": r"us(?:e|es|ed|ing)|process(?:es|ed|ing)?|analy[sz](?:e|es|ed|ing)",
    "link": r"link(?:s|ed|ing)?|tie(?:s|d)?|tying|combin(?:e|es|ed|ing)|associat(?:e|es|ed|ing)|merg(?:e|es|ed|ing)|match(?:es|ed|ing)?",
    "track": r"track(?:s|ed|ing)?|monitor(?:s|ed|ing)?|profil(?:e|es|ed|ing)|scan(?:s|ned|ning)?",
    "keep": r"retain(?:s|ed|ing)?|keep(?:s|ing)?|kept|stor(?:e|es|ed|ing)",
    "train": r"train(?:s|ed|ing)?",
    "access": r"access(?:es|ed|ing)?",
    "send": r"send(?:s|ing)?|sent|contact(?:s|ed|ing)?",
}
"""Verbs whose subject is the provider and that a person would rather see less of."""

PROTECTING: Mapping[str, str] = {
    "notify": r"notif(?:y|ies|ied|ying)|inform(?:s|ed|ing)?|let you know|announc(?:e|es|ed|ing)|alert(?:s|ed)?|tell you|provide (?:you (?:with )?)?(?:\w+ ){0,3}?notice|give (?:you )?(?:\w+ ){0,3}?notice",
    "delete": r"delet(?:e|es|ed|ing)|eras(?:e|es|ed|ing)|destroy(?:s|ed)?|anonymi[sz](?:e|es|ed|ing)",
    "protect": r"encrypt(?:s|ed|ing)?|protect(?:s|ed|ing)?|safeguard(?:s|ed)?|secur(?:e|es|ed)",
    "ask": r"ask (?:for )?(?:you|your)|seek (?:your )?|obtain (?:your )?(?:\w+ )?consent|request your",
    "honour": r"hono(?:u)?r(?:s|ed)?|respect(?:s|ed)?|respond(?:s|ed)? to|comply with your",
}
"""Verbs whose subject is the provider and that protect the person."""

NEGATION = r"(?:(?:do|does|did|will|would|shall|may|can|could|should|must|is|are|was|were|have|has)(?: not|n['’]t)|cannot|can['’]t|won['’]t|never|not|neither|nor|no longer|under no circumstances|refrain from|don['’]t|doesn['’]t)"
MODALS: tuple[tuple[str, int, str], ...] = (
    ("will not", -2, NEGATION),
    ("may", 1, r"(?:may|might|can|could|reserves? the right to|are permitted to|is permitted to|from time to time|sometimes|occasionally)"),
    ("will", 2, r"(?:will|shall|must|always|are required to|is required to|agree to|commit to|undertake to|['’]ll)"),
)  # fmt: skip
"""The ladder: name, rung, words. A verb without any of them stands on the rung of "will" (it is done)."""


class Condition(tuple[str, int, str]):
    """Name, direction when it is added (+1 favourable, -1 adverse) and pattern."""

    __slots__ = ()


CONDITIONS: tuple[Condition, ...] = tuple(
    map(
        Condition,
        (
            ("without notice", -1, r"\bwithout (?:any |further |giving (?:you )?|providing )?(?:prior |advance |further |individual )?(?:notice|notification|notifying)\b|with or without notice"),
            ("without your consent", -1, r"\bwithout (?:first )?(?:\w+ )?(?:your |the user['’]?s |their |his |any |prior |express |explicit |further |additional |obtaining |asking ){1,4}(?:consent|permission|authori[sz]ation|approval)|\bwithout consent\b"),
            ("with your consent", 1, r"(?<!without )\b(?:with|only (?:with|after|if)|upon|subject to|obtain(?:ing)?|based on|unless you|if you) (?:\w+ ){0,3}?(?:consent|permission|authori[sz]ation|approval|opt[- ]in)\b"),
            ("your consent required", 1, r"\b(?:your|explicit|express|prior|opt-in) (?:\w+ )?consent (?:is|will be|shall be) (?:\w+ )?(?:required|obtained|sought|needed)"),
            ("only", 1, r"\b(?:only|solely|exclusively)\b"),
            ("unless", 1, r"\bunless\b|\bexcept (?:as|where|when|if|with|in|for)\b"),
            ("on a court order", 1, r"\bcourt orders?\b|\bwarrants?\b(?!y)|\bjudicial order|\bcourt of competent"),
            ("you can opt out", 1, r"(?<!not )\bopt(?:ing)?[- ]out\b|\bunsubscribe\b|\bobject to\b|\bwithdraw (?:your )?consent"),
            ("you can cancel", 1, r"\byou (?:can|may) (?:cancel|terminate|close|end|delete)\b"),
            ("no opting out", -1, r"\b(?:may|can|are|will) ?not (?:be able to |able to )?(?:opt[- ]out|unsubscribe|object|refuse|decline)|cannot (?:opt|unsubscribe)"),
            ("at its sole discretion", -1, r"\bdiscretion\b"),
            ("at any time", -1, r"\bat any time\b(?=[^.]{0,60}(?:without|change|modify|terminate|suspend))|\bany time and for any reason"),
            ("at your own risk", -1, r"\bat your (?:own|sole) risk\b|\bown risk\b"),
            ("indefinitely", -1, r"\bindefinite(?:ly)?\b|\bperpetual(?:ly)?\b|\bpermanently retain|\bforever\b"),
            ("at least until", -1, r"\bat least until\b"),
            ("only if material", -1, r"\b(?:material|significant|substantial|major) (?:\w+ )?changes?\b|changes? (?:is|are) material"),
            ("irrevocable licence", -1, r"\birrevocabl[ey]\b|\broyalty-free\b"),
            ("for any purpose", -1, r"\bfor any (?:lawful )?(?:purpose|reason)\b|\bany other purpose\b"),
            ("where permitted by law", -1, r"\bto the (?:fullest |maximum )?extent permitted\b"),
            ("as long as necessary", -1, r"\b(?:as|so) long as (?:\w+ ){0,4}?(?:necessary|needed|required)\b"),
            ("free of charge", 1, r"\bfree of charge\b|\bat no (?:cost|charge)\b|\bwithout charge\b"),
            ("anonymised", 1, r"\banonymi[sz]ed\b|\bde-?identified\b|\baggregated? (?:form|basis|data|information)\b|\bpseudonymi[sz]ed\b"),
            ("encrypted", 1, r"\bencrypt(?:ed|ion)\b"),
        ),
    )
)  # fmt: skip

SENSITIVE = frozenset({"biometric data", "facial recognition", "health data", "genetic data", "precise location", "financial data", "government id", "contacts", "messages", "voice and audio", "sensitive data", "children's data", "source code", "chat transcripts"})  # fmt: skip
"""Kinds of data whose appearance is of high severity."""

PROTECTION_SENTENCES: tuple[tuple[str, str], ...] = (
    ("not to sell personal data", r"\b(?:not|never|n['’]t|no longer)\b[^.;]{0,40}?\b(?:sell|sold|rent|rented|trade|monetis|monetiz|selling)\w*"),
    ("not to share personal data", r"\b(?:not|never|n['’]t)\b (?:\w+,? ){0,4}?(?:shar|disclos|releas|transfer|reveal|provid|pass|give|distribut|divulg)\w*"),
    ("not to collect or use data", r"\b(?:not|never|n['’]t)\b (?:\w+,? ){0,3}?(?:collect|us|process|track|link|tie|combin|stor|keep|retain|read|scan|monitor|train|record|ask|requir|request|sav|log|access|target|profil|attempt)(?:e|es|ed|ing|s|d|n|t)?\b"),
    ("to act only with consent", r"\bonly\b[^.;]{0,40}?\b(?:consent|permission|approval|authori[sz]ation)|\b(?:with|obtain) your (?:\w+ )?(?:consent|permission)"),
    ("not to discriminate", r"\bnot\b[^.;]{0,20}?\b(?:discriminat|retaliat|penali[sz]|deny you)\w*"),
    ("to notify", r"\b(?:will|shall|['’]ll|always)\b (?:\w+ ){0,3}?(?:notify|inform|let you know|alert|tell you|provide (?:you )?(?:\w+ ){0,3}?notice|communicate your)\b"),
    ("to delete", r"\b(?:will|shall|['’]ll)\b (?:\w+ ){0,4}?(?:delete|erase|destroy|anonymi[sz]e)\w*"),
    ("to protect", r"\b(?:encrypt(?:ed|ion)?|(?:end[- ]to[- ]end))\b|\bwe (?:\w+ )?(?:protect|safeguard)\b"),
    ("a right", r"\byou (?:\w+ )?(?:have|retain) (?:the|a) (?:\w+ )?right\b|\byou (?:may|can) (?:also |always |choose to )?(?:opt[- ]out|object|request|withdraw|access|delete|correct|unsubscribe|refuse|decline|disable|install|cancel|terminate|close|choose)\b|\bright to\b"),
)  # fmt: skip
"""What a provider can promise in a sentence, by name; each counts when the sentence appears or vanishes."""

STATEMENT = re.compile(
    r"\b(?:we|us|our|you|your|user|customer|company|provider|partners?|third part(?:y|ies)|service providers?|information|data|(?-i:[A-Z][\w]+))\b[^.]{0,120}?\b(?:"
    r"collect|shar|disclos|sell|sold|us(?:e|es|ed|ing)\b|process|retain|keep|kept|stor|delet|transfer|track|monitor|combin|link|infer|train|"
    r"receiv|obtain|provid|access|notif|inform|consent|opt|object|withdraw|right|protect|encrypt|target|profil|personali[sz]|analy[sz]|verif|"
    r"scan|record|log|report|cooperat|comply|terminat|suspend|charg|pay|liab|indemn|arbitrat|waive|agree|licen[cs]e|automat|advertis|transmit|"
    r"restrict|limit|prohibit|decid|moderat|remov)\w*",
    re.IGNORECASE,
)
"""A sentence that says what someone does with data, or what someone may do."""

NAVIGATION = re.compile(
    r"\W*(?:(?:a |most |session |persistent |some )?(?:cookies?|web beacons?|pixels?|clear gifs?)\b[^.]{0,60}? (?:is|are) (?:a )?(?:(?:small|tiny|simple|text|pieces?|files?)\b)|"
    r"this (?:section|page|privacy policy|policy|statement|notice|document) (?:\w+ )?(?:explains?|describes?|covers?|sets? out|tells?|applies|is based)|(?:we|[\w.]+) (?:values?|respects?|believes?|is committed|are committed|care)|"
    r"for (?:more|further|additional|full|a list|details)|to (?:learn|find out|read|see|view|get) more|to (?:see|view)|learn more|read more|more information|please (?:see|refer|visit|read)|"
    r"see (?:also )?(?:our|the|here|section|[\"“”'])|you can (?:find|read|learn|view|see)|click|visit our|as (?:described|explained) (?:in|above|below))\b",
    re.IGNORECASE,
)
"""The beginning of a sentence that only shows the way, defines a word or introduces the document."""

SUBSTANCE = re.compile(
    r"^(?:collect|gather|shar|disclos|sell|sold|sale|rent|us(?:e|es|ed|ing)$|process|retain|retention|keep|kept|stor(?:e|ed|age)|delet|eras|transfer|track|monitor|"
    r"combin|link|infer|train|receiv|obtain|access|notif|inform|consent|opt|object|withdraw|right|protect|encrypt|target|profil|personali|analy|analytic|"
    r"verif|scan|record|third|part(?:y|ies|ner)|affiliat|vendor|provider|advertis|market|broker|subprocess|processor|controller|law|legal|court|"
    r"government|authorit|countr|intern|outside|eea|european|shield|clauses|adequa|framework|child|minor|age|parent|guardian|biometr|locat|health|financ|payment|"
    r"card|contact|messag|photo|video|voice|audio|devic|identif|cookie|pixel|beacon|fingerprint|ip|browser|history|gender|sensitiv|"
    r"ai$|artificial|machine|learning|model|algorithm|automat|decision|fraud|security|breach|incident|may|might|will|shall|must|can|cannot|not|never|"
    r"no|only|unless|except|without|prior|notice|days?|months?|years?|hours?|weeks?|period|indefinit|necessary|required|permit|prohibit|liab|damag|indemn|"
    r"warrant|terminat|suspend|refund|fee|price|charg|renew|arbitrat|jurisdict|govern|waiv|licen|purpose|employ|public|anonym|aggregat|"
    r"demograph|ethnic|religi|polit|sexual|account|data|information|personal|request|merg|acqui|bankrupt|transaction)",
    re.IGNORECASE,
)
"""Words that carry a term of a policy: a change without any of them is hardly one of substance."""

STOP_WORDS = frozenset(
    ["a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "by", "for", "from", "with", "as", "is", "are", "was", "were", "be", "been", "being", "this", "that", "these", "those", "it", "its", "we", "us", "our", "you", "your", "they", "them", "their", "he", "she", "his", "her", "i", "my", "me", "such", "any", "all", "some", "other", "each", "which", "who", "whom", "whose", "what", "when", "where", "how", "if", "then", "than", "so", "also", "more", "most", "very", "just", "about", "into", "over", "under", "up", "down", "out", "off", "here", "there", "do", "does", "did", "have", "has", "had", "having", "including", "include", "includes", "included", "eg", "ie", "etc", "through", "between", "both", "either", "per", "via", "s", "t", "re", "ve", "ll", "d", "m", "please", "note", "example", "examples", "etc"]
)  # fmt: skip

SYNONYMS: Mapping[str, str] = {
    "gather": "collect", "gathers": "collect", "gathered": "collect", "gathering": "collect", "collects": "collect", "collected": "collect", "collecting": "collect",
    "information": "data", "info": "data", "personally": "personal", "website": "site", "websites": "site", "sites": "site", "webpage": "page", "web": "site",
    "utilize": "use", "utilise": "use", "utilizes": "use", "utilised": "use", "utilized": "use", "uses": "use", "used": "use", "using": "use", "usage": "use",
    "inform": "notify", "informed": "notify", "notified": "notify", "notifies": "notify", "shares": "share", "shared": "share", "sharing": "share",
    "disclose": "share", "discloses": "share", "disclosed": "share", "disclosing": "share", "disclosure": "share", "disclosures": "share",
    "modify": "change", "modified": "change", "update": "change", "updated": "change", "revise": "change", "revised": "change", "amend": "change", "changes": "change", "changed": "change", "modifications": "change", "updates": "change",
    "statement": "policy", "notice": "notice", "provide": "give", "provides": "give", "provided": "give", "providing": "give", "given": "give", "giving": "give",
    "retain": "keep", "retained": "keep", "retains": "keep", "kept": "keep", "keeps": "keep", "store": "keep", "stored": "keep", "stores": "keep", "storing": "keep",
    "process": "process", "processes": "process", "processed": "process", "processing": "process", "customers": "user", "customer": "user", "users": "user", "clients": "user", "client": "user", "visitors": "user", "visitor": "user",
    "allow": "enable", "allows": "enable", "enables": "enable", "permit": "enable", "permits": "enable", "ensure": "ensure", "regarding": "concerning", "pertaining": "concerning", "relating": "concerning", "related": "concerning", "order": "", "might": "may", "could": "can", "wish": "want", "like": "want", "choose": "choose", "reach": "contact", "submit": "send",
    "obtain": "receive", "obtained": "receive", "received": "receive", "receives": "receive", "acquire": "receive", "necessary": "needed", "required": "needed", "require": "need", "occur": "happen", "forth": "", "set": "", "described": "described", "outlined": "described", "detailed": "described", "below": "", "above": "", "section": "", "following": "", "companies": "company", "partners": "partner", "parties": "party", "services": "service", "products": "product", "rights": "right", "purposes": "purpose", "children": "child", "cookies": "cookie", "emails": "email", "mail": "email",
    "won't": "not", "don't": "not", "doesn't": "not", "can't": "not", "cannot": "not", "isn't": "not", "aren't": "not", "didn't": "not", "we'll": "will", "you'll": "will", "you're": "", "we're": "", "we've": "", "you've": "", "it's": "", "shall": "will",
}  # fmt: skip
"""Words to the one they are compared as, so that a sentence said in other words is not taken for another one."""
