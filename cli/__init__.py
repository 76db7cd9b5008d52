"""The command ``dunwell``. Every command imports what it needs only when it runs, so that help is there at once."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from cli.faults import explain

# In the order in which people meet them.
COMMANDS: dict[str, str] = {
    "demo": "cli.demo:demo",
    "up": "cli.running:up",
    "doctor": "cli.doctor:doctor",
    "import": "cli.intake:import_",
    "cases": "cli.listing:cases",
    "case": "cli.case:case",
    "plan": "cli.plan:plan",
    "customers": "cli.customers:customers",
    "contact": "cli.contacts:contact",
    "portal": "cli.portal:portal",
    "preview": "cli.preview:preview",
    "playbook": "cli.playbook:playbook",
    "wording": "cli.wording:wording",
    "voice": "cli.voice:voice",
    "posted-through": "cli.switches:posted_through",
    "quiet": "cli.quiet:quiet",
    "suppressions": "cli.suppressions:suppressions",
    "pause": "cli.switches:pause",
    "resume": "cli.switches:resume",
    "live": "cli.switches:live",
    "tasks": "cli.tasks:tasks",
    "inbox": "cli.inbox:inbox",
    "note": "cli.note:note",
    "review": "cli.review:review",
    "people": "cli.people:people",
    "rebuild": "cli.repair:rebuild",
    "backup": "cli.backup:backup",
    "restore": "cli.backup:restore",
    "reconcile": "cli.repair:reconcile",
    "audit": "cli.audit:audit",
    "fence": "cli.switches:fence",
    "unfence": "cli.switches:unfence",
    "token": "cli.tokens:token",
    "worker": "cli.running:worker",
    "web": "cli.running:web",
    "migrate": "cli.running:migrate",
}
# Said as often as the names above, and meant the same.
_ALIASES = {"customer": "customers", "contacts": "contact"}


class _Lazy(click.Group):
    """Finds its commands in COMMANDS, and says in one line what went wrong when it could be expected to."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = _ALIASES.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if said := explain(error):
                raise click.ClickException(said) from error
            raise


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dunwell", message="dunwell %(version)s")
def dunwell() -> None:
    """Get invoices paid without souring the relationship.

    Dunwell watches every open invoice, asks your accounting system before each reminder whether it has been paid, and
    stays silent when it has. It runs on your own machine, and a new installation sends nothing until you say so.

    \b
    Examples:
      dunwell demo              watch it work on invented invoices
      dunwell up                start it here
      dunwell cases --overdue   what is late, what comes next, and why
    """


def main() -> None:
    """The entry point of the command ``dunwell``; never returns."""
    code = 0
    try:
        dunwell(prog_name="dunwell")
    except BrokenPipeError:
        os._exit(0)  # whoever read us has seen enough
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    if "temporalio" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # the Temporal core may crash while the interpreter shuts down
    sys.exit(code)
