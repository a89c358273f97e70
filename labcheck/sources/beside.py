"""What stands beside results, in a column of the row's or of one test's own, as `vitd_unit`."""

import re
from collections.abc import Container, Mapping, Sequence

from labcheck.errors import Usage
from labcheck.identify import Identified, Identifier
from labcheck.sources.headers import in_parts, read_header
from labcheck.sources.layout import RANGES, Measured
from labcheck.sources.roles import OPTIONS, Role, names_of, normalised, some
from labcheck.wording import quote

BESIDE: tuple[Role, ...] = ("specimen", "unit", "comparator", "range", "low", "high", "flag", "status")
"""What can stand beside the one result of a row in a wide table, too."""

_DECISIVE = frozenset({"unit", "comparator"})
"""Without which of these a value may mean something else."""

_OF_THE_ROW = frozenset({"specimen", "status"})
"""What is said once for all results of a row."""

_OF_A_RANGE = "ref|range|lim|[lu]ln$|lborn|norm|grenz|borne"
_OWN: Mapping[Role, Sequence[str]] = {
    "specimen": names_of("specimen"),
    "comparator": [*names_of("comparator"), "prefix", "qual", "cmp", "op"],
    "unit": names_of("unit"),
    "range": names_of("range"),
    # `vitd_low` can be a mark as well.
    "low": [name for name in names_of("low") if re.search(_OF_A_RANGE, name)],
    "high": [name for name in names_of("high") if re.search(_OF_A_RANGE, name)],
    "flag": names_of("flag"),
    "status": names_of("status"),
}
"""What a column is called, normalised, that stands beside the results of one test and has its name, too."""


_Test = tuple[str, bool]
"""An analyte's id, and whether the name leaves open which of its parts is meant, as `vitd3` does."""

Own = Mapping[_Test, Mapping[str, int]]
"""Columns by test and role."""


def test_of(one: Measured | Identified) -> _Test:
    """Return what tells the columns of one test from those of another."""
    return one.analyte.id if one.analyte else "", one.doubt is not None


def own_columns(
    header: Sequence[str],
    asked: Mapping[str, str],
    identifier: Identifier,
    results: Sequence[Measured] = (),
) -> Own:
    """Return the columns that stand beside the results of one test by their names, as `vitd_unit` does.

    The name can be that of the column of `results`, too. None is looked for that is `asked` for by name;
    where one is to be none, only those that are certain are taken. Raises Usage where more than one fits.
    """
    called = {normalised(header[one.columns["value"]]): test_of(one) for one in results}
    own: dict[_Test, dict[str, int]] = {}
    several = set[tuple[_Test, str]]()
    sought = {role: names for role, names in _OWN.items() if not asked.get(role)}
    for number, name in enumerate(header):
        before, unit = in_parts(name)
        whole, bare = normalised(name), normalised(before)
        for role, names in sought.items():
            said = without_one(bare if role in RANGES else whole, names)
            test = read_header(said, identifier).test if said else None
            if named := called.get(said or "") or (test and test_of(test)):
                of_test = own.setdefault(named, {})
                if role in of_test and role in RANGES and unit:
                    continue  # the same in another unit
                if role in of_test and role not in asked:
                    raise _several_fit(role, [header[of_test[role]], name])
                several |= {(named, role)} if role in of_test else set()
                of_test[role] = number
    for of, doubtful in several:
        del own[of][doubtful]
    return own


def without_one(name: str, others: Sequence[str]) -> str | None:
    """Return what stands before or behind one of the others in a name: `vitd` of `vitd_unit`."""
    for other in others:
        if name.endswith(f"_{other}"):
            return name.removesuffix(f"_{other}")
        if name.startswith(f"{other}_"):
            return name.removeprefix(f"{other}_")
    return None


def with_own(
    found: Sequence[Measured], header: Sequence[str], own: Own, asked: Mapping[str, str]
) -> list[Measured]:
    """Add to each result the columns of its test's own.

    Raises Usage where a test has several results, and a column that can be of any of them.
    """
    for test, columns in own.items():
        values = [one.columns["value"] for one in found if test_of(one) == test]
        for role in _DECISIVE & columns.keys() - {*asked} if len(values) > 1 else ():
            raise _of_any(role, header[columns[role]], [header[value] for value in values])
    tests = _tests(found)
    return [
        one._replace(columns={**_beside(own.get(test, {}), alone=tests.count(test) == 1), **one.columns})
        for one, test in zip(found, tests, strict=True)
    ]


def _beside(columns: Mapping[str, int], *, alone: bool) -> dict[str, int]:
    """Return those of what stands beside results that hold for one, which may be `alone`."""
    return {role: number for role, number in columns.items() if alone or role in _OF_THE_ROW}


def with_what_stands_beside(
    found: Sequence[Measured],
    header: Sequence[str],
    columns: Mapping[str, int],
    asked: Container[str],
    identifier: Identifier,
) -> list[Measured]:
    """Add to the results of each row the columns of what stands beside them, if that is certain.

    Raises Usage where there are several results, and a column that can be of any of them: one that is `asked`
    for and does not begin with the name of a test, or of units or comparators; and where the one result has
    such a column of its own as well.
    """
    own: dict[_Test, dict[str, int]] = {}
    values = [one.columns["value"] for one in found]
    beside: dict[str, int] = {
        role: columns[role] for role in BESIDE if role in columns and columns[role] not in values
    }
    alone = len(found) == 1
    for role, number in beside.items():
        owns = [one.columns[role] for one in found if one.columns.get(role, number) != number]
        if role in asked and not alone and (test := _begun_by(header[number], identifier)) in _tests(found):
            own.setdefault(test, {})[role] = number
            continue
        if owns and (role in _OF_THE_ROW or (alone and role in _DECISIVE)):
            raise _several_fit(role, [header[number], header[owns[0]]])
        lacking = role in _DECISIVE and not all(role in one.columns for one in found)
        if not alone and role not in _OF_THE_ROW and (role in asked or lacking):
            raise _of_any(role, header[number], [header[value] for value in values])
    whole = _beside(beside, alone=alone)
    return [one._replace(columns={**whole, **own.get(test_of(one), {}), **one.columns}) for one in found]


def _tests(found: Sequence[Measured]) -> list[_Test]:
    return list(map(test_of, found))


def _begun_by(name: str, identifier: Identifier) -> _Test:
    """Return the test that a name begins with, as `vitd_lt`; ("", False) for none."""
    words = normalised(name).split("_")
    begins = ("_".join(words[:number]) for number in range(len(words) - 1, 0, -1))
    tests = (read_header(one, identifier).test for one in begins)
    test = next(filter(None, tests), None)
    return test_of(test) if test else ("", False)


def _several_fit(role: str, names: Sequence[str]) -> Usage:
    return Usage(
        f"more than one column can hold the {role}: {some(names)}; say which with {OPTIONS[role]}, or that "
        f"none does with {OPTIONS[role]} ''"
    )


def _of_any(role: str, name: str, results: Sequence[str]) -> Usage:
    return Usage(
        f"{quote(name)} can hold the {role} of {some(results)}; judge one of them at a time, with --column "
        f"vitd=COLUMN:UNIT, or say that it holds none with {OPTIONS[role]} ''"
    )
