"""One role of a table's columns -> the column that has it: as it is asked for, or by what it is called."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, get_args

from labcheck.errors import Usage
from labcheck.sources.headers import in_parts
from labcheck.sources.layout import RANGES
from labcheck.wording import clipped, folded, quote

_LISTED = 240
"""Names are listed up to so many characters."""

Role = Literal[
    "test",
    "component",
    "loinc",
    "specimen",
    "value",
    "unit",
    "comparator",
    "range",
    "low",
    "high",
    "flag",
    "status",
]
ROLES: tuple[Role, ...] = get_args(Role)

# How headers call a column, normalised; a name of an earlier line outweighs those of a later one.
_NAMES: dict[str, tuple[str, ...]] = {
    "test": (
        """test test_name testname lab_test labtest marker marker_name analyte analyte_name biomarker
        parameter analyt untersuchung messgrosse analyse parametre prueba analito determinacion parametro
        lbtest labname""",
        """name marker_label component component_name observation test_description concept_name exam examen
        bezeichnung""",
        "marker_key measurement_source_value name_char",
        "display code_display code_text description event_cd_disp label lbtestcd",
        "code",  # of tests, or LOINC codes; beside a name of an earlier line it has LOINC codes
        "test_code lab_code labcode analyte_code observation_code obs_code measurement_code",
        """bepaling onderzoek esame badanie undersogelse analys exame libelle analisis
        measurement_concept_name param""",
    ),
    # Another name beside the test's, which can contradict it. Not `name`: beside a test's that is a person's.
    "component": (
        "component component_name",
        "observation observation_name test_description concept_name exam examen bezeichnung marker_label",
        "description display code_display code_text event_cd_disp",
    ),
    "loinc": (
        """loinc loinc_code loinc_num loinc_cd loinc_id loinc_number code_loinc lab_loinc lab_loinc_code
        lbloinc""",
        "concept_code",
        "code",
        "test_code lab_code labcode analyte_code observation_code obs_code measurement_code",
        "order_loinc test_loinc loinccode loinc_nr loinc_nummer codigo_loinc",
    ),
    "specimen": (
        """specimen specimen_type specimen_description sample_type sample_material
        specimen_name spec_type lbspec probenmaterial probenart provmaterial nature_du_prelevement
        tipo_de_muestra sampletype specimentype sample_matrix specimen_matrix""",
        "specimen_source",
        "material fluid matrix materiaal materiale muestra campione echantillon prelevement",
    ),
    "value": (
        """value result result_value test_result lab_value wert ergebnis messwert resultat valeur resultado
        valor ord_value result_val valuequantity_value current_result current_result_and_flag lborres
        labresult""",
        "value_as_number valuenum numeric_value observation_value conc concentration",
        "value_source_value",
        "result_num nval_num",
        "uitslag resultaat risultato wynik",
    ),
    "unit": (
        """unit units uom unit_of_measurement units_of_measurement measurement_unit measure_unit
        unit_name unit_text unit_code uom_code ucum result_uom lab_unit test_unit reported_units einh
        value_uom valueuom unit_of_measure units_of_measure result_unit result_units
        value_unit value_units original_unit original_units einheit einheiten masseinheit unite unites
        unite_de_mesure unidad unidades unidad_de_medida unidade unita unita_di_misura eenheid jednostka
        enhet lborresu""",
        """unit_source_value result_units_cd_disp result_units_disp reference_unit valuequantity_unit
        labmeasurenamesystem""",
        "labmeasurenameinterface units_cd enhed unit_concept_name",
    ),
    "comparator": (
        """comparator operator operator_name operator_source_value operator_concept_id qualifier
        value_comparator value_operator value_qualifier value_modifier value_prefix value_sign
        result_comparator result_operator result_qualifier result_modifier result_prefix result_sign
        valuequantity_comparator""",
        "relation modifier sign tval_char",
    ),
    "range": (
        """reference_range referencerange ref_range reference normal_range reference_interval referenzbereich
        normbereich referenzwerte valeurs_de_reference valeurs_usuelles intervalle_de_reference
        rango_de_referencia valores_de_referencia intervalo_de_referencia""",
        "range reference_text reference_range_text ref_normal_vals",
        """refrange ref_interval ref_bereich ref_werte ref_limits reference_limits reference_value
        reference_values reference_ranges ref_ranges normal_value normal_values normal_limits
        biological_reference_interval biological_reference_range biological_ref_interval
        biological_ref_range bio_ref_interval bio_ref_range normalwerte referentiewaarden
        referentiewaarde referentie_interval""",
        """norm normwert normwerte referenz referenzwert referenzintervall norme normes valeurs_normales
        valeur_de_reference rango rango_normal valores_normales valor_de_referencia standard_range lab_range
        valori_di_riferimento valore_di_riferimento norma""",
        "ref",
    ),
    "low": (
        """low reference_low ref_low range_low reference_range_low ref_range_lower lower_limit low_limit
        lbornrlo untergrenze untere_grenze borne_inferieure limite_inferior""",
        """norm_von normwert_von referenz_von referenzbereich_von ref_von unterer_grenzwert borne_inf
        limite_inferieure limite_inf lim_inf normal_low range_min reference_min ref_min""",
        """lln ref_range_low range_lower ref_lo ref_lower reference_lo reference_lower reference_range_lower
        lowerlimit lower_reference_limit lower_ref_limit lower_normal_limit anrlo""",
        "min minimum minimo valor_minimo",
    ),
    "high": (
        """high reference_high ref_high range_high reference_range_high ref_range_upper upper_limit high_limit
        lbornrhi obergrenze obere_grenze borne_superieure limite_superior""",
        """norm_bis normwert_bis referenz_bis referenzbereich_bis ref_bis oberer_grenzwert borne_sup
        limite_superieure limite_sup lim_sup normal_high range_max reference_max ref_max""",
        """uln ref_range_high range_upper ref_hi ref_upper reference_hi reference_upper reference_range_upper
        upperlimit upper_reference_limit upper_ref_limit upper_normal_limit anrhi""",
        "max maximum maximo valor_maximo",
    ),
    # Not `status`: that is as often F for final, A for amended or N for new.
    "flag": (
        "flag flags abnormal_flag abnormal_flags result_flag lab_flag flag_code abnormal lbnrind",
        "interpretation interpretation_code result_interpretation normalcy_disp valueflag_cd",
        "abn h_l hl l_h high_low low_high hi_lo abnormality kennzeichen kennz bewertung vlag anrind",
    ),
    "status": (
        """result_status resultstatus test_status observation_status befundstatus ergebnisstatus
        statut_du_resultat estado_del_resultado result_status_disp lbstat""",
        "status statut estado",
    ),
}
_IN_A_UNIT = frozenset({"value", *RANGES})
"""The roles of columns with numbers, behind whose name their unit may stand: `Result (ng/mL)`."""

OPTIONS = {
    "test": "--test",
    "component": "--component",
    "loinc": "--loinc",
    "specimen": "--specimen",
    "value": "--value",
    "unit": "--unit-column",
    "comparator": "--comparator",
    "range": "--range-column",
    "low": "--low",
    "high": "--high",
    "flag": "--flag",
    "status": "--status",
}


def names_of(role: Role) -> list[str]:
    """Return all that columns of a role are called, normalised; the longest come first, as they tell most."""
    return sorted(" ".join(_NAMES[role]).split(), key=lambda name: (-len(name), name))


def by_role(header: Sequence[str], asked: Mapping[str, str], roles: Sequence[Role]) -> dict[str, int]:
    """Return the columns that are `asked` for, and those of other `roles` that are found among the others."""
    columns: dict[str, int] = {
        role: number_of(name, header, OPTIONS[role]) for role, name in asked.items() if name
    }
    called = list(map(normalised, header))
    for role in roles:
        if role not in asked and (number := _found(role, header, called, columns.values())) is not None:
            columns[role] = number
    return columns


def listed(header: Sequence[str]) -> str:
    """Tell a table's columns, for a message."""
    return f"the columns are {some(header)}"


def some(names: Sequence[str]) -> str:
    """List names, as many of them as a message has room for."""
    shown: list[str] = []
    for name in map(clipped, names):
        if sum(len(other) + 2 for other in shown) + len(name) > _LISTED:
            return ", ".join([*shown, f"... ({len(names)} in all)"])
        shown.append(name)
    return ", ".join(shown)


def several_fit(role: str, names: Sequence[str], header: Sequence[str]) -> Usage:
    """Return what is said where the names of several columns are those of one role."""
    return Usage(
        f"more than one column can hold the {role}: {some(names)}; {listed(header)}; say which with "
        f"{OPTIONS[role]}"
    )


def normalised(name: str) -> str:
    """Return a name of a header as `_NAMES` has it: `Test-Name` is `test_name`."""
    return re.sub(r"[^a-z0-9]+", "_", folded(name)).strip("_")


def _found(role: str, header: Sequence[str], called: Sequence[str], taken: Collection[int]) -> int | None:
    """Return the column that holds `role` by its name, which is `called` what it is when normalised.

    Those that are `taken` hold something else.
    """
    others = [number for number in range(len(header)) if number not in taken]
    for names in _NAMES[role]:
        known = names.split()
        fitting = [number for number in others if called[number] in known]
        if not fitting and role in _IN_A_UNIT:
            parts = {number: in_parts(header[number]) for number in others}
            fitting = [number for number, (name, unit) in parts.items() if unit and normalised(name) in known]
            fitting = fitting[:1] if role in RANGES else fitting  # others are the same in other units
        if len(fitting) > 1:
            raise several_fit(role, [header[number] for number in fitting], header)
        if fitting:
            return fitting[0]
    return None


def number_of(name: str, header: Sequence[str], option: str) -> int:
    """Return the column that an option names, by its header or by its number from 1."""
    fitting = [number for number, other in enumerate(header) if other.strip() == name.strip()]
    fitting = fitting or [
        number for number, other in enumerate(header) if normalised(other) == normalised(name) != ""
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and name.isascii() and name.isdigit() and 1 <= int(name) <= len(header):
        return int(name) - 1
    problem = "more than one column is" if fitting else "no column is"
    limit = option in ("--low", "--high", "--range-column") and any(map(str.isdigit, name))
    else_ = "; a range of your own goes into --range, as in vitd=30-100" if limit else ""
    raise Usage(f"{option}: {problem} called {quote(name)}; {listed(header)}; a number will do, too{else_}")
