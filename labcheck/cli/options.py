"""What the commands share of Typer: the options, and how values are told from them."""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import typer
from typer.core import TyperCommand

from labcheck.catalogue import Catalogue
from labcheck.cli.bulk import FormatName, RowFormatName
from labcheck.cli.edge import Ended, Exit, complain
from labcheck.errors import BadCatalogue, Usage
from labcheck.model import REPORTED, DecimalMark
from labcheck.units import accepted_units
from labcheck.wording import quote

Format = Literal["terminal", "json", "csv", "markdown"]


class OneCommand(TyperCommand):
    """A command whose errors lead to its own help, even those of the parser, which knows no command.

    An option that takes one value and is given two is refused: the parser would take the last one.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            _, _, given = self.make_parser(ctx).parse_args(args=[*args])
            for option in self.params:
                takes_one = option.param_type_name == "option" and not getattr(option, "multiple", False)
                if takes_one and not getattr(option, "is_flag", False) and given.count(option) > 1:
                    raise Usage(f"{option.opts[0]} is given more than once; give it once")
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            error.__dict__["ctx"] = getattr(error, "ctx", None) or ctx
            raise


class Values(OneCommand):
    """A command whose values may look like options: `-5` is refused for being negative, not for its dash."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        flags = {name for param in self.params for name in param.opts if getattr(param, "is_flag", False)}
        takers = {name for param in self.params for name in param.opts} - flags
        options: list[str] = []
        values: list[str] = []
        left = iter(args)
        for arg in left:
            if arg == "--":
                values += left
            elif arg[:1] != "-" or arg[1:2] in ("", *"0123456789.,"):
                values.append(arg)
            else:
                options.append(arg)
                cluster = arg[:2] != "--" and all(f"-{letter}" in flags for letter in arg[1:-1])
                if arg in takers or (cluster and f"-{arg[-1]}" in takers):
                    value = next(left, None)
                    if value is None:
                        return super().parse_args(ctx, options)  # which tells that it wants one
                    options.append(value)
        arguments = [param for param in self.params if param.param_type_name == "argument"]
        if len(values) > len(arguments) and all(param.nargs == 1 for param in arguments):
            wanted = " ".join(str(param.metavar) for param in arguments)
            raise Usage(
                f"{quote(' '.join(values))} is more than {wanted}; put what belongs together into quotes"
            )
        return super().parse_args(ctx, [*options, "--", *values])


def command(
    function: Callable[..., None],
    name: str | None = None,
    *,
    cls: type[TyperCommand] = OneCommand,
    **settings: Any,
) -> TyperCommand:
    """Make a command of a function, with the settings of `typer.Typer.command`."""
    single = typer.Typer(add_completion=False)
    single.command(name, cls=cls, **settings)(function)
    return cast("TyperCommand", typer.main.get_command(single))


def with_options(shared: Callable[..., object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take each field of a named tuple, `shared`, as an option, in place of its `options`."""
    fields = signature(shared).parameters

    def taking(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def taking_each(**given: Any) -> None:
            options = shared(**{name: given.pop(name) for name in fields})
            command(**given, options=options)

        parameters = dict(signature(command).parameters)
        each = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in fields.values()]
        taken = ([parameters[name]] if name != "options" else each for name in parameters)
        # Which `inspect.signature`, and so Typer, takes instead of the function's own.
        taking_each.__dict__["__signature__"] = Signature([*chain.from_iterable(taken)])
        return taking_each

    return taking


def catalogue_of(ctx: Any) -> Catalogue:
    """Return the catalogue of this run: the built-in analytes and those of `--catalogue`."""
    root = ctx.find_root()
    if not isinstance(root.obj, Catalogue):
        catalogue = Catalogue(map(Path, root.params.get("catalogue") or ()))
        for id in root.command.named.keys() & set(catalogue.ids):
            raise BadCatalogue(
                f"an analyte cannot be called {quote(id)}, as a command is; give it another id"
            )
        for id, file in catalogue.replaced.items():
            complain(f"note: {file} takes the place of the built-in {quote(id)}")
        root.obj = catalogue
    return root.obj


def _known_analytes(ctx: typer.Context) -> list[str]:
    return list(catalogue_of(ctx).ids)


def _known_range_sets(ctx: typer.Context) -> list[str]:
    return [*catalogue_of(ctx).range_set_ids, REPORTED]


def known_units() -> list[str]:
    """Return what a unit can be completed to."""
    return [unit.code for unit in accepted_units()]


Age = Annotated[str | None, typer.Option("--age", metavar="YEARS", help="Say what fits that age, in years.")]
DecimalOption = Annotated[
    DecimalMark | None, typer.Option("--decimal", help="Which mark is the decimal one: settles 1,060.")
]
FormatOption = Annotated[
    Format | None, typer.Option("--format", "-f", metavar="FORMAT", help="terminal, json, csv or markdown.")
]
RangeSetOption = Annotated[
    str | None,
    typer.Option(
        "--range-set",
        metavar="NAME",
        help="Judge by this published range (`labcheck ranges` lists them) or by the report's own: reported. "
        "LABCHECK_RANGE_SET does it for every run, where an analyte has the range; the default elsewhere.",
        autocompletion=_known_range_sets,
    ),
]
OwnRanges = Annotated[
    list[str] | None,
    typer.Option(
        "--range",
        metavar="ANALYTE=RANGE",
        help="Judge by your own range: vitd=30-100, 'vitd=75-250 nmol/L'; one for each analyte.",
    ),
]
NoCompare = Annotated[
    bool, typer.Option("--no-compare", help="Leave out what the other published ranges say.")
]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the category alone.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print all that is known of the analyte, too.")
]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="CATEGORIES",
        help="Exit with 1 for these: low, normal, high, indeterminate; with commas between.",
    ),
]
NAMED = typer.Argument(
    metavar="ANALYTE", help="vitd, b12, or one of --catalogue.", autocompletion=_known_analytes
)
"""An analyte's id."""

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
]
RowFormatOption = Annotated[
    FormatName | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help=f"{', '.join(get_args(RowFormatName))}, or terminal, which is for people to read.",
    ),
]
Summary = Annotated[
    bool,
    typer.Option("--summary", help="Print counts instead of rows; as json or markdown, too."),
]
Only = Annotated[
    str | None,
    typer.Option("--only", metavar="CATEGORIES", help="Pass on these alone, as in low,refused."),
]
Errors = Annotated[
    Path | None, typer.Option("--errors", metavar="FILE", help="Write here where each refused result stands.")
]
QuietRun = Annotated[bool, typer.Option("--quiet", "-q", help="Print neither counts nor progress on stderr.")]


def show_help_without(ctx: typer.Context, files: Sequence[str] | None) -> None:
    """Exit with the command's help where there is nothing to read: no file, and a terminal for a pipe."""
    if not files and sys.stdin is not None and sys.stdin.isatty():
        print(ctx.get_help())
        raise Ended(Exit.REFUSED)
