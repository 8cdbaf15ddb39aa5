"""Facts of a change, on sentences of our own."""

from __future__ import annotations

import pytest

from analysis.fact import Direction, Fact, Weight
from analysis.facts import facts_of
from analysis.numbers import find_quantities


def only(kind: str, old: str, new: str, categories: tuple[str, ...] = ()) -> list[Fact]:
    return [fact for fact in facts_of(old, new, categories) if fact.kind == kind]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fifteen (15) days after", ["15 days"]),
        ("a 30-day trial", ["30 days"]),
        ("one month and 72 hours", ["1 month", "72 hours"]),
        ("children under the age of 13", ["age 13"]),
        ("people aged 16 years or over, no children under 16", ["age 16", "age 16"]),
        ("twenty-four (24) months", ["24 months"]),
        ("48 consecutive months", ["48 months"]),
        ("Suite 1400, Boston, MA 02110, clause 42.2, section 15", []),
        ("a fee of $25 or 3%", ["$25", "3%"]),
    ],
)
def test_quantities(text: str, found: list[str]) -> None:
    assert [str(quantity) for quantity in find_quantities(text)] == found


@pytest.mark.parametrize(
    ("old", "new", "text", "direction", "weight"),
    [
        (
            "We notify you 30 days before changes of this policy apply.",
            "We notify you 15 days before changes of this policy apply.",
            "notice period 30 days → 15 days",
            Direction.ADVERSE,
            Weight.HIGH,
        ),
        (
            "Logs are deleted after 6 months.",
            "Logs are deleted after 18 months.",
            "retention period 6 months → 18 months",
            Direction.ADVERSE,
            Weight.HIGH,
        ),
        (
            "Logs are deleted after 36 months.",
            "Logs are deleted after 24 months.",
            "retention period 36 months → 24 months",
            Direction.FAVOURABLE,
            Weight.MEDIUM,
        ),
        (
            "We report a personal data breach within 24 hours.",
            "We report a personal data breach within 72 hours.",
            "breach window 24 hours → 72 hours",
            Direction.ADVERSE,
            Weight.HIGH,
        ),
        (
            "We respond to your request within 30 days.",
            "We respond to your request within 45 days.",
            "answer time 30 days → 45 days",
            Direction.ADVERSE,
            Weight.MEDIUM,
        ),
        (
            "Not for children under 16.",
            "Not for children under 13.",
            "minimum age 16 → 13",
            Direction.ADVERSE,
            Weight.HIGH,
        ),
    ],
)
def test_numbers_with_their_role(old: str, new: str, text: str, direction: Direction, weight: Weight) -> None:
    (fact,) = only("number", old, new)
    assert (fact.text, fact.direction, fact.weight) == (text, direction, weight)
    assert fact.before_span and old[slice(*fact.before_span)] == fact.before
    assert fact.after_span and new[slice(*fact.after_span)] == fact.after


def test_the_same_period_in_other_words_is_no_change_of_a_number() -> None:
    old = "Changes of this policy apply 15 days after they are posted."
    (same,) = only("number", old, old.replace("15 days", "fifteen (15) days").replace("posted", "put online"))
    assert same.weight is Weight.NONE and "written differently" in same.text
    (about,) = only("number", old.replace("15", "30"), old.replace("15 days", "one month").replace("posted", "put up"))
    assert about.weight is Weight.NONE and about.text == "notice period 30 days → 1 month (about equal)"


@pytest.mark.parametrize(
    ("old", "new", "kind", "direction"),
    [
        ("We will not share your letters.", "We may share your letters.", "negation", Direction.ADVERSE),
        ("We may track your position.", "We do not track your position.", "negation", Direction.FAVOURABLE),
        (
            "We do not track the streets where customers walk.",
            "We may access the streets where customers walk.",
            "negation",
            Direction.ADVERSE,
        ),
        ("We will notify you of changes.", "We may notify you of changes.", "modality", Direction.ADVERSE),
        ("We may delete old letters.", "We will delete old letters.", "modality", Direction.FAVOURABLE),
    ],
)
def test_steps_on_the_ladder(old: str, new: str, kind: str, direction: Direction) -> None:
    (fact,) = only(kind, old, new)
    assert fact.direction is direction


def test_what_the_reader_may_do_is_not_what_the_provider_may_do() -> None:
    assert not only("modality", "You may share your page with friends.", "You will share your page with friends.")


@pytest.mark.parametrize(
    ("old", "new", "role", "direction"),
    [
        (
            "We use your face for ads without your consent.",
            "We use your face for ads with your consent.",
            "with your consent",
            Direction.FAVOURABLE,
        ),
        ("We hand data over on a court order.", "We hand data over when asked.", "on a court order", Direction.ADVERSE),
        ("We use mail to answer you.", "We use mail only to answer you.", "only", Direction.FAVOURABLE),
        ("We change the policy.", "We change the policy without prior notice.", "without notice", Direction.ADVERSE),
    ],
)
def test_conditions(old: str, new: str, role: str, direction: Direction) -> None:
    roles = {fact.role: fact.direction for fact in only("condition", old, new)}
    assert roles[role] is direction


def test_recipients_purposes_and_kinds_of_data() -> None:
    old = "We share your name with couriers to bring the parcel."
    new = (
        "We share your name and biometric templates with couriers and data brokers to bring it and to train our models."
    )
    found = {(fact.kind, fact.role): fact.weight for fact in facts_of(old, new)}
    assert found["recipient", "data brokers"] is Weight.HIGH
    assert found["data", "biometric data"] is Weight.HIGH
    assert found["purpose", "AI training"] is Weight.HIGH


def test_a_denial_is_no_new_recipient() -> None:
    (fact,) = only("recipient", "", "We do not share your data with data brokers.")
    assert fact.weight is Weight.LOW and fact.direction is Direction.NEUTRAL


def test_mechanism_contact_date_and_entity() -> None:
    (mechanism,) = only("mechanism", "We follow the Privacy Shield.", "We follow the Data Privacy Framework.")
    assert mechanism.text == "transfer mechanism Privacy Shield → Data Privacy Framework"
    (contact,) = only("contact", "Write to privacy@vendor.example.", "Write to webmaster @ vendor.example.")
    assert (contact.before, contact.after) == ("privacy@vendor.example", "webmaster@vendor.example")
    assert not only("contact", "Write to a@vendor.example.", "Write to [email\u00a0protected].")
    (date,) = only("date", "Updated 3 May 2020", "Updated 4 May 2021")
    assert date.text == "date 2020-05-03 → 2021-05-04"
    (entity,) = only(
        "entity", "We send usage data to Foo Metrics.", "We send usage data to our partners.", ("third_party",)
    )
    assert entity.before == "Foo Metrics"


def test_shared_sentences_give_no_facts() -> None:
    same = "We may sell your data to data brokers. Logs are kept for 5 years."
    assert facts_of(same, same + " We like tea.") == ()
