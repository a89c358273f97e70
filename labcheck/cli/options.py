"""What the commands share: the options, and how values are told from them."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from typer.core import TyperCommand

from labcheck.catalogue import Catalogue
from labcheck.cli.edge import complain
from labcheck.errors import BadCatalogue, LabcheckError, UnknownRangeSet, Usage
from labcheck.model import REFUSED, REPORTED, Analyte, Category, DecimalMark
from labcheck.ranges import OwnRange, own_range, read_own_range, unknown_range_set
from labcheck.units import accepted_units, read_unit
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


def one_report(*asked: str | None) -> str | None:
    """Return the report that options ask for, if any does; raise Usage where they ask for several."""
    named = list(dict.fromkeys(filter(None, asked)))
    if len(named) > 1:
        raise Usage(f"{' and '.join(named)} are different reports; ask for one of them")
    return named[0] if named else None


RANGE_SET = "LABCHECK_RANGE_SET"
"""The environment variable that does for every run what --range-set does for one."""


def categories(names: str | None, option: str) -> frozenset[str]:
    """Read a list of categories, `refused` among them, as `option` gives it."""
    known = (*Category, REFUSED)
    read = frozenset() if names is None else frozenset(name.strip().lower() for name in names.split(","))
    for name in sorted(read.difference(known)):
        raise Usage(f"{option} has no category {quote(name)}; type one or more of {','.join(known)}")
    return read


def own_ranges(
    texts: Iterable[str], catalogue: Catalogue, analyte: str | None, decimal: DecimalMark | None
) -> dict[str, OwnRange]:
    """Read `vitd=30-100`; the range alone will do where all results are of one `analyte`.

    Raises Usage for what is not a range that the analyte can have.
    """
    ranges: dict[str, OwnRange] = {}
    for text in texts:
        id, equals, range = text.partition("=")
        if not equals or not id.strip() or set(id) & set("<>≤≥＜＞"):  # the sign is the range's
            id, range = analyte or "", text
        if not id:
            raise Usage(f"--range {quote(text)} names no analyte; type it as in vitd=30-100")
        known = catalogue[id.strip()]
        if known.id in ranges:
            raise Usage(f"--range gives two ranges for {known.name}; give one of them")
        try:
            ranges[known.id] = read_own_range(range.strip(), decimal)
            own_range(ranges[known.id], read_unit(known.unit), known)
        except LabcheckError as error:
            raise Usage(f"--range: {error.text}") from error
    return ranges


def chosen_range_sets(
    asked: str | None, catalogue: Catalogue, own: Iterable[str] = ()
) -> dict[str, str | None]:
    """Return the range set to judge each analyte of the catalogue by, None for its default.

    Raises Usage where one is asked for an analyte of which the user has an `own` range.
    """
    among = [catalogue[id] for id in catalogue.ids]
    chosen = {analyte.id: chosen_range_set(asked, analyte, catalogue, among) for analyte in among}
    for id in own:
        if asked is not None and chosen[id] in (REPORTED, *catalogue[id].range_sets):
            raise Usage(
                f"--range and --range-set both say what to judge {catalogue[id].name} by; give one of them"
            )
    return chosen


def chosen_range_set(
    asked: str | None, analyte: Analyte, catalogue: Catalogue, among: Sequence[Analyte] = ()
) -> str | None:
    """Return the range set that --range-set asks for, failing that LABCHECK_RANGE_SET; None for the default.

    Either may name one for each of several analytes, with commas between; a name that no analyte has raises
    UnknownRangeSet with those that there are for this analyte, or for all that it was chosen `among`. Where
    none is for this analyte, the variable leaves it to its default range, as it was set with others in mind.
    The option was not: its first name is returned, which `interpret` then refuses.
    """
    text = os.environ.get(RANGE_SET, "") if asked is None else asked
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    if asked is None and names == [""]:
        return None
    ours = [name for name in names if name in analyte.range_sets or name == REPORTED]
    if len(ours) > 1:
        raise Usage(f"{' and '.join(ours)} are both for {analyte.name}; choose one of them")
    others = set(names).difference(ours)
    for name in sorted(others and others.difference(*(catalogue[id].range_sets for id in catalogue.ids))):
        error = unknown_range_set(name, among or [analyte])
        raise UnknownRangeSet(f"{RANGE_SET if asked is None else '--range-set'}: {error.text}")
    if ours:
        return ours[0]
    return None if asked is None else names[0]
