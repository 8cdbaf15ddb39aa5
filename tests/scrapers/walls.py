# ruff: noqa: E501 - texts of pages, one line each where they are written so
"""Pages that are not the document, in our own words but the looks of the real ones, each with the name of what it is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FOREIGN", "WALLS", "Wall", "truncated"]


@dataclass(frozen=True, slots=True)
class Wall:
    """`final` is where the request ended: a URL, or a path on the document's host; "" for where it was sent."""

    kind: str
    name: str
    html: str
    final: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


def _page(title: str, body: str, head: str = "") -> str:
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


_APP = "<script>" + "window.bundle=1;" * 4000 + "</script>"
_NAV = "<nav><a href='/'>Home</a><a href='/product'>Product</a><a href='/pricing'>Pricing</a><a href='/blog'>Blog</a></nav>"
_FOOT = "<footer><a href='/privacy'>Privacy</a><a href='/terms'>Terms</a><p>© 2026 Vendor, Inc. All rights reserved.</p></footer>"
_HOME = _page(
    "Vendor: the friendly way to ship",
    _NAV
    + "<h1>Ship faster, sleep better</h1><p>Teams of every size plan, build and launch with Vendor. Start free, grow when you"
    " are ready, and never look back at the spreadsheet that started it all.</p><h2>Loved by builders</h2><p>“It took us an"
    " afternoon to move and we have not thought about releases since,” says the head of engineering of a company that you"
    " would recognise.</p><h2>Everything in one place</h2><p>Boards, timelines, dashboards and more than a hundred"
    " integrations keep everyone on the same page, wherever they work.</p><p>Join ten thousand happy teams today.</p>"
    + _FOOT,
)
_FRENCH = "".join(
    f"<h2>Article {number}</h2><p>Nous traitons vos données personnelles pour les finalités qui sont décrites dans cette"
    " politique, et nous ne les partageons avec des tiers que si vous y avez consenti ou si la loi nous y oblige.</p>"
    "<p>Vous pouvez nous demander à tout moment l’accès à vos données, leur rectification ou leur suppression, et vous"
    " opposer à leur utilisation pour la prospection.</p>"
    for number in range(1, 15)
)
_SPANISH = "".join(
    f"<h2>Sección {number}</h2><p>Tratamos los datos personales de los usuarios para las finalidades que se describen en"
    " esta política y no los compartimos con terceros sin su consentimiento, salvo que la ley nos obligue a ello.</p>"
    for number in range(1, 25)
)

WALLS: tuple[Wall, ...] = (
    Wall(
        "login wall",
        "sign-in form",
        _page(
            "Sign in - Vendor Accounts",
            "<h1>Sign in</h1><p>to continue to Vendor</p><form><input name=email><a>Forgot email?</a><p>Not your computer? Use"
            " a private window to sign in. Learn more about using guest mode.</p><button>Next</button></form>",
        ),
    ),
    Wall(
        "login wall",
        "redirected to a login host",
        _page(
            "Vendor", "<h1>Welcome back</h1><form><input type='password'><p>Enter your password to go on.</p></form>"
        ),
        "https://login.vendor.example/oauth2/authorize?client=web",
    ),
    Wall(
        "login wall",
        "French",
        _page("Connexion", "<h1>Connexion</h1><p>Connectez-vous pour continuer.</p><a>Mot de passe oublié ?</a>"),
        "/login?next=/legal",
    ),
    Wall(
        "consent wall",
        "before you continue",
        _page(
            "Before you continue to Vendor",
            "<h1>Before you continue to Vendor</h1><p>We use cookies and data to deliver and maintain our services, track outages"
            " and protect against abuse, and to measure audience engagement.</p><p>If you choose to accept all, we will also"
            " use cookies and data to develop new services and to show personalised ads.</p><button>Reject all</button>"
            "<button>Accept all</button>",
        ),
        "https://consent.vendor.example/m?continue=x",
    ),
    Wall("consent wall", "age", _page("Vendor", "<h1>Verify your age</h1><p>Are you over 18?</p><a>Yes</a><a>No</a>")),
    Wall(
        "bot challenge",
        "challenge header",
        _page(
            "Just a moment...",
            "<h1>vendor.example</h1><p>Verifying you are human. This may take a few seconds.</p>" + _APP,
        ),
        headers=(("server", "cloudflare"), ("cf-mitigated", "challenge")),
    ),
    Wall(
        "bot challenge",
        "challenge without header",
        _page(
            "Just a moment...",
            "<noscript>Enable JavaScript and cookies to continue</noscript><script src='/cdn-cgi/challenge-platform/x'></script>",
        ),
    ),
    Wall(
        "bot challenge",
        "blocked by a firewall",
        _page(
            "Attention Required!",
            "<h1>Sorry, you have been blocked</h1><p>You are unable to access vendor.example</p><h2>Why have I been blocked?</h2>"
            "<p>This website is using a security service to protect itself from online attacks. The action you just performed"
            " triggered the security solution.</p><p>Your reference: 81ab23.</p>",
        ),
    ),
    Wall("bot challenge", "incident page", _page("", "<p>Request unsuccessful. Incapsula incident ID: 123-456</p>")),
    Wall(
        "bot challenge",
        "interruption",
        _page(
            "Pardon Our Interruption",
            "<h1>Pardon Our Interruption</h1><p>As you were browsing, something about your browser made us think you were a bot."
            " There are a few reasons this might happen: you're a power user moving through this website with super-human"
            " speed; you've disabled cookies in your web browser.</p>",
        ),
    ),
    Wall(
        "error page",
        "not found with status 200",
        _page(
            "Page not found | Vendor", _NAV + "<h1>404</h1><p>The page you are looking for does not exist.</p>" + _FOOT
        ),
    ),
    Wall(
        "error page",
        "sorry",
        _page(
            "Vendor",
            _NAV
            + "<h1>We're sorry</h1><p>We can't find the page you asked for. It may have moved, or the address may have a"
            " typing error. Try the search, or go back to the home page.</p>" + _FOOT,
        ),
    ),
    Wall(
        "error page",
        "French",
        _page("Page introuvable", "<h1>Oups</h1><p>Cette page n’existe plus ou a été déplacée.</p>"),
    ),
    Wall(
        "error page",
        "German",
        _page("Vendor", "<h1>Seite nicht gefunden</h1><p>Bitte prüfen Sie die Adresse der Seite.</p>"),
    ),
    Wall(
        "error page",
        "unavailable",
        _page(
            "Service Unavailable",
            "<h1>Service Unavailable - DNS failure</h1><p>The server is temporarily unable to service your request. Please try again later.</p>",
        ),
    ),
    Wall(
        "error page",
        "maintenance",
        _page("Vendor", "<h1>We'll be back soon</h1><p>Vendor is down for maintenance.</p>"),
    ),
    Wall("error page", "server status", _page("Error", "<p>gateway</p>"), status=502),
    Wall(
        "error page",
        "web server's own",
        _page(
            "Welcome to nginx!",
            "<h1>Welcome to nginx!</h1><p>If you see this page, the web server is successfully installed and working. Further configuration is required.</p>",
        ),
    ),
    Wall("loading shell", "empty application", _page("Privacy Policy | Vendor", "<div id=root></div>" + _APP)),
    Wall("loading shell", "loading", _page("Vendor", "<div id=app><p>Loading...</p></div>" + _APP)),
    Wall(
        "loading shell",
        "needs script",
        _page(
            "Vendor", "<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div>" + _APP
        ),
    ),
    Wall("loading shell", "menus only", _page("Privacy Policy | Vendor", _NAV + "<main></main>" + _FOOT + _APP)),
    Wall(
        "loading shell",
        "redirected by script",
        _page("Redirecting", "<p>You should be redirected quickly, if not click here.</p>"),
    ),
    Wall("home page", "redirected to it", _HOME, "/"),
    Wall("home page", "at the old address", _HOME),
    Wall("home page", "of the owner", _HOME, "https://www.owner-group.example/"),
    Wall(
        "parked domain",
        "for sale",
        _page(
            "vendor.example",
            "<h1>vendor.example is for sale</h1><p>Buy this domain. The owner of vendor.example is offering it for sale at an asking price of 4,999 USD.</p>",
        ),
    ),
    Wall(
        "parked domain",
        "expired",
        _page(
            "vendor.example",
            "<h1>This domain has expired</h1><p>If you own it, renew it now.</p><p>Related searches: cheap flights, car insurance, credit cards</p>",
        ),
    ),
    Wall(
        "archive's error",
        "not archived",
        _page(
            "Internet Archive Wayback Machine",
            "<h1>Hrm.</h1><p>The Wayback Machine has not archived that URL.</p><p>This page is not available on the web because page does not exist.</p>",
        ),
    ),
    Wall(
        "archive's error",
        "excluded",
        _page(
            "Internet Archive Wayback Machine",
            "<p>Sorry.</p><p>This URL has been excluded from the Wayback Machine.</p>",
        ),
    ),
    Wall(
        "archive's error",
        "redirect at crawl time",
        _page(
            "Internet Archive Wayback Machine",
            "<p>Loading...</p><p>Got an HTTP 302 response at crawl time. Redirecting to...</p>",
        ),
    ),
)
FOREIGN: tuple[Wall, ...] = (
    Wall("wrong language", "French", _page("Politique de confidentialité", "<h1>Politique de confidentialité</h1>" + _FRENCH)),
    Wall("wrong language", "Spanish", _page("Política de privacidad", "<h1>Política de privacidad</h1>" + _SPANISH)),
)  # fmt: skip


def truncated(body: bytes, share: float) -> bytes:
    """The first part of the bytes, as when a connection breaks."""
    return body[: int(len(body) * share)]
