"""A table's header -> which columns hold what.

A long table has a row a result: the test's name or LOINC code, the value, the unit. A wide one has a column
a test, its unit in the header (`serum_vitamin_d_ng_ml`). What is asked for by name or number is taken; the
rest is found, and where more than one column fits, the reader is told which options settle it.
"""

import re
from collections.abc import Container, Mapping, Sequence

from labcheck.catalogue import Catalogue
from labcheck.errors import LabcheckError, Usage
from labcheck.identify import Identifier
from labcheck.model import Analyte
from labcheck.reading import read_value
from labcheck.sources.beside import BESIDE, Own, own_columns, test_of, with_own, with_what_stands_beside
from labcheck.sources.headers import Header, read_header, resembles, unit_in
from labcheck.sources.layout import Layout, Measured
from labcheck.sources.roles import (
    OPTIONS,
    ROLES,
    by_role,
    listed,
    names_of,
    normalised,
    number_of,
    some,
)
from labcheck.units import read_unit
from labcheck.wording import clipped, printable, quote

_NUMBERED = {  # what has the numbers of another list, which tell a test only with that: what to join
    "measurement_concept_id": "concepts (join their concept_name or concept_code)",
    "itemid": "items (join their label, as --test label, or loinc_code)",
}


def find_layout(
    header: Sequence[str],
    catalogue: Catalogue,
    *,
    asked: Mapping[str, str],
    wide: Sequence[str] = (),
    analyte: str | None = None,
    units: Container[str] = (),
) -> Layout:
    """Find the columns; `asked` are names or numbers by role, `wide` texts as in `vitd=LBXVIDMS:nmol/L`.

    An empty name says that there is no such column. In a wide table a header that is a test's name and no
    more has a column of results, too, if the test is in `units` or there are other columns of results; `wide`
    columns are the only ones.

    Raises Usage where nothing or more than one thing fits.
    """
    long = [role for role in asked if role not in BESIDE]
    if wide and (long or analyte):
        option = OPTIONS[long[0]] if long else "--analyte"
        raise Usage(f"--column says where results stand, and so does {option}; leave one of them out")
    if wide:
        results = _asked_results(wide, header, catalogue)
        own = own_columns(header, asked, catalogue.identifier, results)
        results = with_own(results, header, own, asked)
        beside = by_role(header, asked, BESIDE)
        return Layout(
            _labelled(with_what_stands_beside(results, header, beside, asked, catalogue.identifier)),
            wide=True,
        )
    columns = by_role(header, asked, ROLES)
    asked_for = None if analyte is None else catalogue.identify(analyte)
    only = asked_for and asked_for.analyte
    told = [read_header(name, catalogue.identifier) for name in header]
    if not asked:
        _check_names_columns(header, told)
    named = {number: one for number, one in enumerate(told) if one.test}
    found = [_measured(number, one) for number, one in named.items() if one.unit]
    found = [one for one in found if only in (None, one.analyte)]
    if "value" in columns and (only or "test" in columns or "loinc" in columns):
        _check_long(header, columns, found, asked.get("value"), is_asked=bool(long))
        name, doubt = header[columns["value"]], asked_for and asked_for.doubt
        unit = told[columns["value"]].unit or unit_in(name)
        if only:
            head = told[columns["value"]]
            _check_heads(
                head, only, f"--analyte {quote(analyte or '')}: the header {quote(name)} of its results"
            )
            doubt = doubt or (head.test and head.test.doubt)
        return Layout((Measured(columns, only, unit, doubt),), wide=False)
    if not long:
        own = own_columns(header, asked, catalogue.identifier)
        alone = _named_alone(header, named, found, units, own)
        found += [one for one in alone if only in (None, one.analyte)]
        if found:
            results = with_own(found, header, own, asked)
            results = with_what_stands_beside(results, header, columns, asked, catalogue.identifier)
            return _found_layout(header, told, results, catalogue.identifier, only)
    raise _nothing_fits(header, "a test's name" if "value" in columns else "a value", only)


def _asked_results(wide: Sequence[str], header: Sequence[str], catalogue: Catalogue) -> list[Measured]:
    results = [_asked_wide(text, header, catalogue) for text in wide]
    said = [(one.analyte, one.columns["value"]) for one in results]
    for analyte, number in said:
        if analyte and said.count((analyte, number)) > 1:
            raise Usage(f"--column names {quote(header[number])} twice for {analyte.name}; name it once")
    return results


def _check_long(
    header: Sequence[str],
    columns: Mapping[str, int],
    found: Sequence[Measured],
    value: str | None,
    *,
    is_asked: bool,
) -> None:
    """Raise Usage if these columns of a long table are not certain; `found` are those of a wide one.

    `value` is the name that is asked for; where none is, `is_asked` says whether any other is.
    """
    if len(set(columns.values())) < len(columns):
        twice = [role for role, number in columns.items() if list(columns.values()).count(number) > 1]
        settling = " and ".join(OPTIONS[role] for role in twice)
        raise Usage(f"one column cannot be two things; {listed(header)}; say which with {settling}")
    name = header[columns["value"]]
    if not is_asked:
        _check_one_result(header)
    others = [measured for measured in found if measured.columns["value"] not in columns.values()]
    if others and not is_asked:
        wide_ones = some([header[one.columns["value"]] for one in others])
        raise Usage(
            f"the table can be read by row (value in {clipped(name)}) or by column ({wide_ones}); say which "
            "with --value and --test, or with --column vitd=COLUMN:UNIT"
        )
    if _is_result(name) and name != value:
        raise _no_names(name)


def _check_one_result(header: Sequence[str]) -> None:
    """Raise Usage where rows of a long table hold more than one result: there are `test_2` and `result_2`."""
    columns = {normalised(name): quote(name) for name in header}
    for called, value in columns.items():
        match = re.fullmatch(r"(.+?)(_?[2-9])", called)
        if match and match[1] in names_of("value"):
            tests = (columns.get(f"{test}{match[2]}") for test in names_of("test"))
            if test := next(filter(None, tests), None):
                raise Usage(
                    f"{value} holds a second result of each row; judge one at a time, as with --test {test} "
                    f"--value {value}"
                )


def _check_names_columns(header: Sequence[str], told: Sequence[Header]) -> None:
    """Raise Usage where a header is a row: it has a test's name and a result, each by itself."""
    results = list(filter(_is_result, header))
    if results and any(one.test and not one.unit for one in told):
        raise _no_names(results[0])


def _is_result(name: str) -> bool:
    """Say whether a name is a number, with a unit that is known if it has one."""
    try:
        unit = read_value(name).unit
        return unit is None or bool(read_unit(unit))
    except LabcheckError:
        return False


def _no_names(number: str) -> Usage:
    return Usage(
        f"the first line must name the columns, and has {quote(number)} where the values stand; put a line "
        "of names before it"
    )


def _measured(number: int, told: Header) -> Measured:
    test = told.test
    return Measured({"value": number}, test and test.analyte, told.unit, test and test.doubt)


def _found_layout(
    header: Sequence[str],
    told: Sequence[Header],
    results: Sequence[Measured],
    identifier: Identifier,
    only: Analyte | None,
) -> Layout:
    results = sorted(results, key=lambda one: one.columns["value"])
    taken = {number for one in results for number in one.columns.values()}

    def is_like_one(number: int, name: str, one: Header) -> bool:
        if number in taken or (one.test and only and one.test.analyte is not only):
            return False
        return bool(one.test or one.problem) or resembles(name, identifier)

    alike = tuple(
        name
        for number, (name, one) in enumerate(zip(header, told, strict=True))
        if is_like_one(number, name, one)
    )
    return Layout(_labelled(results), wide=True, look_alikes=alike)


def _named_alone(
    header: Sequence[str],
    named: Mapping[int, Header],
    found: Sequence[Measured],
    units: Container[str],
    own: Own,
) -> list[Measured]:
    """Return the columns that a test's name heads and no unit, of tests that none surely is among `found`.

    Raises Usage if these are all, and none is of a test that has a unit in `units` or a column of its own.
    """
    known = [one.analyte for one in found if one.doubt is None]
    alone = [_measured(number, told) for number, told in named.items() if not told.unit]
    alone = [one for one in alone if one.analyte not in known]
    tests = [one.analyte for one in alone if one.analyte]
    has_units = any(
        one.analyte.id in units or "unit" in own.get(test_of(one), {}) for one in alone if one.analyte
    )
    if tests and not found and not has_units:
        raise Usage(
            f"{quote(header[alone[0].columns['value']])} names a test, but no unit; if results stand in that "
            f"column, give theirs, as in --unit {tests[0].id}={tests[0].unit}; {listed(header)}"
        )
    return alone


def no_ranges(header: Sequence[str], *, wide: bool) -> Usage:
    """Return what is said where rows are to be judged by their own ranges, and no column holds any."""
    instead = "name another set than reported with --range-set, or give a range with --range"
    if wide:
        return Usage(
            "no column is known to hold the ranges of a test's column, as vitd_range or vitd_ref_low and "
            f"vitd_ref_high would; {listed(header)}; {instead}"
        )
    return Usage(
        f"no column is known to hold ranges; {listed(header)}; say which with --range-column, or --low and "
        f"--high, or {instead}"
    )


def _nothing_fits(header: Sequence[str], missing: str, only: Analyte | None) -> Usage:
    numbered = [name for name in header if normalised(name) in _NUMBERED]
    said = f"no column is known to hold {missing}"
    if len(header) == 1 and re.search(r"[,;|\t]", header[0]):
        return Usage(
            f"{said}; {listed(header)}; if that is several, say what stands between them with --delimiter"
        )
    if numbered:
        said += f", and {printable(numbered[0])} has numbers of {_NUMBERED[normalised(numbered[0])]}"
    if only:
        return Usage(f"{said}; {listed(header)}; say which with --value, or --column {only.id}=COLUMN:UNIT")
    return Usage(
        f"{said}; {listed(header)}; say which with --test or --loinc and --value, "
        "with --column vitd=COLUMN:UNIT, or with --analyte and --value for a file of one test"
    )


def _asked_wide(text: str, header: Sequence[str], catalogue: Catalogue) -> Measured:
    id, equals, rest = text.partition("=")
    if not equals:
        raise Usage(f"--column {quote(text)}: type it as in vitd=LBXVIDMS:nmol/L")
    asked_for = catalogue.identify(id)
    analyte = asked_for.analyte
    name, colon, unit = rest.rpartition(":")
    if not colon or rest in header:
        name, unit = rest, ""
    number = number_of(name, header, "--column")
    if _is_result(header[number]) and header[number] != name:
        raise _no_names(header[number])
    name = header[number]
    told = read_header(name, catalogue.identifier)
    found = f"--column {quote(text)}: the header {quote(name)}"
    _check_heads(told, analyte, found)
    spelled = read_unit(unit).code if unit else told.unit
    if told.unit not in (None, spelled):
        raise Usage(f"{found} says {told.unit}; leave the unit out, or correct it there")
    doubt = asked_for.doubt or (told.test and told.test.doubt)
    return Measured({"value": number}, analyte, spelled, doubt)


def _check_heads(told: Header, analyte: Analyte, found: str) -> None:
    """Raise Usage where what heads an analyte's results names another test; `found` says where."""
    if told.problem:
        raise Usage(f"{found} names another test: {told.problem.text}") from told.problem
    if told.test and told.test.analyte is not analyte:
        raise Usage(f"{found} names {told.test.analyte.name}; name the column of {analyte.name}")


def _labelled(found: Sequence[Measured]) -> tuple[Measured, ...]:
    """Give each result the label that its columns bear: `vitd`, and `vitd_2` for a second one."""
    labelled: list[Measured] = []
    for measured in found:
        id = measured.analyte.id if measured.analyte else ""
        earlier = sum(other.analyte is measured.analyte for other in labelled)
        label = f"{id}_{earlier + 1}_" if earlier else f"{id}_"
        labelled.append(measured._replace(label=label))
    return tuple(labelled)
