"""The command line: arguments, help and exit codes. What a command does is in `flows.commands`.

Exit codes: 0 fine, 1 something watched failed, 2 wrong usage, configuration or database.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

__all__ = ["app", "main"]

# Importing makes much that lives and little garbage: looking for it takes a sixth of the time of a command that reads.
gc.set_threshold(100_000, 20, 20)


class _Group(typer.core.TyperGroup):
    """Typer would turn Ctrl-C and a reader that left into exit codes without a word, one of them that of a failed
    watch."""

    def invoke(self, ctx: Any) -> Any:
        from flows.terminal import complain

        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("stopped; what was finished is kept, run it again to go on")
            raise typer.Exit(130) from None
        except BrokenPipeError:  # `clausewatch history … | head`
            _stop_writing()
            raise typer.Exit(0) from None


def _stop_writing() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    name="clausewatch",
    cls=_Group,
    help="Watches the policies that vendors publish and says which clause changed, with proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(
    help="Check config.toml, or print its JSON Schema.", no_args_is_help=True, rich_markup_mode=None
)
db_app = typer.Typer(help="Look after the database.", no_args_is_help=True, rich_markup_mode=None)
routes_app = typer.Typer(help="Try the routes of config.toml.", no_args_is_help=True, rich_markup_mode=None)
alerts_app = typer.Typer(help="What was owed and what became of it.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(config_app, name="config")
app.add_typer(db_app, name="db")
app.add_typer(routes_app, name="routes")
app.add_typer(alerts_app, name="alerts")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="config.toml (or CLAUSEWATCH_CONFIG, or the one in this folder).", show_default=False
    ),
]
CategoriesOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="A config.toml, for its own categories.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[VENDOR[/DOCUMENT]]...", help="All documents without.")]
CategoryOption = Annotated[str, typer.Option(help="Only this category: its id or name, as third-party.")]
Document = Annotated[str, typer.Argument(metavar="VENDOR/DOCUMENT")]


@app.command()
def check(
    names: Names = None,
    config: ConfigOption = None,
    due: Annotated[bool, typer.Option("--due", help="Only documents whose last check is long enough ago.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fetch and compare, write and send nothing.")] = False,
    wait: Annotated[bool, typer.Option(help="Stay for the second look at what is new.")] = True,
    archives: Annotated[
        bool | None,
        typer.Option(
            "--archives/--no-archives",
            help="Afterwards, ask the archives for newer captures of what was backfilled; --due does so by itself.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at documents, record what was seen, send the alerts that are owed."""
    from flows.commands.watching import run_check

    raise typer.Exit(
        run_check(config, names or [], due=due, dry=dry_run, wait=wait, archives=archives, as_json=as_json)
    )


@app.command()
def backfill(
    names: Names = None,
    config: ConfigOption = None,
    since: Annotated[str, typer.Option("--from", help="First day, as 2015, 2015-04 or 2015-04-30.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day.")] = "",
    every: Annotated[str, typer.Option(help="At most one capture per day or month, or all.")] = "all",
    limit: Annotated[int | None, typer.Option(min=1, help="Captures per address.")] = None,
    gap: Annotated[
        str,
        typer.Option(
            help="Of a page whose captures all differ, read no two further apart than this, as 30d.",
            show_default="archives_gap",
        ),
    ] = "",
    tell: Annotated[str, typer.Option(metavar="ROUTE", help="Send this route a digest of what was found.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List, and say what would be fetched and how long it takes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Give documents their past, from web archives. Can be stopped and run again at any time."""
    from flows.commands.watching import run_backfill

    raise typer.Exit(
        run_backfill(
            config,
            names or [],
            since=since,
            until=until,
            every=every,
            limit=limit,
            gap=gap,
            tell=tell,
            dry=dry_run,
            as_json=as_json,
        )
    )


@app.command()
def reextract(names: Names = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Read all stored captures again by today's extractor and selectors. Can be stopped and run again at any time.

    A check does this by itself for its document; what differs only for this reason is announced to nobody.
    """
    from flows.commands.rereading import run_reextract

    raise typer.Exit(run_reextract(config, names or [], as_json=as_json))


@app.command()
def status(names: Names = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What is watched and how it stands: versions, last change, last verified, what fails."""
    from flows.commands.looking import show_status

    raise typer.Exit(show_status(config, names or [], as_json=as_json))


@app.command()
def history(document: Document, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The versions of a document and the changes between them."""
    from flows.commands.looking import show_history

    raise typer.Exit(show_history(config, document, as_json=as_json))


@app.command()
def diff(
    document: Document,
    old: Annotated[
        str, typer.Argument(metavar="[FROM]", help="Version number or date; the one before TO without.")
    ] = "",
    new: Annotated[str, typer.Argument(metavar="[TO]", help="Version number or date; the newest without.")] = "",
    config: ConfigOption = None,
    context: Annotated[int, typer.Option(help="Unchanged blocks shown around each difference.")] = 1,
    cosmetic: Annotated[bool, typer.Option("--cosmetic", help="Show cosmetic differences too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The differences between two versions, word by word."""
    from flows.commands.looking import show_diff

    raise typer.Exit(show_diff(config, document, old, new, context=context, cosmetic=cosmetic, as_json=as_json))


@app.command()
def show(
    document: Document,
    at: Annotated[str, typer.Argument(metavar="[AT]", help="Version number or date; the newest without.")] = "",
    config: ConfigOption = None,
    format_: Annotated[
        str, typer.Option("--format", help="text, markdown, json or raw (the bytes that came in).")
    ] = "text",
) -> None:
    """What a document says, or said at a date."""
    from flows.commands.looking import show_version

    raise typer.Exit(show_version(config, document, at, format_))


@app.command()
def clauses(
    document: Document,
    at: Annotated[str, typer.Argument(metavar="[AT]", help="Version number or date; the newest without.")] = "",
    category: CategoryOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a document says by category, with the words that decided, its dates and notice terms."""
    from flows.commands.clauses import show_clauses

    raise typer.Exit(show_clauses(config, document, at, category=category, as_json=as_json))


@app.command()
def timeline(
    document: Document,
    category: Annotated[str, typer.Option(help="Category of clauses: its id or name, as third-party.")],
    config: ConfigOption = None,
    cosmetic: Annotated[bool, typer.Option("--cosmetic", help="Show cosmetic and moved ones too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """How one kind of clause evolved: each version that changed it, word by word."""
    from flows.commands.clauses import show_timeline

    raise typer.Exit(show_timeline(config, document, category=category, cosmetic=cosmetic, as_json=as_json))


@app.command()
def find(
    query: Annotated[str, typer.Argument(help='Words; "in a row", or, -without.')],
    category: CategoryOption = "",
    vendor: Annotated[str, typer.Option(help="Only this vendor's documents.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search what all documents say now."""
    from flows.commands.clauses import find_clauses

    raise typer.Exit(find_clauses(config, query, category=category, vendor=vendor, limit=limit, as_json=as_json))


@app.command("list")
def list_(
    outcome: Annotated[
        str, typer.Option(help="returned, unconfirmed, technical, cosmetic, held, failed, changed, missing, moved, …")
    ] = "",
    names: Names = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Checks by outcome, and all that was seen but not announced."""
    from flows.commands.looking import show_list

    raise typer.Exit(show_list(config, outcome, names or [], limit=limit, as_json=as_json))


@app.command()
def release(
    capture: Annotated[
        int, typer.Argument(help="Number of a held capture; `clausewatch list --outcome held` shows them.")
    ],
    reject: Annotated[bool, typer.Option("--reject", help="Say that it is right to hold it.")] = False,
    config: ConfigOption = None,
) -> None:
    """Overrule the gate: the capture is the policy after all."""
    from flows.commands.deciding import release_capture

    raise typer.Exit(release_capture(config, capture, reject=reject))


@app.command()
def extract(
    file: Annotated[str, typer.Argument(help="HTML, PDF or text; - is standard input.")],
    url: Annotated[str, typer.Option(help="Where it came from, for its links.")] = "",
    select: Annotated[list[str] | None, typer.Option(help="CSS selector; may be given several times.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="CSS selector of what to leave out.")] = None,
    format_: Annotated[str, typer.Option("--format", help="text, markdown or json.")] = "text",
) -> None:
    """The text of a saved page, one block a line. Needs no configuration."""
    from flows.commands.files import extract_file

    raise typer.Exit(extract_file(file, url, select or [], remove or [], format_))


@app.command()
def compare(
    old: Annotated[str, typer.Argument(help="HTML, PDF, Markdown or text; or a stored capture, as capture:17.")],
    new: Annotated[str, typer.Argument()],
    config: CategoriesOption = None,
    context: Annotated[int, typer.Option()] = 1,
    cosmetic: Annotated[bool, typer.Option("--cosmetic", help="Show cosmetic differences too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What changed between two files, clause by clause. Needs no configuration, except for stored captures."""
    from flows.commands.files import compare_files

    raise typer.Exit(compare_files(config, old, new, context=context, cosmetic=cosmetic, as_json=as_json))


@app.command()
def analyse(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="HTML, PDF, Markdown or text; - is standard input.")
    ],
    category: CategoryOption = "",
    config: CategoriesOption = None,
    as_json: JsonOption = False,
) -> None:
    """The clauses of files by category, their dates and notice terms. Needs no configuration."""
    from flows.commands.clauses import analyse_files
    from flows.commands.files import load_file

    raise typer.Exit(analyse_files(config, files, category=category, as_json=as_json, read=load_file))


@app.command("try")
def try_(
    url: Annotated[str, typer.Argument()],
    select: Annotated[list[str] | None, typer.Option(help="CSS selector; may be given several times.")] = None,
    config: ConfigOption = None,
) -> None:
    """Fetch a page twice and show what would be watched: its text, what the gate says, and what flips."""
    from flows.commands.files import try_url

    raise typer.Exit(try_url(config, url, select or []))


@app.command()
def report(
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder; data/reports without.", show_default=False)] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the pages in a browser.")] = False,
    serve: Annotated[int | None, typer.Option(help="Serve them on this port of this machine until stopped.")] = None,
) -> None:
    """Write the report pages: timelines, differences, clauses across vendors, upcoming dates, search."""
    from flows.commands.paging import write_report

    raise typer.Exit(write_report(config, out, open_=open_, port=serve))


@config_app.command("check")
def config_check(config: ConfigOption = None) -> None:
    """Say whether config.toml can be used, and if not what is wrong where."""
    from flows.commands.configuring import check_config

    raise typer.Exit(check_config(config))


@config_app.command("schema")
def config_schema() -> None:
    """JSON Schema of config.toml, for editors."""
    from flows.config_file import config_schema as schema

    print(schema())  # noqa: T201


@db_app.command("upgrade")
def db_upgrade(config: ConfigOption = None) -> None:
    """Bring the database to this version's tables (SQLite does it by itself)."""
    from flows.commands.configuring import upgrade_database

    raise typer.Exit(upgrade_database(config))


@routes_app.command("test")
def routes_test(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="All routes without.")] = "", config: ConfigOption = None
) -> None:
    """Send a sample message."""
    from flows.commands.telling import test_routes

    raise typer.Exit(test_routes(config, name))


@routes_app.command("explain")
def routes_explain(document: Document, config: ConfigOption = None) -> None:
    """Who would be told about a document, and why."""
    from flows.commands.telling import explain_routes

    raise typer.Exit(explain_routes(config, document))


@alerts_app.command("list")
def alerts_list(
    state: Annotated[str, typer.Option(help="owed, sent, dead or muted.")] = "",
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Alerts, the latest first, with every attempt to send them."""
    from flows.commands.telling import list_alerts

    raise typer.Exit(list_alerts(config, state, limit=limit, as_json=as_json))


@alerts_app.command("send")
def alerts_send(config: ConfigOption = None) -> None:
    """Send now what is owed and due."""
    from flows.commands.telling import send_alerts

    raise typer.Exit(send_alerts(config))


def main() -> None:
    """Entry point: what is wrong with the user's side is said in plain lines with exit code 2, never as a traceback."""
    from flows.terminal import complain

    try:
        try:
            app(standalone_mode=True)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # what was written last had not gone out yet
        _stop_writing()
        sys.exit(0)
    except Exception as error:
        lines = _expected(error)
        if lines is None:
            raise
        for line in lines:
            complain(line)
        sys.exit(2)


def _expected(error: Exception) -> list[str] | None:
    """The lines to show for an error that the user can mend, None for a fault of ours."""
    from flows.config_file import ConfigError

    if isinstance(error, ConfigError):
        return error.problems
    known = sys.modules.get("storage.errors")
    if known is not None and isinstance(error, known.StorageError):
        return [str(error), *([error.advice] if error.advice else [])]
    from flows.terminal import UserError

    return [str(error)] if isinstance(error, UserError) else None


if __name__ == "__main__":
    main()
