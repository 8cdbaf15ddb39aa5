"""Words that tell a policy's prose from other prose, and the short texts that tell a page's furniture.

Evidence, not proof: each is used only together with where a block stands and how much of the page it is.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CAROUSEL", "CONSENT", "POLICY", "PRONOUNS", "SIDE_SECTIONS"]

# Words that prose of a policy has and a teaser, a comment or an advertisement seldom has two of.
_POLICY: Final = (
    # English
    "policy policies privacy personal information data collect collected collection process processing processed"
    " disclose disclosed disclosure share shared sharing consent cookie cookies terms agreement agree service services"
    " user users account accounts third party parties right rights law laws legal liability liable shall may must"
    " applicable provide provided purpose purposes security access retain retention delete deletion request content"
    " website site sites notice notify license licence intellectual property warranty warranties damages terminate"
    " termination dispute arbitration jurisdiction governing children transfer protect protection controller processor"
    " guidelines prohibited permitted allowed violate violates violation material payment payments refund subscription"
    " address email contact visitors visit identifiable use used uses using"
    # French
    " politique confidentialité données personnelles informations collecte collectons collectées traitement traitements"
    " traitées partage partager partageons consentement conditions utilisation utilisateur utilisateurs utiliser"
    " utilisons compte comptes tiers droit droits loi légal légale légales responsabilité accès sécurité conservation"
    " conserver supprimer suppression contenu contenus publier interdit interdits règles règlement fournir services"
    " autorisons engagement conformément finalités cadre"
    # German
    " datenschutz datenschutzerklärung daten personenbezogene personenbezogenen informationen verarbeitung verarbeiten"
    " verarbeitet nutzung nutzen nutzer einwilligung zweck zwecke dritte dritten rechte recht gesetz haftung vertrag"
    " dienst dienste konto zugriff sicherheit löschung löschen speichern speicherung gemäß abs bestimmungen weitergabe"
    # Spanish
    " política privacidad datos personales información tratamiento recopilamos recopilar usuario usuarios cuenta"
    " terceros derecho derechos ley leyes responsabilidad condiciones términos servicio servicios consentimiento acceso"
    " seguridad finalidad finalidades cookies contenido compartir contrato deberá podrá"
    # Italian
    " informativa dati personali informazioni trattamento utente utenti account terzi diritto diritti legge"
    " responsabilità condizioni termini servizio servizi consenso accesso sicurezza finalità contenuti"
    # Portuguese
    " dados pessoais informações tratamento usuário usuários utilizador conta direitos lei responsabilidade termos"
    " serviço serviços consentimento acesso segurança finalidade conteúdo partilhar compartilhar"
    # Dutch
    " privacybeleid persoonsgegevens gegevens informatie verwerking verwerken gebruik gebruiken gebruiker gebruikers"
    " toestemming derden recht rechten wet voorwaarden overeenkomst dienst diensten beveiliging toegang doel"
    " doeleinden"
)
POLICY: Final = frozenset(_POLICY.split())
PRONOUNS: Final = frozenset(
    [
        "we",
        "our",
        "us",
        "you",
        "your",
        "nous",
        "notre",
        "nos",
        "vous",
        "votre",
        "vos",
        "wir",
        "unser",
        "unsere",
        "uns",
        "sie",
        "ihre",
        "ihr",
        "ihren",
        "nosotros",
        "nuestro",
        "nuestra",
        "nuestros",
        "usted",
        "su",
        "sus",
        "tu",
        "tus",
        "noi",
        "nostro",
        "nostra",
        "voi",
        "tuo",
        "tuoi",
        "nós",
        "nosso",
        "nossa",
        "você",
        "seu",
        "sua",
        "seus",
        "wij",
        "onze",
        "ons",
        "u",
        "uw",
    ]
)

# The whole text of a button or label in a consent dialog.
CONSENT: Final = frozenset(
    (
        "accept",
        "accept all",
        "accept all cookies",
        "accept cookies",
        "accept and close",
        "accept & close",
        "i accept",
        "agree",
        "i agree",
        "agree and close",
        "allow all",
        "allow all cookies",
        "allow cookies",
        "reject",
        "reject all",
        "reject all cookies",
        "reject non-essential",
        "decline",
        "decline all",
        "deny",
        "deny all",
        "got it",
        "got it!",
        "only necessary",
        "necessary only",
        "use necessary cookies only",
        "confirm my choices",
        "confirm choices",
        "save preferences",
        "save settings",
        "save my choices",
        "save & exit",
        "save and exit",
        "manage preferences",
        "manage cookies",
        "manage consent preferences",
        "manage settings",
        "cookie settings",
        "cookies settings",
        "cookie preferences",
        "customize",
        "customise",
        "always active",
        "always on",
        "always enabled",
        "cookie details",
        "cookies details",
        "cookie list",
        "show purposes",
        "view preferences",
        "list of partners (vendors)",
        "list of iab vendors",
        "vendor list",
        "view vendor details",
        "consent leg.interest",
        "checkbox label label",
        "checkbox label",
        "performance cookies",
        "back button",
        "filter button",
        "your privacy choices",
        "about your privacy",
        "we care about your privacy",
        "we value your privacy",
        "privacy preference center",
        "this website uses cookies",
        "tout accepter",
        "tout refuser",
        "accepter",
        "refuser",
        "continuer sans accepter",
        "accepter et fermer",
        "autoriser tous les cookies",
        "accepter tous les cookies",
        "refuser tous les cookies",
        "enregistrer les préférences",
        "confirmer mes choix",
        "paramétrer",
        "personnaliser",
        "gérer les préférences",
        "toujours actif",
        "alle akzeptieren",
        "alle ablehnen",
        "akzeptieren",
        "ablehnen",
        "alle cookies akzeptieren",
        "nur notwendige",
        "auswahl speichern",
        "auswahl bestätigen",
        "einstellungen speichern",
        "meine auswahl bestätigen",
        "immer aktiv",
        "aceptar todo",
        "aceptar todas",
        "aceptar todas las cookies",
        "rechazar todo",
        "rechazar todas",
        "rechazarlas todas",
        "guardar preferencias",
        "confirmar mis preferencias",
        "siempre activas",
        "siempre activo",
        "accetta tutti",
        "accetta tutto",
        "rifiuta tutti",
        "rifiuta tutto",
        "sempre attivo",
        "sempre attivi",
        "salva preferenze",
        "aceitar todos",
        "aceitar tudo",
        "rejeitar todos",
        "rejeitar tudo",
        "sempre ativo",
        "sempre ativos",
        "alles accepteren",
        "alles weigeren",
        "alle cookies accepteren",
        "voorkeuren opslaan",
        "altijd actief",
    )
)

# The steps of a carousel or a tour.
CAROUSEL: Final = frozenset(
    (
        "next",
        "previous",
        "prev",
        "next step",
        "suivant",
        "précédent",
        "weiter",
        "zurück",
        "siguiente",
        "anterior",
        "avanti",
        "indietro",
        "próximo",
        "seguinte",
        "volgende",
        "vorige",
    )
)

# Headings and questions over what stands after or beside a document.
SIDE_SECTIONS: Final = frozenset(
    (
        "changelog",
        "change log",
        "was this helpful?",
        "was this page helpful?",
        "was this article helpful?",
        "did this answer your question?",
        "is this page useful?",
        "related articles",
        "related content",
        "related posts",
        "related links",
        "related topics",
        "related information",
        "recommended for you",
        "you may also like",
        "most popular",
        "most read",
        "trending",
        "trending now",
        "latest news",
        "latest stories",
        "recent posts",
        "recent articles",
        "more stories",
        "top stories",
        "share this",
        "share this page",
        "share this article",
        "follow us",
        "connect with us",
        "stay connected",
        "newsletter",
        "sign up for our newsletter",
        "subscribe to our newsletter",
        "leave a reply",
        "leave a comment",
        "comments",
        "about the author",
        "articles connexes",
        "articles similaires",
        "cette page vous a-t-elle été utile ?",
        "verwandte artikel",
        "ähnliche artikel",
        "war dieser artikel hilfreich?",
        "artículos relacionados",
    )
)
