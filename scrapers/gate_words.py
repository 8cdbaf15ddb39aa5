"""What walls, errors and shells say: patterns for titles, headings and short pages, in the languages we know.

Each is searched in little text (a title, a heading, the first characters of a page) and never decides alone in a
long page.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "ARCHIVE_ERROR",
    "CHALLENGE",
    "CHALLENGE_BODY",
    "CONSENT_WALL",
    "DOCUMENT_WORDS",
    "ERROR",
    "LOGIN",
    "LOGIN_PATH",
    "PARKED",
    "SHELL",
]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


LOGIN: Final = _any(
    r"\b(?:sign|log)[ -]?in\b",
    r"\blogin\b",
    r"\bsign up or log in\b",
    r"\bcreate (?:an|your) account\b",
    r"\bforgot(?:ten)? (?:your )?(?:password|email)",
    r"\b(?:se connecter|connectez-vous|connexion|identifiez-vous|mot de passe oublié)",
    r"\b(?:anmelden|einloggen|anmeldung|passwort vergessen)\b",
    r"\b(?:iniciar sesión|inicia sesión|contraseña olvidada)",
    r"\baccedi\b|\binloggen\b|\bentrar na conta\b|\biniciar sessão\b",
)
LOGIN_PATH: Final = re.compile(
    r"/(?:log-?in|sign-?in|signup|sso|auth|oauth2?|account/login|accounts?/(?:service)?login|users/sign_in|session/new"
    r"|wp-login\.php)(?:[/?.]|$)|//(?:login|accounts?|auth|sso|consent|signin)\.",
    re.IGNORECASE,
)
CONSENT_WALL: Final = _any(
    r"before you continue to\b",
    r"^we value your privacy$",
    r"^your privacy (?:is important|matters) to us$",
    r"\b(?:accept|consent to) (?:all )?cookies to (?:continue|proceed|access)",
    r"please (?:accept|confirm) .{0,40}cookies .{0,20}to continue",
    r"avant d.accéder à",
    r"bevor sie (?:zu|fortfahren|weiter)",
    r"antes de continuar (?:a|em|en)\b",
    r"^(?:verify|confirm) (?:your )?age$",
    r"are you (?:over|at least) (?:18|21)",
)
CHALLENGE: Final = _any(
    r"just a moment",
    r"attention required",
    r"checking (?:if the site connection is secure|your browser)",
    r"verif(?:y|ying) (?:that )?you are (?:a )?human",
    r"(?:are you|you.re|confirm you are|prove you.re) (?:not )?a (?:robot|human|bot)",
    r"not a robot",
    r"pardon our interruption",
    r"access (?:to this page has been |is )?denied",
    r"you have been blocked",
    r"\bcaptcha\b",
    r"request unsuccessful\. incapsula",
    r"ddos[- ]guard",
    r"unusual (?:traffic|activity) from your",
    r"automated (?:access|requests|queries)",
    r"security check(?:point)?\b",
    r"enable javascript and cookies to continue",
    r"(?:un instant|vérification de sécurité|einen moment|un momento)(?:…|\.\.\.)",
    r"human verification",
    r"bot (?:detection|protection|verification)",
)
# In the markup of a page with little text. Each is also on pages that were let through.
CHALLENGE_BODY: Final = (
    b"/cdn-cgi/challenge-platform/",
    b"cf-challenge",
    b"cf_chl_opt",
    b"_incapsula_resource",
    b"px-captcha",
    b"captcha-delivery.com",
    b"geo.captcha",
    b"/akam/",
    b"ddos-guard",
    b"aws-waf-token",
    b"awswafcookie",
    b"challenges.cloudflare.com",
    b"hcaptcha.com/1/api.js",
    b"kpsdk",
    b"distil_r_captcha",
    b"sucuri_cloudproxy",
)
ERROR: Final = _any(
    r"\b(?:404|410|500|502|503|504)\b(?! ?(?:\(|days|words))",
    r"\bnot found\b",
    r"page (?:you.{0,40} )?(?:can.?t|cannot|could not|couldn.t|does not|doesn.t|isn.t|not|no longer).{0,20}"
    r"(?:found|exists?|available|find)",
    r"(?:can.?t|cannot|could not|couldn.t) (?:find|seem to find|be found).{0,40}(?:page|looking)?",
    r"no longer (?:available|exists)",
    r"^we.re sorry\b",
    r"^sorry[,!.]",
    r"something went wrong",
    r"an (?:unexpected )?error (?:has )?occurred",
    r"^(?:application |server |unexpected )?error\b",
    r"^o+ps\b",
    r"(?:service|site|page|temporarily) unavailable",
    r"internal server error",
    r"bad gateway",
    r"gateway time-?out",
    r"dns (?:failure|error|resolution)",
    r"(?:under|scheduled|down for) maintenance",
    r"be (?:right )?back (?:soon|shortly)",
    r"too many requests",
    r"forbidden\b",
    r"account (?:has been )?suspended",
    r"page (?:introuvable|non trouvée)",
    r"(?:cette )?page n.existe (?:pas|plus)",
    r"seite (?:wurde )?nicht gefunden",
    r"página no encontrada",
    r"pagina non trovata",
    r"página não encontrada",
    r"pagina niet gevonden",
    r"index of /",
    r"it works!",
    r"welcome to nginx",
    r"default web ?(?:site )?page",
)
SHELL: Final = _any(
    r"^loading\b",
    r"^please wait",
    r"(?:should|will) be redirected",
    r"^redirecting\b",
    r"not (?:automatically )?redirected",
    r"enable javascript",
    r"javascript (?:is )?(?:required|disabled|must be enabled|to run this app)",
    r"requires javascript",
    r"activer javascript|javascript (?:est )?(?:désactivé|requis)",
    r"javascript aktivieren|aktivieren sie javascript",
    r"habilit(?:a|e|ar) javascript",
    r"^chargement|^cargando|^wird geladen|^caricamento|^carregando",
    r"(?:browser is (?:not supported|out of date)|unsupported browser|upgrade your browser)",
)
PARKED: Final = _any(
    r"domain (?:name )?(?:is |may be )?(?:for sale|parked|available for purchase)",
    r"buy this domain",
    r"this domain (?:name )?(?:has )?expired",
    r"domain (?:has )?expired",
    r"(?:sedo|hugedomains|dan\.com|afternic|bodis|parkingcrew|godaddy)",
    r"the owner of .{1,80} is offering it for sale",
    r"this (?:web ?page|domain) is parked",
    r"website coming soon",
    r"future home of",
    r"interested in this domain",
    r"related searches",
)
ARCHIVE_ERROR: Final = _any(
    r"wayback machine (?:has not archived|doesn.t have|does not have)",
    r"(?:url|page|site) has (?:been excluded from|not been archived (?:by|in)) the wayback machine",
    r"excluded from the wayback machine",
    r"got an http \d{3} response at crawl time",
    r"^hrm\.",
    r"cannot be crawled or displayed due to robots",
    r"page cannot be displayed due to robots",
    r"internet archive.{0,40}(?:temporarily offline|maintenance)",
    r"failed resource",
    r"(?:url|resource) not in archive|not found in (?:the )?(?:archive|collection)",
    r"no captures? (?:found|available)",
    r"the wayback machine is an initiative.{0,200}$",
    r"archived page not found|page not archived|página não (?:encontrada|preservada)",
)
# What a document of a type speaks of, at least once in its title, headings or beginning.
DOCUMENT_WORDS: Final = {
    "privacy": re.compile(
        r"privacy|personal (?:information|data)|confidentialit|données|datenschutz|personenbezogen|privacidad"
        r"|privacidade|dati personali|persoonsgegevens|integritet"
        r"|プライバシー|个人信息|隐私|개인정보|конфиденциальност",
        re.IGNORECASE,
    ),
    "terms": re.compile(
        r"terms|agreement|conditions|conditions|bedingungen|condiciones|términos|condizioni|termini|termos|voorwaarden|villkor|利用規約|条款"
        r"|약관|соглашени|rules|statutes",
        re.IGNORECASE,
    ),
    "cookie": re.compile(r"cookie|track|traceur", re.IGNORECASE),
    "processor": re.compile(r"process|subprocessor|data|sous-traitan|verarbeit", re.IGNORECASE),
    "imprint": re.compile(r"imprint|impressum|legal notice|mentions légales|publisher|aviso legal|note legali", re.I),
    "copyright": re.compile(r"copyright|dmca|infring|droit d.auteur|urheber", re.IGNORECASE),
}
