"""The types of documents: Open Terms Archive's 44 terms types, with the other names that vendors use for them.

Source: the terms-types repository of Open Terms Archive, state of 2026.
"""

from __future__ import annotations

from difflib import get_close_matches

__all__ = ["TERMS_TYPES", "nearest_type"]

TERMS_TYPES: dict[str, tuple[str, ...]] = {
    "Terms of Service": ("Terms and Conditions", "Terms of Use"),
    "Privacy Policy": ("Privacy Notice", "Privacy Statement"),
    "Imprint": ("Legal Notice",),
    "Trackers Policy": ("Cookies Policy", "Cookie Policy"),
    "Developer Terms": ("Developer Policy", "Developer Agreement"),
    "Community Guidelines": ("Community Standards",),
    "Deceased Users": (),
    "Acceptable Use Policy": ("Fair Use Policy", "Acceptable Usage Policy"),
    "Restricted Use Policy": ("Limited Use Policy", "Restriction Policy"),
    "Commercial Terms": (),
    "Copyright Claims Policy": ("Copyright Infringement Policy", "Intellectual Property Policy", "DMCA Policy"),
    "Law Enforcement Guidelines": ("Legal Process Guidelines",),
    "Human Rights Policy": (),
    "In-App Purchases Policy": (),
    "Review Guidelines": (),
    "Brand Guidelines": ("Branding Policies", "Trademark Usage Guidelines"),
    "Quality Guidelines": ("Quality Standards",),
    "Data Controller Agreement": (),
    "Data Processor Agreement": ("Data Processing Agreement", "DPA", "Subprocessors", "Subprocessor List"),
    "User Consent Policy": (),
    "Closed Captioning Policy": ("Closed Captioning Guidelines", "Captioning Policy", "Closed Captioning Standards"),
    "Seller Warranty": (),
    "Single Sign-On Policy": (),
    "Vulnerability Disclosure Policy": ("Security Disclosure Policy",),
    "Live Policy": (),
    "Complaints Policy": (),
    "Conditions of Carriage": ("Transport Conditions",),
    "General Conditions of Sale": (),
    "Marketplace Buyers Conditions": (),
    "Marketplace Sellers Conditions": ("Seller Agreement",),
    "Ranking Parameters Description": (),
    "Premium Partner Conditions": ("Premium Partner Program",),
    "Platform to Business Notice": (),
    "Business Mediation Policy": (),
    "Business Privacy Policy": (),
    "Editorial Policy": ("Editorial Guidelines",),
    "Anti-corruption Policy": ("Anti-bribery Policy",),
    "Accessibility Statement": ("Accessibility Policy",),
    "Hyperlinks Policy": ("Links Policy", "Linking Policy", "External Links Policy", "Outgoing Links Policy"),
    "Whistleblower Policy": ("Whistleblower Protections",),
    "Affiliate Agreement": ("Affiliate Policy",),
    "Service Level Agreement": ("Service Level Addendum", "SLA"),
    "Content Monetisation Policy": ("Content Monetization Policy",),
    "Advertising Content Policy": ("Ads Policies", "Ads Content Policies"),
}

_BY_ANY_NAME = {name.lower(): kind for kind, aliases in TERMS_TYPES.items() for name in (kind, *aliases)}


def nearest_type(name: str) -> str | None:
    """The type that a name most likely means, by its aliases or its spelling; None when nothing is near."""
    close = get_close_matches(name.lower(), _BY_ANY_NAME, n=1, cutoff=0.6)
    return _BY_ANY_NAME[close[0]] if close else None
