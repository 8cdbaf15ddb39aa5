"""The demo's config.toml, written for the ports that its little internet got."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.demo.world import DemoWorld

__all__ = ["write_config"]

_HEAD = """\
# Written by `make run` for this run's ports. A config.toml of your own needs none of [fetch] and [[archives]] here.
data = "."

[prefect]
mode = "{prefect}"

[check]
confirm_after = 1        # seconds; the demo does not want to wait two minutes for the second look

[fetch]
contact = "demo@clausewatch.example"
host_pause = 0.05        # the demo's sites are our own
allow_addresses = ["127.0.0.0/8"]
connect_to = {connect_to}

[[archives]]
name = "demo"
index_url = "{archive}/cdx/search/cdx"
memento_prefix = "{archive}/web/"
dialect = "text"
rates = {{ index = 50, playback = 200 }}
override_rates = true    # our own archive; see the example's comment before you use this

[[routes]]
name = "legal"
to = ["mailto://{smtp_host}:{smtp_port}/?from=clausewatch@clausewatch.example&to=legal@clausewatch.example"]
min_severity = "low"

[[routes]]
name = "privacy-channel"
to = ["{slack}"]
min_severity = "medium"

[[routes]]
name = "operators"
to = ["mailto://{smtp_host}:{smtp_port}/?from=clausewatch@clausewatch.example&to=ops@clausewatch.example"]
operator = true
"""


def write_config(folder: Path, world: DemoWorld, *, prefect: str) -> Path:
    """Write the file. Returns its path."""
    connect_to = ", ".join(f"{json.dumps(host)} = {json.dumps(place)}" for host, place in world.connect_to.items())
    text = _HEAD.format(
        prefect=prefect,
        connect_to="{ " + connect_to + " }",
        archive=world.archive_url,
        smtp_host=world.smtp_host,
        smtp_port=world.smtp_port,
        slack=world.slack_url.replace("http://", "slackhook://"),
    )
    for vendor in world.vendors:
        text += f'\n[vendors.{vendor.slug}]\nname = {json.dumps(vendor.name)}\ntags = ["live-chat"]\n'
        for document in vendor.documents:
            text += (
                f"\n[[vendors.{vendor.slug}.documents]]\ntype = {json.dumps(document.type)}\n"
                f"slug = {json.dumps(document.slug)}\nurl = {json.dumps(document.url)}\n"
            )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path
