"""What the columns that are known say in a row, beside a cell that nothing reads."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from labcheck.errors import LabcheckError
from labcheck.flags import off_scale
from labcheck.identify import Identifier
from labcheck.model import Analyte
from labcheck.reading import is_blank
from labcheck.sources.hints import as_copy, unit_in
from labcheck.sources.layout import Layout, Measured
from labcheck.sources.roles import Role
from labcheck.sources.rows import OPERATORS
from labcheck.sources.status import Status, read_status
from labcheck.specimens import is_blood, is_other, is_surely_other
from labcheck.units import are_same, read_unit


class Known:
    """The columns that are read of a table's rows."""

    def __init__(self, layout: Layout, units: Collection[str], identifier: Identifier) -> None:
        """Take the `units`, as their codes, that rows without one are taken to be in."""
        self._layout = layout
        self._units = units
        self._identifier = identifier
        self._one = layout.results[0].analyte if len(layout.results) == 1 else None
        self._settle: Mapping[Role, Callable[[Measured, Sequence[str], str], bool]] = {
            "comparator": self._says_off_scale,
            "flag": self._says_off_scale,
            "status": self._does_not_stand,
            "specimen": self._names_a_specimen,
            "component": self._names_another,
            "unit": self._has_a_unit,
            "loinc": self._has_a_code,
        }

    def values(self, cells: Sequence[str]) -> Iterator[str]:
        """Yield what stands where results are due."""
        for one in self._layout.results:
            if one.columns["value"] < len(cells):
                yield cells[one.columns["value"]]

    def comparators(self, cells: Sequence[str]) -> list[str | None]:
        """Return what the columns of comparators say; None is for what is none."""
        columns = [one.columns["comparator"] for one in self._layout.results if "comparator" in one.columns]
        return [OPERATORS.get(cells[column].strip().upper()) for column in columns if column < len(cells)]

    def covers(self, cells: Sequence[str]) -> bool:
        """Say whether a row has a result of a test that is judged, or that is refused."""
        if self._layout.wide:
            return any(value.strip() for value in self.values(cells))
        test, loinc = self._names(cells)
        if not test and not loinc:
            return self._layout.results[0].analyte is not None
        try:
            return self._identifier.identify(test, loinc) is not None
        except LabcheckError:
            return True

    def unnamed(self, cells: Sequence[str]) -> Analyte | None:
        """Return the analyte of a row that does not name it; none if it can be of several."""
        is_named = self._one is not None and not self._layout.wide and any(self._name_cells(cells))
        return None if is_named else self._one

    def analyte_of(self, cells: Sequence[str]) -> Analyte | None:
        """Return the analyte of a row, by its name if it has one; none if it has results of several."""
        test, loinc = ("", "") if self._layout.wide else self._names(cells)
        if not test and not loinc:
            return self._one
        with suppress(LabcheckError):
            named = self._identifier.identify(test, loinc)
            return named and named.analyte
        return None

    def says_blood(self, cells: Sequence[str]) -> bool:
        """Say whether a specimen is named, and is blood."""
        specimens = (cell_of(cells, one.columns.get("specimen")) for one in self._layout.results)
        return any(specimen and is_blood(specimen) for specimen in specimens)

    def settles(self, role: Role, cells: Sequence[str], said: str, results: Sequence[Measured]) -> bool:
        """Say whether a row says of one of its `results` what `said`, elsewhere, can say in such a role.

        It does, too, where the row is refused or has none of them, and where something else is certain.
        """
        settle = self._settle.get(role)
        present = [one for one in results if cell_of(cells, one.columns["value"]) or not self._layout.wide]
        return not present or (settle is not None and any(settle(one, cells, said) for one in present))

    def _names(self, cells: Sequence[str]) -> tuple[str, str]:
        return self._identifier.told_apart(*self._name_cells(cells))

    def _name_cells(self, cells: Sequence[str]) -> tuple[str, str]:
        columns = self._layout.results[0].columns
        return cell_of(cells, columns.get("test")), cell_of(cells, columns.get("loinc"))

    def _says_off_scale(self, one: Measured, cells: Sequence[str], _: str) -> bool:
        value, sign, flag = (
            cell_of(cells, one.columns.get(role)) for role in ("value", "comparator", "flag")
        )
        return OPERATORS.get(sign.upper()) != "" or bool(as_copy(value)[0] or off_scale([flag]))

    def _does_not_stand(self, one: Measured, cells: Sequence[str], _: str) -> bool:
        status = cell_of(cells, one.columns.get("status"))
        return read_status(status) in (Status.ABSENT, Status.WITHDRAWN)

    def _names_a_specimen(self, one: Measured, cells: Sequence[str], _: str) -> bool:
        specimen = cell_of(cells, one.columns.get("specimen"))
        return is_surely_other(specimen) or is_other(specimen)

    def _names_another(self, one: Measured, cells: Sequence[str], _: str) -> bool:
        component = cell_of(cells, one.columns.get("component"))
        test, loinc = ("", "") if self._layout.wide else self._names(cells)
        try:
            self._identifier.identify(test, loinc)
        except LabcheckError:
            return True
        return self._identifier.is_another_of_ours(component)

    def _has_a_unit(self, one: Measured, cells: Sequence[str], said: str) -> bool:
        """Say whether a row's column of units has one, or what `said` names would be taken for lack of one.

        Where none would be taken, the row is refused.
        """
        if "unit" not in one.columns:
            return False
        if not is_blank(cell_of(cells, one.columns["unit"])):
            return True
        named = read_unit(unit_in(said) or "")
        return all(are_same(named, read_unit(unit)) for unit in self._units)

    def _has_a_code(self, one: Measured, cells: Sequence[str], _: str) -> bool:
        return cell_of(cells, one.columns.get("loinc")) != ""


def cell_of(cells: Sequence[str], number: int | None) -> str:
    """Return what stands in a column, without the blanks around it; nothing where there is none."""
    return cells[number].strip() if number is not None and number < len(cells) else ""
