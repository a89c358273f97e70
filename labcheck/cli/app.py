"""The commands together, as Typer's.

`vitd`, `b12` and so on are not written down: they are the analytes of the catalogue.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from labcheck import __version__
from labcheck.cli import csv, documents, knowledge, parquet, results
from labcheck.cli.edge import Ended, Exit, run
from labcheck.cli.options import Values, catalogue_of, command
from labcheck.errors import UnknownAnalyte, Usage
from labcheck.wording import did_you_mean, quote


class Commands(TyperGroup):
    """The commands that are `named`, and one for each analyte; each is made when it is asked for.

    Making all of them would take longer than judging a result.
    """

    named: ClassVar[dict[str, Callable[[], TyperCommand]]] = {
        "panel": partial(command, results.panel, cls=Values),
        "csv": partial(command, csv.csv),
        "parquet": partial(command, parquet.parquet),
        "hl7": partial(command, documents.hl7),
        "fhir": partial(command, documents.fhir),
        "explain": partial(command, knowledge.explain),
        "ranges": partial(command, knowledge.ranges),
        "units": partial(command, knowledge.units),
        "convert": partial(command, knowledge.convert, cls=Values),
        "schema": partial(command, knowledge.schema),
    }

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `--catalogue FILE` in front wherever it stands, as it decides which commands there are."""
        first: list[str] = []
        rest: list[str] = []
        left = iter(args)
        for arg in left:
            if arg == "--":
                rest += [arg, *left]
            elif arg == "--catalogue":
                if (value := next(left, None)) is None:
                    raise Usage("Option '--catalogue' requires an argument; name a file behind it")
                first += [arg, value]
            else:
                (first if arg.startswith("--catalogue=") else rest).append(arg)
        return super().parse_args(ctx, [*first, *rest])

    def list_commands(self, ctx: Any) -> list[str]:
        return [*catalogue_of(ctx).ids, *self.named]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in self.named:
            return self.named[cmd_name]()
        try:
            found = catalogue_of(ctx).identify(cmd_name)
            return results.analyte_command(found.analyte, found.doubt)
        except UnknownAnalyte:
            return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, *rest = args
        if found := self.get_command(ctx, name):
            return name, found, rest
        if name[:1] != "-":
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known) or f"; known are {', '.join(known)}"
            hint = "; type labcheck --help, or --help behind a command" if name == "help" else hint
            raise Usage(f"there is no command {quote(name)}{hint}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        sys.exit(run(partial(_parsed, partial(super().main, *args, **kwargs))))


def _parsed(program: Callable[[], int | None]) -> int | None:
    """Run `program`, whose parser's errors become ours."""
    try:
        return program()
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        see = context.command_path if context else "labcheck"
        raise Usage(f"{error.format_message()} (see {see} --help)") from error


app = typer.Typer(
    cls=Commands,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"labcheck {__version__}")
        raise typer.Exit


@app.callback()
def _labcheck(
    ctx: typer.Context,
    catalogue: Annotated[
        list[str] | None,
        typer.Option(
            "--catalogue", metavar="FILE", is_eager=True, help="Add an analyte of your own (TOML file)."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Judge vitamin D and vitamin B12 results against published ranges.

    \b
    labcheck vitd 22 --unit ng/mL
    labcheck b12 "<150" -u pmol/L
    labcheck panel vitd=22 b12=180pg/mL
    labcheck explain vitd

    It informs; it does not diagnose.
    """
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
        raise Ended(Exit.REFUSED)
