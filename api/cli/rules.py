"""The `liner rules` command: the rule catalogue as a table, as JSON or as docs/rules.md."""

from enum import StrEnum
from typing import Annotated

import typer

from api.cli.profiles import ProfileName, named_profile


class Format(StrEnum):
    """How the catalogue is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


OutputFormat = Annotated[Format, typer.Option("--format", help="text, json, or markdown as in docs/rules.md.")]


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    rules = typer.Typer(invoke_without_command=True, help="List every rule, or show one.")
    rules.callback()(list_rules)
    rules.command("show", epilog="Example: [bold]liner rules show AID-003[/bold]")(show)
    app.add_typer(rules, name="rules")


def list_rules(context: typer.Context, output: OutputFormat = Format.TEXT, profile: ProfileName = None) -> None:
    """List every rule: id, severity, what it is about, and what it looks at."""
    if context.invoked_subcommand:
        return
    from api.cli.cataloguing import all_rules, as_json, as_markdown, print_table

    weights = named_profile(profile)
    if output is Format.JSON:
        typer.echo(as_json(all_rules(), weights))
    elif output is Format.MARKDOWN:
        typer.echo(as_markdown(), nl=False)
    else:
        print_table(weights)


def show(
    rule_ids: Annotated[list[str], typer.Argument(metavar="RULE-ID", help="For example AID-003.")],
    output: OutputFormat = Format.TEXT,
    profile: ProfileName = None,
) -> None:
    """Show rules in full: why they matter, where they come from, how to mend."""
    from api.cli.cataloguing import as_json, as_markdown, chosen, print_rules

    rules, weights = chosen(rule_ids), named_profile(profile)
    if output is Format.JSON:
        typer.echo(as_json(rules, weights))
    elif output is Format.MARKDOWN:
        typer.echo(as_markdown(rules), nl=False)
    else:
        print_rules(rules, weights)
