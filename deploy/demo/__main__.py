"""`make run`: the whole of clausewatch against the demo's little internet, on loopback.

Starts the demo archive, the vendors' sites, a mail server and a webhook; runs the real backfill and check flows with
SQLite and Prefect's embedded API; shows the outcomes and the alerts as they arrived.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from deploy.demo.settings import write_config
from deploy.demo.world import DemoWorld

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the demo. Returns the exit code of the check."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    arguments.add_argument("--change", action="store_true", help="a day later: one vendor has changed its policy")
    arguments.add_argument("--no-prefect", action="store_true", help="without Prefect's embedded API")
    arguments.add_argument("--data", type=Path, default=ROOT / "demo-data", help="where everything is put")
    given = arguments.parse_args()
    with DemoWorld(given.data / "world") as world:
        if given.change:
            world.tomorrow()
        config = write_config(given.data, world, prefect="off" if given.no_prefect else "embedded")
        before = (len(world.mail.messages()), len(world.hooks.messages()))
        _say(f"The demo's live sites are at {world.today:%d %B %Y}; its archive is at {world.archive_url}.")
        first = not (given.data / "clausewatch.sqlite").exists()
        if first:
            _say(
                "First the past: clausewatch backfill asks the archive for every capture of six policies, 2003 to 2026."
            )
            _clausewatch(config, "backfill")
        _say("Now the present: clausewatch check looks at the live pages (a new wording is looked at twice).")
        code = _clausewatch(config, "check")
        _show_messages(world, before)
        _say_next(config, given.change)
    return code


def _clausewatch(config: Path, *arguments: str) -> int:
    """The real command, in a process of its own, with its output on this terminal."""
    sys.stdout.flush()
    command = [sys.executable, "-m", "flows.cli", *arguments, "--config", str(config)]
    return subprocess.run(command, env=os.environ | {"PYTHONUNBUFFERED": "1"}, check=False).returncode  # noqa: S603


def _show_messages(world: DemoWorld, before: tuple[int, int]) -> None:
    mails, hooks = world.mail.messages()[before[0] :], world.hooks.messages()[before[1] :]
    if not mails and not hooks:
        _say("Nothing had changed, so nothing was sent. That is what silence means.")
        return
    _say(f"{len(mails)} e-mails and {len(hooks)} Slack messages arrived.")
    for mail in mails[:1]:
        _say(f"The first e-mail (all are in {world.mail.folder}):", mark="-")
        sys.stdout.write(f"Subject: {mail.subject}\n\n{mail.text}\n")
    for hook in hooks[:1]:
        _say(f"The first Slack message, as text (all are in {world.hooks.folder}):", mark="-")
        sys.stdout.write(hook.text + "\n")


def _say_next(config: Path, changed: bool) -> None:
    lines = [
        f"  clausewatch history chatmoor/privacy -c {_short(config)}    every version since the first capture",
        f"  clausewatch diff chatmoor/privacy -c {_short(config)}       what changed last, word by word",
        f"  open {_short(config.parent / 'reports' / 'index.html')}                the same as pages, with search",
        "  make run                                    again: quick, and nothing new",
    ]
    if not changed:
        lines.append("  make demo-change                            a day later, one policy has changed")
    lines += [
        "Then your own: put your vendors into config.toml and run",
        "  clausewatch backfill && clausewatch check   (clausewatch is in .venv/bin)",
    ]
    _say("What to do next:")
    sys.stdout.write("\n".join(lines) + "\n")


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _say(text: str, mark: str = "=") -> None:
    sys.stdout.write(f"\n{mark * 3} {text}\n")


if __name__ == "__main__":
    sys.exit(main())
