"""config.toml: what is right is taken, what is wrong is said with file, line, key, value and what is allowed."""
# ruff: noqa: E501 (tables of cases: a case is a line)

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from flows.commands.configuring import check_config
from flows.config import Config
from flows.config_file import ConfigError, config_schema, find_config, read_config
from flows.targets import UnknownDocument, select_keys
from flows.terms_types import TERMS_TYPES

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hunter2"
DOCUMENT = """
[vendors.acme]
name = "Acme"
[[vendors.acme.documents]]
type = "Privacy Policy"
url = "https://acme.example/privacy"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty config.toml, and no setting in the environment."""
    import os

    for name in [name for name in os.environ if name.startswith("CLAUSEWATCH_")]:
        monkeypatch.delenv(name)
    made = tmp_path / "config.toml"
    made.write_text("")
    return made


def problems(path: Path, text: str) -> list[str]:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    return caught.value.problems


def test_the_shipped_file_is_valid_and_watches_the_first_four_vendors(path: Path) -> None:
    config = read_config(ROOT / "config.toml")
    assert list(config.documents()) == [
        f"{vendor}/privacy-policy" for vendor in ("live2support", "livechat", "livehelpnow", "livetouch")
    ]
    assert check_config(ROOT / "config.toml") == 0
    # what it shows in comments is right, too
    text = (ROOT / "config.toml").read_text("utf-8")
    for table in re.findall(r"(?m)^(?:# .*\n)*# \[\[(?:routes|archives)\]\]\n(?:# \w.*\n)+", text):
        path.write_text(re.sub(r"(?m)^# ?", "", table) + DOCUMENT, "utf-8")
        read_config(path)


def test_an_empty_file_is_valid_and_everything_in_it_lies_beside_it(path: Path) -> None:
    config = read_config(path)
    assert config.data == path.parent / "data"
    assert config.documents() == {} and config.check.every == timedelta(hours=12)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("dat = 'x'", 1, 'dat: is not a key that clausewatch knows; did you mean "data"?'),
        ("[chekc]\nevery = 1", 1, 'chekc: is not a key that clausewatch knows; did you mean "check"?'),
        ("[check]\nevry = 1", 2, 'check.evry: is not a key that clausewatch knows; did you mean "every"?'),
        ("[storage]\nzzz = 1", 2, "storage.zzz: is not a key that clausewatch knows; known here: url"),
        ("[fetch]\nhost_paus = 1", 2, 'fetch.host_paus: is not a key that clausewatch knows; did you mean "host_pause"?'),
        ("[prefect]\nbach = 1", 2, 'did you mean "batch"?'),
        ("[schedule]\nchecks = 1", 2, 'did you mean "check"?'),
        ("[alerts]\nattempt = 1", 2, 'did you mean "attempts"?'),
        ('[[archives]]\nname = "internet-archive"\nrates = { indx = 1 }', None, 'archives[1].rates.indx: is not a key that clausewatch knows; did you mean "index"?'),
        ('[[routes]]\nname = "a"\nto = ["json://h"]\nmin_sevrity = "high"', 4, 'routes[1].min_sevrity: is not a key that clausewatch knows; did you mean "min_severity"?'),
        ('[[routes]]\nname = "a"\nto = ["json://h"]\nquiet = { frm = "18:00", until = "08:00" }', None, 'routes[1].quiet.frm'),
        (DOCUMENT.replace("name", "nam"), 3, 'vendors.acme.nam: is not a key that clausewatch knows; did you mean "name"?'),
        (DOCUMENT + "selct = 'main'", 7, 'vendors.acme.documents[1].selct: is not a key that clausewatch knows; did you mean "select"?'),
        (DOCUMENT + "fetch = { robot = false }", None, 'vendors.acme.documents[1].fetch.robot: is not a key that clausewatch knows; did you mean "robots"?'),
        (DOCUMENT + "check = { evry = 1 }", None, 'vendors.acme.documents[1].check.evry'),
        (DOCUMENT + "former = [{ url = 'https://a.example', untill = '2015' }]", None, 'did you mean "until"?'),
        (DOCUMENT + "select = [{ startBefor = 'a' }]", None, 'did you mean "startBefore"?'),
    ],
)  # fmt: skip
def test_an_unknown_key_is_an_error_at_every_level(path: Path, text: str, line: int | None, said: str) -> None:
    found = problems(path, text)
    where = f"{path}:{line}: " if line else f"{path}"
    assert any(one.startswith(where) and said in one for one in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[check]\nevery = "soon"', ':2: check.every: must be a duration such as 90, "90s", "5m", "6h", "1d" or "2w" (it is "soon")'),
        ("[check]\nevery = -5", ":2: check.every: must be a duration"),
        ("[check]\nevery = inf", ":2: check.every: must be a duration"),
        ("[check]\nevery = nan", ":2: check.every: must be a duration"),
        ('[check]\nevery = "' + "9" * 400 + 'd"', ":2: check.every: must be a duration"),
        ('[check]\nconfirm = "perhaps"', ":2: check.confirm: "),
        ("[fetch]\nhost_pause = -1", ":2: fetch.host_pause: input should be greater than or equal to 0 (it is -1)"),
        ('[fetch]\nallow_addresses = ["here"]', ':2: fetch.allow_addresses[1]: '),
        ('[prefect]\nmode = "of"', ":2: prefect.mode: input should be 'auto', 'server', 'embedded' or 'off' (it is \"of\")"),
        ('[schedule]\ncheck = "often"', ':2: schedule.check: must be a cron expression of five fields, such as "23 */6 * * *" (it is "often")'),
        ('[schedule]\ntimezone = "Mars/Olympus"', ':2: schedule.timezone: must be a time zone'),
        ('[[archives]]\nname = "nowhere"', ":1: archives[1]: nowhere is none of internet-archive, arquivo: index_url and memento_prefix are needed"),
        ('[[archives]]\nname = "internet-archive"\nrates = { index = 5 }', "0.4 requests per second"),
        ('[[archives]]\nname = "arquivo"\n[[archives]]\nname = "arquivo"', 'there are two archives called "arquivo"'),
        ('[[routes]]\nname = "a"\nto = ["json://h"]\n[[routes]]\nname = "a"\nto = ["json://h"]', 'there are two routes called "a"'),
        ('[[routes]]\nname = "a"\nto = "json://h"', ":3: routes[1].to: input should be a list"),
        ('[[routes]]\nname = "a"\nto = []', "routes[1].to: "),
        ('[[routes]]\nname = "a"', "routes[1].to: is missing"),
        ('[[routes]]\nname = "a"\nto = ["json://h"]\nmode = "hourly"', "'immediate', 'daily' or 'weekly'"),
        ("[vendors]\nacme = 5", ":2: vendors.acme: input should be a table"),
        ("vendors = 5", ":1: vendors: input should be a table"),
        (DOCUMENT.replace("acme", "Ac_me"), "vendors: string should match pattern"),
        (DOCUMENT.replace('name = "Acme"', ""), "vendors.acme.name: is missing"),
        (DOCUMENT.replace("Privacy Policy", "Privacy Notice"), "did you mean \"Privacy Policy\"? (it is \"Privacy Notice\")"),
        (DOCUMENT.replace("Privacy Policy", "Recipe"), "must be one of Open Terms Archive's terms types"),
        (DOCUMENT.replace("https", "ftp"), ':6: vendors.acme.documents[1].url: must be an address that begins with https:// or http://'),
        (DOCUMENT + "sources = [{ url = 'https://a.example' }]", "needs either url or sources"),
        (DOCUMENT.replace("url =", "# url ="), "needs either url or sources"),
        (DOCUMENT.replace("url = ", "select = 'p'\nsources = [{ url = 'https://a.example' }] # "), "belong into each of the sources"),
        (DOCUMENT + "[[vendors.acme.documents]]\ntype = 'Privacy Policy'\nurl = 'https://b.example'", 'has two documents called "privacy-policy"'),
        (DOCUMENT + "select = [{ startBefore = 'a' }]", "a range needs one of startBefore, startAfter and one of endBefore, endAfter"),
        (DOCUMENT + "former = [{ url = 'https://a.example', since = '2015-13' }]", "must be a date such as 2015, 2015-04 or 2015-04-30"),
        (DOCUMENT + "language = 'English please'", "language: string should match pattern"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_said_with_what_is_allowed(path: Path, text: str, said: str) -> None:
    found = problems(path, text)
    assert all(one.startswith(str(path)) for one in found)
    assert any(said in one for one in found), found
    assert not any("function-" in one or "Config" in one or "\n" in one for one in found)


def test_every_problem_is_said_at_once(path: Path) -> None:
    assert len(problems(path, '[check]\nevery = "x"\n[prefect]\nbatch = 0\nmode = "y"\n[fetch]\nzz = 1')) == 4


def test_a_file_that_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is not valid TOML" in problems(path, "[check")[0] and "line 1" in problems(path, "[check]]")[0]
    path.write_bytes(b'data = "\xff"')
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_config(path)
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        find_config(path.parent)
    with pytest.raises(ConfigError, match="does not exist; name the file with --config or CLAUSEWATCH_CONFIG"):
        find_config(path.parent / "nothing.toml")
    monkeypatch.chdir(path.parent)
    assert find_config() == path
    monkeypatch.setenv("CLAUSEWATCH_CONFIG", str(path.parent / "other.toml"))
    with pytest.raises(ConfigError, match=r"other\.toml does not exist"):
        find_config()


def test_a_selector_that_is_no_css_is_found_by_config_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(DOCUMENT + "select = ['main', 'p[']", "utf-8")
    assert check_config(path) == 2
    said = capsys.readouterr().err
    assert str(path) in said and "acme/privacy-policy" in said and "p[" in said


# --- environment ----------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file_key_by_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text('[check]\nevery = "1h"\nconfirm = false\n[storage]\nurl = "sqlite:///a.sqlite"' + DOCUMENT, "utf-8")
    monkeypatch.setenv("CLAUSEWATCH_CHECK__EVERY", "3h")
    monkeypatch.setenv("CLAUSEWATCH_STORAGE__URL", f"postgresql://u:{SECRET}@h/d")
    monkeypatch.setenv("CLAUSEWATCH_VENDORS__ACME__NAME", "Acme Ltd")
    config = read_config(path)
    assert (config.check.every, config.check.confirm) == (timedelta(hours=3), False)
    assert config.storage.url.get_secret_value() == f"postgresql://u:{SECRET}@h/d"
    assert config.vendors["acme"].name == "Acme Ltd" and len(config.documents()) == 1
    assert SECRET not in repr(config) + str(config) + config.model_dump_json()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CLAUSEWATCH_CHECK__EVERY", "soon", "check.every: must be a duration"),
        ("CLAUSEWATCH_FETCH__HOST_PAUSE", "soon", "fetch.host_pause: "),
        ("CLAUSEWATCH_FETCH__HOST_PAUS", "1", 'did you mean "host_pause"?'),
        ("CLAUSEWATCH_STORAGE__URL", f"oracle://u:{SECRET}@h/d", "storage.url: must begin with sqlite:/// or postgresql://"),
        ("CLAUSEWATCH_STORAGE", SECRET, "is not the JSON"),
        ("CLAUSEWATCH_ROUTES", SECRET, "is not the JSON"),
        ("CLAUSEWATCH_ROUTES", f'[{{"name": "a", "to": "json://{SECRET}@h"}}]', "routes[1].to: input should be a list"),
    ],
)  # fmt: skip
def test_an_error_in_the_environment_names_the_variable(
    path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    found = problems(path, "[check]\nconfirm = true\n" + DOCUMENT)
    assert len(found) == 1 and found[0].startswith(f"${variable}: ") and said in found[0]
    assert SECRET not in found[0]


# --- secrets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'[storage]\nurl = "mysql://root:{SECRET}@h/db"',
        f'[storage]\nurl = "{SECRET}"',
        f'[storage]\nurll = "postgresql://u:{SECRET}@h/d"',
        f'[[routes]]\nname = "a"\nto = ["mailto://u:{SECRET}@h", 5]',
        f'[[routes]]\nname = "a"\nto = "tgram://{SECRET}/1"',
        f'[[routes]]\nname = "a"\nto = [["tgram://{SECRET}/1"]]',
        f'[[routes]]\nname = "a"\nto = [{{ url = "tgram://{SECRET}/1", env = "A" }}]',
        f'[[routes]]\nname = "a"\nto = [{{ urls = "tgram://{SECRET}/1" }}]',
        f'[[routes]]\nname = "/"\nto = ["tgram://{SECRET}/1"]',
        f'[fetch]\nproxy = "socks5://u:{SECRET}@h"',
        DOCUMENT.replace("https://", f"https://u:{SECRET}@"),
        DOCUMENT + f'fetch = {{ proxy = "u:{SECRET}" }}',
    ],
)
def test_no_secret_is_repeated_in_an_error(path: Path, text: str) -> None:
    found = problems(path, text)
    assert found and not any(SECRET in one for one in found), found


def test_no_secret_is_in_a_repr_or_the_schema(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(
        f'[[routes]]\nname = "a"\nto = ["tgram://{SECRET}/1"]\n[fetch]\nproxy = "http://u:{SECRET}@h:1"\n'
        f'[storage]\nurl = "postgresql://u:{SECRET}@h/d"',
        "utf-8",
    )
    config = read_config(path)
    monkeypatch.setenv("CLAUSEWATCH_STORAGE__URL", f"postgresql://u:{SECRET}@h/d")
    assert SECRET not in repr(config) + str(config) + config_schema()
    (target,) = config.routes[0].to
    assert SECRET not in repr(target.urls()) and SECRET in target.urls()[0].get_secret_value()


def test_a_route_whose_secret_is_missing_is_named_by_config_check(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text('[[routes]]\nname = "legal"\nto = [{ env = "NOT_SET" }, { file = "secret" }]' + DOCUMENT, "utf-8")
    assert check_config(path) == 2
    said = capsys.readouterr().err
    assert "legal" in said and "NOT_SET" in said and "secret" in said
    monkeypatch.setenv("NOT_SET", f"json://{SECRET}@h")
    (path.parent / "secret").write_text(f"json://{SECRET}@h\n")
    assert check_config(path) == 0
    out = capsys.readouterr()
    assert SECRET not in out.out + out.err and "1 documents of 1 vendors, 1 routes" in out.out


# --- values ---------------------------------------------------------------------------------------------------------


def test_documents_and_vendors_override_key_by_key(path: Path) -> None:
    path.write_text(
        '[fetch]\nhost_pause = 3\nretries = 4\n[check]\nevery = "1h"\nconfirm_after = "1m 30s"\n[vendors.acme]\nname = "Acme"\n'
        'fetch = { host_pause = 7, robots = false }\ncheck = { every = "2h", confirm = false }\n'
        '[[vendors.acme.documents]]\ntype = "Privacy Policy"\nurl = "https://a.example/p"\n'
        'fetch = { host_pause = 9 }\ncheck = { every = "1w" }\n'
        '[[vendors.acme.documents]]\ntype = "Terms of Service"\nurl = "https://a.example/t"\n',
        "utf-8",
    )
    config = read_config(path)
    seen = []
    for vendor, document in config.documents().values():
        fetch = config.fetch.merged(config.fetch_overrides(vendor, document))
        check = config.check_settings(vendor, document)
        seen.append((fetch.host_pause, fetch.retries, fetch.robots, check.every, check.confirm, check.confirm_after))
    minute = timedelta(seconds=90)
    assert seen == [
        (9, 4, False, timedelta(weeks=1), False, minute),
        (7, 4, False, timedelta(hours=2), False, minute),
    ]


def test_a_document_may_have_several_sources_and_a_name_in_any_script(path: Path) -> None:
    path.write_text(
        '[vendors.acme]\nname = "Acme"\n[[vendors.acme.documents]]\ntype = "Privacy Policy"\nname = "プライバシー"\n'
        'sources = [{ url = "https://a.example/1" }, { url = "https://a.example/2", select = ["main", '
        '{ startBefore = "#a", endAfter = "#b" }], remove = ".x", former = [{ url = "http://a.example", until = "2015-04" }] }]',
        "utf-8",
    )
    ((key, (_, document)),) = read_config(path).documents().items()
    assert key == "acme/privacy-policy"
    one, two = document.all_sources
    assert not one.selectors and len(two.selectors.select) == 2 and two.selectors.remove == (".x",)


def test_names_on_the_command_line_mean_vendors_or_documents(path: Path) -> None:
    path.write_text(DOCUMENT + DOCUMENT.replace("acme", "bolt").replace("Privacy Policy", "Terms of Service"), "utf-8")
    config = read_config(path)
    assert select_keys(config, []) == ["acme/privacy-policy", "bolt/terms-of-service"]
    assert select_keys(config, ["bolt", "bolt/terms-of-service"]) == ["bolt/terms-of-service"]
    for name, near in (("acm", "acme"), ("acme/privacy", "acme/privacy-policy")):
        with pytest.raises(UnknownDocument, match=f'did you mean "{near}"'):
            select_keys(config, [name])
    with pytest.raises(UnknownDocument, match="clausewatch status"):
        select_keys(config, ["qqqqq"])


# --- schema ---------------------------------------------------------------------------------------------------------


def _models(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for found in _inside(field.annotation):
            yield from _models(found, seen)


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _inside(part)


def test_the_schema_is_valid_json_and_knows_every_key() -> None:
    schema = json.loads(config_schema())
    assert schema["additionalProperties"] is False
    known = {"Config": schema["properties"]} | {
        name: part.get("properties", {}) for name, part in schema["$defs"].items()
    }
    for model in _models(Config, set()):
        names = {field.alias or name for name, field in model.model_fields.items()}
        assert names <= set(known[model.__name__]), model
    types = schema["$defs"]["DocumentConfig"]["properties"]["type"]["enum"]
    assert types == list(TERMS_TYPES) and len(types) == 44
    for name, part in schema["$defs"].items():
        if part.get("type") == "object":
            assert part["additionalProperties"] is False, name
    durations = schema["$defs"]["CheckSettings"]["properties"]["every"]["anyOf"]
    assert re.fullmatch(durations[0]["pattern"], "1h 30m") and not re.fullmatch(durations[0]["pattern"], "soon")
    references = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert references <= set(schema["$defs"])
