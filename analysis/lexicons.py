# ruff: noqa: E501 -- a pattern a line is easier to read and to compare than one broken over several
"""Words that patterns are made of: verbs of collecting and sharing, kinds of data, recipients, purposes.

Written from general knowledge of such documents and the data-type list of the app-privacy literature; no corpus text.
All are sources of regular expressions without groups that capture, in lower case, to be used with `re.IGNORECASE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["DATA_TYPES", "MACROS", "MECHANISMS", "METHODS", "PURPOSES", "RECIPIENTS", "expand"]

MACROS: Mapping[str, str] = {
    "COLLECT": r"(?:collect(?:s|ed|ing)?|gather(?:s|ed|ing)?|obtain(?:s|ed|ing)?|receiv(?:e|es|ed|ing)|record(?:s|ed|ing)?|log(?:s|ged)|captur(?:e|es|ed|ing)|acquir(?:e|es|ed|ing)|track(?:s|ed|ing)?|monitor(?:s|ed|ing)?|stor(?:e|es|ed|ing)|request(?:s|ed)?|solicit(?:s|ed)?|infer(?:s|red)?|compil(?:e|es|ed))",
    "USE": r"(?:us(?:e|es|ed|ing)|utili[sz](?:e|es|ed|ing)|process(?:es|ed|ing)?|analy[sz](?:e|es|ed|ing)|combin(?:e|es|ed|ing)|aggregat(?:e|es|ing)|link(?:s|ed|ing)?)",
    "SHARE": r"(?:shar(?:e|es|ed|ing)|disclos(?:e|es|ed|ing|ures?)|provid(?:e|es|ed|ing)|sell(?:s|ing)?|sold|rent(?:s|ed|ing)?|leas(?:e|es|ed|ing)|trad(?:e|es|ed|ing)|transfer(?:s|red|ring)?|releas(?:e|es|ed|ing)|giv(?:e|es|en|ing)|pass(?:es|ed)?|transmit(?:s|ted|ting)?|mak(?:e|es|ing) available|made available|exchang(?:e|es|ed|ing)|reveal(?:s|ed|ing)?|divulg(?:e|es|ed|ing)|distribut(?:e|es|ed|ing)|send(?:s|ing)?|furnish(?:es|ed)?|supply|supplies|allow|permit|entrust)",
    "DATA": r"(?:information|data|(?:e-?mail |postal |mailing |ip )?address(?:es)?|names?|telephone|phone numbers?|identifiers?|personally|details|profile|cookies?|contact lists?|records?|content|mailing lists?|statistics)",
    "THIRD": r"(?:third[- ]part(?:y|ies)|(?:business |marketing |advertising |trusted |corporate |strategic |promotional |our |other )partners?|affiliat(?:es?|ed)|subsidiar(?:y|ies)|(?<!internet )service providers?|other (?:\w+ )?providers|vendors?|(?:sub)?contractors?|sub-?processors?|advertisers?|ad(?:vertising)? (?:networks?|servers?|agenc(?:y|ies)|compan(?:y|ies))|agents|other (?:\w+ )?(?:compan(?:y|ies)|organi[sz]ations?|parties|entities|individuals|businesses|merchants|retailers|people|users|members)|outside (?:compan(?:y|ies)|parties|sources?|contractors|organi[sz]ations?|vendors|agenc(?:y|ies))|suppliers?|sponsors?|consultants|carefully selected|processors?|anyone (?:else|outside)|credit card (?:processors?|compan(?:y|ies)|issuers?)|fulfil?lment (?:houses?|compan(?:y|ies))|analytics (?:providers?|compan(?:y|ies)|partners?)|social (?:media|network\w*) (?:sites?|platforms?|services?|providers?|features?|plug-?ins?|compan(?:y|ies)|networks?)|data brokers?|licensees|co-?branded|family of (?:companies|sites|brands)|facebook|google(?: analytics)?|doubleclick|twitter|paypal|omniture|comscore|nielsen|adobe|quantcast|law enforcement|government(?:al)? (?:agenc(?:y|ies)|authorit(?:y|ies)|entit(?:y|ies)|official\w*)|authorities|courts?)",
    "NOT": r"(?:not|never|no|n['’]t|nor|neither|cannot|without)",
    "WE": r"(?:we|us|our|company|service|sites?|website|web site|provider|servers?|system)",
    "DOC": r"(?:polic(?:y|ies)|statement|notice|terms|agreement|conditions|practices|document|page|guidelines|addendum|charter)",
    "CHANGE": r"(?:chang(?:e|es|ed|ing)|updat(?:e|es|ed|ing)|modif(?:y|ies|ied|ications?|ying)|revis(?:e|es|ed|ions?|ing)|amend(?:s|ed|ing|ments?)?|alter(?:s|ed|ations?)?|edit(?:s|ed)?|replac(?:e|ed)|supplement(?:ed)?)",
    "NAME": r"(?!(?:You|Your|Users?|Visitors?|Companies|Parties|These|They|Those|By|If|To|Third|Other|Others|Partners?|Advertisers?|We|When|Some)\b)[A-Z][\w.&’']+",
    "CHILD": r"(?:child(?:ren)?(?:['’]s)?|minors?|kids|teen(?:s|agers?)?|underage|youth)",
}  # fmt: skip


def expand(source: str) -> str:
    """`source` with {NAME} replaced by the macro of that name; other braces are left alone."""
    return re.sub(r"\{([A-Z]+)\}", lambda match: MACROS[match.group(1)], source)


DATA_TYPES: Mapping[str, str] = {
    "biometric data": r"biometric|face ?prints?|facial (?:geometry|features)|voice ?prints?|finger ?prints?(?! technolog)|iris scan|retina",
    "facial recognition": r"facial (?:recognition|scan)|face (?:recognition|scan)",
    "health data": r"\bhealth(?! and safety)|medical|heart rate|sleep data|fitness data|reproductive|menstrua",
    "genetic data": r"genetic|\bdna\b",
    "precise location": r"precise (?:geo-?)?location|\bgps\b|geo-?location|exact location",
    "location": r"\blocations? (?:data|information)|your location|whereabouts|location-based",
    "financial data": r"credit card|debit card|payment (?:card|information|data|method|details)|bank account|financial (?:information|data|account)|credit (?:score|history|report)|billing information",
    "government id": r"social security|passport|driver['’]?s? licen[cs]e|government[- ](?:issued )?(?:id\b|ident)|national id|tax(?:payer)? id|identification number",
    "contacts": r"address book|contact lists?|your contacts|phone ?book|friends? list",
    "messages": r"(?:content of|contents of|your|private|direct|chat|text) messages?|chat (?:logs?|transcripts?|history)|communications content|content of (?:your )?(?:communications|e-?mails?|calls)",
    "voice and audio": r"voice (?:recordings?|data|commands?)|audio (?:recordings?|data|information)|call recordings?|microphone",
    "photos and video": r"\bphotos?\b|photographs?|\bvideos?\b|images of you|camera",
    "browsing history": r"browsing (?:history|activit|behavio)|search (?:history|quer|terms)|pages you (?:visit|view)|click-?stream|websites you visit|web history",
    "device data": r"device (?:id|identifier|information|data|type|model|settings)|hardware model|operating system|browser type|unique device|\bimei\b|\bmac address|installed apps?",
    "advertising id": r"advertising id|mobile ad id|\bidfa\b|\bmaids?\b|ad identifier",
    "ip address": r"\bip[- ]address|internet protocol",
    "cookies": r"\bcookies?\b|web beacons?|\bpixels?\b|clear gifs?|local storage",
    "usage data": r"usage (?:data|information|patterns?)|log (?:data|files?|information)|interactions? with|how you use",
    "inferences": r"inferences?|\binferr?ed\b|we infer|we may infer|predicted",
    "demographics": r"demographic|\bgender\b|date of birth|birth ?date|ethnic|\brace\b|marital status|\bage range",
    "sensitive data": r"sensitive (?:personal )?(?:data|information)|special categor|religio|political (?:opinion|view|affil)|sexual orientation|trade union|sex life|criminal (?:record|conviction|history)",
    "employment data": r"employment (?:history|information|data)|resume|curriculum vitae|salary|job applica",
    "email address": r"e-?mail address",
    "phone number": r"(?:tele)?phone numbers?|mobile numbers?",
    "postal address": r"(?:postal|mailing|home|street|physical|billing|shipping) address",
    "purchase history": r"purchase history|transaction (?:history|data|information)|purchases you make|commercial information|order history",
    "sensor data": r"sensor data|acceleromet|gyroscope|bluetooth|wi-?fi (?:network|access point)",
    "user content": r"user content|your content|content you (?:post|upload|create|provide)|files you upload|prompts|\binputs\b|\boutputs\b",
    "chat transcripts": r"transcripts?\b",
    "children's data": r"(?:data|information) (?:about|of|from) (?:children|minors)|child['’]s (?:data|information)",
    "source code": r"source code",
}  # fmt: skip
"""Kinds of personal data that a reader would want to see added or removed, by name."""

RECIPIENTS: Mapping[str, str] = {
    "advertising partners": r"advertis(?:ing|ers?)(?: ?(?:/|and) ?marketing)?(?:/analytics| and analytics)? (?:partners?|networks?|compan(?:y|ies)|platforms?|agenc(?:y|ies)|vendors?|technology)|\badvertisers?\b|ad ?tech|ad networks?",
    "marketing partners": r"marketing (?:partners?|compan(?:y|ies)|agenc(?:y|ies)|service providers?)|promotional partners",
    "data brokers": r"data (?:brokers?|aggregators?|resellers?|suppliers?)|list brokers?",
    "business partners": r"(?:business|commercial|strategic|trusted|channel|content|distribution|resale|integration|reseller|financial|joint venture) partners?|\bresellers?\b|\bdistributors?\b",
    "affiliates": r"affiliat(?:es?|ed (?:compan|entit|business))|subsidiar(?:y|ies)|parent compan(?:y|ies)|group compan(?:y|ies)|corporate (?:group|family)|family of companies|sister compan|members of our group",
    "service providers": r"service providers?|\bvendors?\b|(?:sub-?)?contractors?|\bsuppliers?\b|hosting (?:providers?|compan)|outsourc",
    "subprocessors": r"sub-?processors?",
    "analytics providers": r"analytics (?:providers?|partners?|compan(?:y|ies)|services?|vendors?)",
    "social networks": r"social (?:media|network\w*)(?: (?:compan(?:y|ies)|sites?|platforms?|providers?|networks?|services?|partners?))?",
    "payment processors": r"payment (?:processors?|providers?|service providers?|partners?)|credit card (?:processors?|compan(?:y|ies))|card networks",
    "credit bureaus": r"credit (?:bureaus?|reference agenc|reporting agenc|agenc)|debt collect|collection agenc",
    "fraud prevention": r"fraud (?:prevention|detection) (?:agenc|service|compan|provider|partner)|anti-fraud",
    "law enforcement": r"law enforcement|\bpolice\b|government(?:al)? (?:agenc|authorit|bod|entit|offic|request)|public authorit|regulators?\b|tax authorit|judicial authorit",
    "professional advisers": r"(?:professional|legal|financial) advis[eo]rs?|\blawyers\b|\bauditors\b|\baccountants\b|\binsurers?\b",
    "buyers of the business": r"acquirers?|prospective (?:buyers?|purchasers?)|successor (?:entity|in interest|compan)|merger|acquisition",
    "AI providers": r"(?:ai|artificial intelligence|machine learning|large language model|llm|generative ai)(?: \w+)? (?:providers?|vendors?|compan(?:y|ies)|partners?|service providers?)|openai|anthropic",
    "researchers": r"\bresearchers?\b|research (?:institut|partners?|organi)|academic|universit(?:y|ies)",
    "employers": r"your (?:employer|organi[sz]ation|school|administrator)",
    "third parties": r"third[- ]part(?:y|ies)|other (?:compan(?:y|ies)|organi[sz]ations|businesses)|outside parties",
    "partners": r"\b(?:our|its|select(?:ed)?|certain|with|other) partners\b",
    "the public": r"public(?:ly)? (?:available|visible|accessible|displayed)|general public|search engines",
    "customers": r"our (?:clients|customers)\b",
}  # fmt: skip
"""Classes of recipients of data, by name."""

PURPOSES: Mapping[str, str] = {
    "AI training": r"train(?:ing|ed)? (?:(?:and|or|of|our|the|its|their|your|these|those|such|google['’]s|generative|machine|artificial|ai|large|develop\w*|improv\w*|fine-?tun\w*|foundation\w*|\w+['’]s)[ /]){0,5}(?:ai|artificial intelligence|machine[- ]learning|models?|llms?|algorithms?|language models?)|(?:ai|machine[- ]learning|artificial intelligence|model) (?:training|development|models?)|fine-?tun(?:e|ing)|artificial intelligence|machine[- ]learning|generative ai",
    "targeted advertising": r"targeted (?:advertis|ads?\b|marketing)|(?:interest|behaviou?r)[- ]?(?:based|al) advertis|personali[sz]ed (?:ads?\b|advertis)|cross-context|tailored (?:ads?\b|advertis)|re-?target|remarketing|online behaviou?ral|(?:serve|show|display|deliver|target)(?:ing)? (?:\w+ ){0,3}(?:ads?\b|advertis)|audience matching|ad selection|ad targeting",
    "marketing": r"\bmarketing\b|promotional|newsletters?|special offers|direct mail|telemarketing|promotions?\b",
    "profiling": r"profil(?:ing|es? (?:of|about) you)|automated (?:decision|processing)|scoring\b",
    "analytics": r"\banalytics\b|statistic(?:s|al)|market research|measure (?:the )?(?:use|traffic|perform|effect)",
    "personalisation": r"personali[sz](?:e|ed|ing|ation)|customi[sz](?:e|ed|ing|ation)|recommendations?|tailor(?:ed|ing)?\b",
    "product improvement": r"improv(?:e|ing|ement) (?:our|the|its|and|your|of)|develop(?:ing|ment of)? (?:new|our)|research and development|new (?:products|features|services)",
    "security and fraud": r"fraud|detect(?:ing|ion)?|prevent(?:ing|ion)? (?:abuse|spam|misuse|crime|unauthor)|security purposes|cyber",
    "legal obligations": r"legal (?:obligation|requirement|process|claims|compliance)|comply with|required by law|applicable law|subpoena|court order|warrant",
    "payment": r"process(?:ing)? (?:\w+ ){0,3}payments?|billing\b|invoic",
    "identity verification": r"verif(?:y|ying|ication) (?:of )?(?:your|the|user)? ?(?:identit|age|photo)|age verification|identity check|know your customer|\bkyc\b",
    "customer support": r"customer (?:service|support|care)|respond to (?:your|you)|technical support|help ?desk",
    "surveillance": r"employee monitoring|monitor(?:ing)? (?:your|user|employee) (?:activit|communicat|content)|scan(?:s|ning)? (?:your |user |the )?(?:content|messages|e-?mails|files)",
    "research": r"scientific research|academic research|research purposes|medical research",
    "credit checks": r"credit ?worthiness|credit (?:check|risk|decision)",
}  # fmt: skip
"""Purposes of use, by name."""

MECHANISMS: Mapping[str, str] = {
    "Safe Harbor": r"safe[- ]harbou?r",
    "Privacy Shield": r"privacy shield",
    "Data Privacy Framework": r"data privacy framework|\bdpf\b|data bridge",
    "standard contractual clauses": r"(?:standard|model) (?:contractual|contract|data protection) clauses|\bsccs?\b|model clauses|eu model contract",
    "UK addendum": r"uk (?:international data transfer )?addendum|international data transfer (?:agreement|addendum)|\bidta\b",
    "adequacy decision": r"adequa(?:cy|te) (?:decision|level of (?:data )?protection|protection)",
    "binding corporate rules": r"binding corporate rules|\bbcrs?\b",
    "consent": r"consent to (?:the|such|this|any) (?:\w+ ){0,2}(?:transfer|processing of .{0,30}(?:outside|in the united states))",
    "APEC CBPR": r"\bcbpr\b|cross[- ]border privacy rules",
}  # fmt: skip
"""Mechanisms of international transfer, by name."""

METHODS: Mapping[str, str] = {
    "email": r"\be-?mail(?:s|ed|ing)?\b|electronic mail",
    "banner": r"(?:prominent(?:ly)?|conspicuous(?:ly)?|highly visible|clear) (?:\w+ ){0,2}(?:notice|notif|announce|post|display|link)|(?:notices?|notification|message|announcement|statement) (?:\w+ ){0,3}?(?:on|through|via|in|to|at) (?:our|the|this|these) (?:\w+ )?(?:web ?sites?|sites?|services?|home ?page|main page|platform|r/)|(?:through|via|by means of|on|in) (?:our|the) services?\b|(?:notify|inform|tell|alert)\b[^.]{0,40}?\b(?:on|through|via) (?:our|the|this) (?:web ?sites?|sites?|platform)|home ?page|banner|pop-?up|front page|(?:announce|flag|highlight)\w* (?:\w+ ){0,4}(?:on|in) (?:our|the|this) (?:web ?site|site|home|main)|when you (?:log|sign) ?in",
    "inapp": r"in[- ]app|within (?:the|our) (?:services?|apps?|applications?|product|platform|software)|(?:through|in|via|on) (?:your|the|our) (?:account|apps?\b|application|user interface|dashboard|(?:control )?panel|messag)|push notif|private message|site messag|message (?:to|in) your|user notification",
    "mail": r"\b(?:postal|regular|physical|first[- ]class|u\.?s\.?) mail\b|\bby mail\b|\bpost to your\b|letter",
    "sms": r"\bsms\b|text message",
    "blog": r"\bblog\b|social media|twitter|newsletter",
    "written": r"\bwritten notice\b|in writing|notice in writing",
}  # fmt: skip
"""Ways of telling people of a change, besides posting the document itself."""
