"""Finds and reads config.toml, and says what is wrong: file, key, value, what is allowed, the nearest known key."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from flows.config import Config

__all__ = ["ConfigError", "config_schema", "find_config", "read_config"]


class ConfigError(Exception):
    """config.toml can't be used. `problems` are plain lines, one for each thing to correct."""

    def __init__(self, path: Path | None, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(problems))


def find_config(given: Path | None = None) -> Path:
    """The file that was named, else that of CLAUSEWATCH_CONFIG, else config.toml in this folder.

    Raises:
        ConfigError: there is no such file.
    """
    path = given or Path(os.environ.get("CLAUSEWATCH_CONFIG") or "config.toml")
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "does not exist"
        raise ConfigError(path, [f"{path} {what}; name the file with --config or CLAUSEWATCH_CONFIG"])
    return path.resolve()


def read_config(path: Path) -> Config:
    """Read and validate.

    Raises:
        ConfigError: it is no TOML, or something in it (or in the environment) is not as it must be.
    """
    try:
        text = path.read_text("utf-8")
        tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(path, [f"{path}: is not UTF-8 text (byte {error.start})"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"{path}: is not valid TOML: {error}"]) from None
    except OSError as error:
        raise ConfigError(path, [f"{path}: can't be read: {error.strerror}"]) from None

    class FileConfig(Config):
        _file = path

    try:
        config = FileConfig()
    except ValidationError as error:
        raise ConfigError(path, list(_problems(error, path, text))) from None
    except SettingsError as error:  # its text names the field and never the value
        field = re.search(r'field "(\w+)"', str(error))
        name = _variable((field[1],)) if field else "the environment"
        raise ConfigError(path, [f"${name}: is not the JSON that a table or list is given as"]) from None
    return config.model_copy(update={"data": (path.parent / config.data).resolve()})


def config_schema() -> str:
    """JSON Schema of config.toml, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2)


def _problems(error: ValidationError, path: Path, text: str) -> Iterator[str]:
    for details in error.errors(include_url=False, include_context=False):
        if details["type"] == "too_short" and details.get("input"):
            continue  # what pydantic makes of a list whose items were all refused, each with an error of its own
        location = tuple(part for part in details["loc"] if not _is_union_branch(part))
        key = _say_key(location)
        variable = _set_variable(location)
        where = f"${variable}" if variable else f"{path}{_line(text, location)}"
        yield f"{where}: {key}: {_say(details, location)}" if key else f"{where}: {_say(details, location)}"


def _is_union_branch(part: int | str) -> bool:
    return isinstance(part, str) and (
        part[:1].isupper()
        or part in ("str", "bool", "int", "[key]")
        or part.startswith(("function-", "lax-or-strict["))
    )


def _say_key(location: tuple[int | str, ...]) -> str:
    key = ""
    for part in location:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def _say(details: ErrorDetails, location: tuple[int | str, ...]) -> str:
    value = details.get("input")
    if details["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        close = get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f'; did you mean "{close[0]}"?' if close else f"; known here: {', '.join(known)}" if known else ""
        return f"is not a key that clausewatch knows{hint}"
    if details["type"] == "missing":
        return "is missing"
    message = details["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
    message = re.sub(r"a valid dictionary( or instance of \w+)?", "a table", message)
    hidden = isinstance(value, dict | list | tuple | BaseModel) or _is_secret(value, location)
    return message[:1].lower() + message[1:] + ("" if hidden else f" (it is {json.dumps(value, default=str)[:120]})")


def _is_secret(value: object, location: tuple[int | str, ...]) -> bool:
    """Whether a value is or may hold a password or token: it is then not repeated in an error."""
    if location[:1] == ("routes",) and "to" in location:
        return True
    return location[:2] == ("storage", "url") or "proxy" in location or (isinstance(value, str) and "@" in value)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys of the table at a location, found by walking the models' annotations."""
    annotation: Any = Config
    for part in location:
        annotation = _step(annotation, part)
    model = _model(annotation)
    return list(model.model_fields) if model else []


def _step(annotation: Any, part: int | str) -> Any:
    model = _model(annotation)
    if model and isinstance(part, str):
        return model.model_fields[part].annotation if part in model.model_fields else None
    arguments = get_args(annotation)
    if isinstance(part, int):
        return arguments[0] if arguments else None
    return arguments[-1] if arguments else None


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        return next((model for part in get_args(annotation) if (model := _model(part))), None)
    return None


def _variable(location: tuple[int | str, ...]) -> str:
    return "CLAUSEWATCH_" + "__".join(str(part).upper() for part in location)


def _set_variable(location: tuple[int | str, ...]) -> str:
    """The environment variable that gave the value at a location, "" where it is from the file."""
    names = {name.upper() for name in os.environ}
    candidates = (_variable(location[:end]) for end in range(len(location), 0, -1))
    return next((name for name in candidates if name in names), "")


def _line(text: str, location: tuple[int | str, ...]) -> str:
    """ ":LINE" of the first line that assigns the last key, where that is unambiguous."""
    last = next((part for part in reversed(location) if isinstance(part, str)), None)
    if last is None:
        return ""
    numbers = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip().startswith((f"{last} ", f"{last}=", f'"{last}"'))
        or line.strip() in (f"[{last}]", f"[[{last}]]")
    ]
    return f":{numbers[0]}" if len(numbers) == 1 else ""
