"""HL7 v2 messages -> observations: one for each OBX segment, as the segments come in.

The library `hl7` takes a segment apart, each on its own with its message's separators: given whole messages,
it would need all of a file in memory. Only the results of an order wait for its end, as their specimen (SPM)
can stand behind them. Where a message is framed (MLLP) or stands in a batch (FHS, BHS), what must follow it
is missed if it does not come: a file that was cut off looks whole otherwise.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from labcheck.errors import LabcheckError, Malformed, Usage
from labcheck.sources.fields import (
    decimal_mark,
    first,
    flags_of,
    identity,
    specimen_of,
    unit_of,
    value_of,
    whole,
)
from labcheck.sources.files import Read, decoder
from labcheck.sources.observations import Observation
from labcheck.sources.remarks import casts_doubt
from labcheck.sources.segments import (
    END_OF_BLOCK,
    INSIDE,
    LONGEST,
    MSH,
    OBX_INSIDE,
    START_OF_BLOCK,
    TYPES,
    Segment,
    damaged,
    segments,
)
from labcheck.sources.status import Status, doubted
from labcheck.specimens import is_blood
from labcheck.wording import clipped, installs, quote

if TYPE_CHECKING:
    import hl7

_STATUSES: Mapping[str, Status] = MappingProxyType({  # HL7 table 0085
    **dict.fromkeys(("F", "U", "V", "B"), Status.FINAL),
    **dict.fromkeys(("P", "R", "S"), Status.PRELIMINARY),
    **dict.fromkeys(("C", "A"), Status.CORRECTED),
    **dict.fromkeys(("D", "W"), Status.WITHDRAWN),
    **dict.fromkeys(("I", "N", "O", "X"), Status.ABSENT),
    "": Status.UNKNOWN,
})  # fmt: skip
_ORDER_STATUSES: Mapping[str, Status] = MappingProxyType({  # HL7 table 0123
    "F": Status.FINAL,
    **dict.fromkeys(("P", "R", "M"), Status.PRELIMINARY),
    "C": Status.CORRECTED,
    **dict.fromkeys(("O", "I", "S", "N", "X", "CA", "DC"), Status.ABSENT),
})  # fmt: skip
"""What an order says in OBR-25, or for it ORC-5 in the codes of table 0038 that tell more."""

_CANCELS = MappingProxyType({
    **dict.fromkeys(("CA", "OC", "CR"), "CA"),
    **dict.fromkeys(("DC", "OD", "DR"), "DC"),
})  # fmt: skip
"""What ORC-1 says of an order that was cancelled or discontinued (HL7 table 0119), as ORC-5 would (0038)."""

_CANCELLED = frozenset(("X", *_CANCELS.values()))
"""What OBR-25 says of one, or ORC-5."""

_NOT_IN_USE = MappingProxyType({"T": "training", "D": "debugging"})
"""What a message is for that is of no patient, by MSH-11 (HL7 table 0103)."""

_OF_NO_PATIENT = frozenset(("B", "C", "E", "F", "O", "Q", "V", "QC", "QUALITY", "CONTROL", "CALIBRATOR"))
"""The roles of a specimen that was examined to watch over the assay (HL7 table 0369), and words for them."""

_BEGIN_ORDERS = frozenset((b"ORC", b"OBR"))
_BEGIN_OTHERS = frozenset((b"MSH", b"PID", b"FHS", b"BHS", b"FTS", b"BTS", START_OF_BLOCK, END_OF_BLOCK))
"""Before one of these, all has come that is said of the results of orders; before the former, of one."""

_MOST_WAITING = 1_000
"""Of an order with more results, the first ones do not wait for a specimen behind the others."""

_OWN_OBX = re.compile(rb"[^0-9A-Za-z]{0,8}OBX")


def observations(read: Read, *, encoding: str | None = None) -> Iterator[Observation]:
    """Yield each OBX segment as an observation, and whatever cannot be read with its place, in order.

    Without an `encoding` MSH-18 names it; where it names none, a segment is UTF-8 or else Windows-1252.
    Raises Usage where the library is missing or the encoding unknown.
    """
    try:
        import hl7  # noqa: F401  # whether it is there, before anything is read
    except ImportError as error:
        raise Usage(f"HL7 messages need the library hl7: {installs('hl7')}") from error
    feed = _Feed(decoder(encoding) if encoding else None)
    for segment in segments(read):
        yield from feed.take(segment)
    yield from feed.end()


class _Order(NamedTuple):
    """What an order says of its results: the date, the status, the specimen, its name in words and codes.

    `remark` is a remark (NTE) that they may not stand.
    """

    date: str = ""
    status: str = ""
    specimen: str = ""
    names: tuple[str, ...] = ()
    remark: str = ""


class _Feed:
    """How far the stream has been read: which message, which OBX, and what of the message holds for it."""

    def __init__(self, decode: Callable[[bytes], str] | None) -> None:
        """Take what decodes every message, if the messages are not to say so themselves."""
        self._given = decode
        self._decode = decode or decoder(None)
        self._head: str | None = None  # of the message that is being read, if it is one
        self._said = False  # that what is being read is none
        self._message = self._obx = 0
        self._purpose = ""  # of the message, if that is none of a laboratory's everyday work
        self._patient = ""
        self._order = _Order()
        self._control = ""  # what ORC says of the order behind it: that it was cancelled, or nothing
        self._group_specimen: str | None = None  # of the orders behind it, if they have one of their own
        self._ordered = False  # whether an order of the message has come
        self._is_before_order = False  # whether what came last was a specimen of orders behind it
        self._waiting: list[Observation] = []  # results of an order that has not come to its end
        self._went_early = False  # whether some of them no longer wait
        self._tests: dict[str, tuple[object, ...]] = {}  # what those are of, by their places
        self._remarks_on = b""  # the segment that a remark (NTE) is on
        self._framed = False
        self._trailers: list[bytes] = []  # that are still to come
        self._batches = self._before_batch = 0  # so many in the file, so many messages before the last one

    def take(self, segment: Segment) -> Iterator[Observation]:
        """Yield what is complete with this segment."""
        id = segment.text[:3]
        broken = damaged(segment.text, (self._head or "")[3:4].encode())
        if not _BEGIN_ORDERS.isdisjoint((id, broken)):
            yield from self._released()
        elif not _BEGIN_OTHERS.isdisjoint((id, broken)):
            yield from self._finished()
        brought = list(self._take_all(segment, broken))  # a specimen brings those again that waited for it
        if id == b"OBX" and brought and brought[0].status in (Status.CORRECTED, Status.WITHDRAWN):
            self._waiting = [self._before(brought[0], one) for one in self._waiting]
        self._remarks_on = self._remarks_on if id == b"NTE" else id
        self._waiting += brought
        if not self._head or len(self._waiting) > _MOST_WAITING:
            released, self._went_early = self._released(), True
            yield from released

    def _before(self, later: Observation, one: Observation) -> Observation:
        """Return a result that waits, with what a `later` one that corrects or withdraws it says of it."""
        if one.place not in self._tests or self._tests[one.place] != self._tests.get(later.place):
            return one
        return _doubted(one, f"before one with {later.status_text}")

    def _take_remark(self, text: str) -> None:
        """Take a remark on the result or the order before it."""
        if not casts_doubt(text):
            return
        said = f"with the remark {clipped(text)}"
        if self._remarks_on == b"OBR":
            self._order = self._order._replace(remark=said)
        elif self._remarks_on == b"OBX" and self._waiting:
            self._waiting[-1] = _doubted(self._waiting[-1], said)

    def _begin_patient(self) -> None:
        """Forget what was said of another patient's results."""
        self._patient = self._control = ""
        self._order = _Order()
        self._group_specimen = None
        self._ordered = self._is_before_order = False

    def _released(self) -> list[Observation]:
        """Return what has waited, and wait for nothing more."""
        released, self._waiting, self._tests = self._waiting, [], {}
        self._went_early = False
        return released

    def _finished(self) -> Iterator[Observation]:
        """Yield what has waited, behind which no order comes any more that a specimen could be of."""
        yield from self._released()
        if self._ordered and self._is_before_order and not is_blood(said := self._group_specimen or ""):
            yield self._unread_specimen(f"has no order behind it: {quote(said)}")
        self._is_before_order = False

    def _take_all(self, segment: Segment, broken: bytes) -> Iterator[Observation]:
        """Yield what a segment brings, and what was lost in it."""
        yield from self._take_begin(segment, broken)
        separator = (self._head or "")[3:4].encode()
        own = _OWN_OBX.match(segment.text)
        for found in OBX_INSIDE.finditer(segment.text, own.end() if own else 3) if self._head else ():
            if found[1] != separator:
                continue
            problem = Malformed("its OBX segment begins in the middle of another one, whose end was lost")
            yield Observation(self._next_obx(), problem=problem)
        for found in INSIDE.finditer(segment.text, 3) if self._head else ():
            if found[2] == separator:
                yield from self._lost(found[1], "begins in the middle of another segment, whose end was lost")

    def _lost(self, id: bytes, why: str) -> Iterator[Observation]:
        """Forget what one of these segments would have replaced, and say what may follow from that."""
        if id == b"SPM":
            yield self._unread_specimen(why)
        elif id == b"OBR":
            self._order = _Order(specimen=self._group_specimen or "")
            self._control = ""
            said = f"an order (OBR) {why}: results behind it may not be of blood, or may be cancelled"
            yield Observation(f"message {self._message}", problem=Malformed(said))
        else:
            self._patient = ""

    def _unread_specimen(self, why: str) -> Observation:
        """Return that a specimen cannot be read, or is of no order; none that came before holds any more."""
        self._order = self._order._replace(specimen="")
        self._group_specimen = None if self._group_specimen is None else ""
        return self._lost_specimen(why)

    def _lost_specimen(self, why: str) -> Observation:
        """Return that a specimen is not known to be of any results, and may be of some."""
        said = f"a specimen (SPM) {why}: results in this message may be of it, and not of blood"
        return Observation(f"message {self._message}", problem=Malformed(said))

    def _next_obx(self) -> str:
        """Go on to the next OBX, and return its place."""
        self._obx += 1
        return f"message {self._message}, OBX {self._obx}"

    def _take_begin(self, segment: Segment, broken: bytes) -> Iterator[Observation]:
        """Take a segment as what it begins with, or as the one that is `broken` in it."""
        id = segment.text[:3]
        if b"MSH" in (id, broken):
            yield from self._begin(segment.text)
        elif id in (b"FHS", b"BHS", b"FTS", b"BTS", START_OF_BLOCK, END_OF_BLOCK):
            yield from self._enclose(segment.text)
        elif self._head is None:
            if not self._said:
                self._said = True
                wide = b"M\0S\0H" in segment.text[:8]
                why = "it is UTF-16 text; convert it to UTF-8" if wide else "it has no MSH segment"
                problem = Malformed(f"this is no HL7 message: {why}")
                yield Observation(self._between(), problem=problem)
        elif broken:
            yield from self._take_broken(segment, broken)
        elif id == b"OBX":
            yield self._observation(segment, self._next_obx())
        elif id == b"SPM":
            spm = self._parse(segment.text, 24)
            roles = re.split(r"\W+", specimen_of(spm, 11).upper())
            more = [specimen_of(spm, 5), specimen_of(spm, 24)]  # its modifier and its condition
            role = [] if _OF_NO_PATIENT.isdisjoint(roles) else ["quality control"]
            reason = ["rejected"] if first(spm, 21) else []
            yield from self._take_specimen(
                ", ".join(filter(None, [specimen_of(spm, 4), *more, *role, *reason]))
            )
        else:
            self._take_context(segment, id)

    def _take_context(self, segment: Segment, id: bytes) -> None:
        """Take what is said of the results behind it: whose they are, and what was ordered."""
        if id == b"NTE":
            self._take_remark(whole(self._parse(segment.text, 3), 3))
        elif id == b"PID":
            self._begin_patient()
            person = self._parse(segment.text, 3)
            self._patient = first(person, 3) or first(person, 2)
        elif id == b"ORC":
            control = self._parse(segment.text, 5)
            said = first(control, 5).upper()
            self._control = _CANCELS.get(first(control, 1).upper(), said if said in _CANCELS.values() else "")
        elif id == b"OBR":
            order = self._parse(segment.text, 25)
            self._ordered, self._is_before_order = True, False
            specimen = specimen_of(order, 15) or self._group_specimen or ""
            names = tuple(chain.from_iterable(identity(order, 4)))
            self._order = _Order(first(order, 7), self._control or first(order, 25), specimen, names)
            self._control = ""

    def _take_specimen(self, said: str) -> Iterator[Observation]:
        """Take a specimen, and yield the results again that it is of.

        One before all orders is of those behind it, up to the next one, as well as of results without an
        order. Any other is of the order before it. Several of the same orders are all of them.
        """
        is_behind = self._ordered and self._group_specimen is None
        others = self._order.specimen if is_behind or self._is_before_order else ""
        specimen = ", ".join(dict.fromkeys(filter(None, (others, said))))
        self._order = self._order._replace(specimen=specimen)
        if is_behind and self._went_early:
            yield self._lost_specimen(f"stands behind more than {_MOST_WAITING:,} results of an order")
        if is_behind or not self._ordered:
            yield from (replace(one, specimen=specimen or None) for one in self._released())
        if not is_behind:
            self._group_specimen, self._is_before_order = specimen, True

    def _take_broken(self, segment: Segment, id: bytes) -> Iterator[Observation]:
        """Take a damaged segment: what it said is unknown, and what an earlier one said no longer holds."""
        if id == b"OBX":
            begins = quote(segment.text[:6].decode("latin-1"))
            problem = Malformed(f"its OBX segment begins with {begins}, and cannot be read")
            yield Observation(self._next_obx(), problem=problem)
        else:
            yield from self._lost(id, "is damaged")

    def end(self) -> Iterator[Observation]:
        """Yield what has waited, and what is missed when nothing more comes."""
        yield from self._finished()
        if self._framed:
            yield self._unended()
        for trailer in self._trailers:
            problem = Malformed(f"the batch has no {trailer.decode()} segment; it may have been cut off")
            yield Observation("at the end", problem=problem)

    def _enclose(self, text: bytes) -> Iterator[Observation]:
        """Take what stands around messages; none goes on behind it."""
        id = text[:3]
        if id in (START_OF_BLOCK, END_OF_BLOCK):
            if self._framed and id == START_OF_BLOCK:
                yield self._unended()
            self._framed = id == START_OF_BLOCK
        elif id in self._trailers:
            self._trailers.remove(id)
            yield from self._count(id, text)
        elif id[1:] == b"HS":
            self._trailers.append(id[:1] + b"TS")
            self._batches = 0 if id == b"FHS" else self._batches + 1
            self._before_batch = self._message
        self._head, self._said = None, False

    def _count(self, id: bytes, text: bytes) -> Iterator[Observation]:
        """Yield what is missed where the end of a batch or a file counts more or less than there is."""
        of_file = id == b"FTS"
        there = self._batches if of_file else self._message - self._before_batch
        said = text[4:].split(text[3:4])[0].strip()
        if said.isdigit() and int(said) != there and (there or not of_file):  # a file need not have batches
            noun = "batches" if of_file else "messages"
            problem = Malformed(f"its {id.decode()} counts {int(said)} {noun}, and there are {there}")
            yield Observation(self._between(), problem=problem)

    def _unended(self) -> Observation:
        place = f"message {self._message}" if self._head else self._between()
        return Observation(place, problem=Malformed("the message has no end; it may have been cut off"))

    def _between(self) -> str:
        return f"after message {self._message}" if self._message else "before message 1"

    def _begin(self, text: bytes) -> Iterator[Observation]:
        self._message += 1
        self._obx = 0
        self._begin_patient()
        found = MSH.match(text)
        if found is None or len(set(found[2])) < len(found[2]):
            self._head, self._said = None, True
            begins = quote(text[:9].decode("latin-1"))
            problem = Malformed(f"its MSH segment begins with {begins} rather than as in 'MSH|^~\\&|'")
            yield Observation(f"message {self._message}", problem=problem)
            return
        self._head = (found[0] if found[0].endswith(found[1]) else found[0] + found[1]).decode()
        self._decode = self._given or decoder(None)
        head = self._parse(text, 18)
        self._purpose = _NOT_IN_USE.get(first(head, 11).upper(), "")
        if not self._given:
            self._decode = decoder(_encoding(first(head, 18)))

    def _parse(self, text: bytes, fields: int) -> "hl7.Segment":
        """Take the first fields of a segment apart, by its message's separators; each takes its time."""
        from hl7 import parse

        separator = (self._head or "")[3]
        wanted = separator.join(self._decode(text).split(separator)[: fields + 1])
        return parse(f"{self._head}\r{wanted}")[1]

    def _observation(self, segment: Segment, place: str) -> Observation:
        obx = self._parse(segment.text, 14)
        kind, status_text = first(obx, 2).upper(), first(obx, 11)
        if segment.cut and not status_text:  # any field can be half of one, the test's name as well
            problem = Malformed("the segment ends in the middle; it may have been cut off")
            return Observation(place, problem=problem)
        names, loinc, local = identity(obx, 3)
        if not (names or loinc or local) and whole(obx, 5):
            problem = Malformed("it has no identifier (OBX-3) that says what was observed")
            return Observation(place, problem=problem)
        if not kind and not names and local[:1] and local[0].upper() in TYPES:
            problem = Malformed(f"its identifier (OBX-3) is the type {quote(local[0])}: a field is amiss")
            return Observation(place, problem=problem)
        status, said = self._status(status_text)
        self._tests[place] = (names, loinc, local, first(obx, 4))
        known = Observation(
            place,
            names=names,
            loinc=loinc,
            local=local,
            groups=self._order.names,
            value=whole(obx, 5),
            unit=whole(obx, 6) or None,
            range=whole(obx, 7) or None,
            flags=flags_of(obx),
            status=status,
            status_text=said,
            date=first(obx, 14) or self._order.date or None,
            specimen=self._order.specimen or None,
            patient=self._patient or None,
        )
        try:
            if segment.too_long:
                raise Malformed(f"the segment is longer than {LONGEST >> 10} KB")
            if status_text.upper() not in _STATUSES:
                raise Malformed(f"its status {quote(status_text)} (OBX-11) is none that HL7 knows")
            value = value_of(obx, kind)
            unit = unit_of(obx)
        except LabcheckError as problem:
            return replace(known, problem=problem)
        return replace(known, value=value, unit=unit, decimal=decimal_mark(kind, value))

    def _status(self, text: str) -> tuple[Status, str]:
        """Return the status of a result, or failing that of its order, and what it was read from.

        Of a result that stands, of an order that was cancelled or in a message for training, it is not known.
        """
        of_order, doubts = self._order.status, []
        if text:
            status, said = _STATUSES.get(text.upper(), Status.UNKNOWN), text
            doubts += [f"of an order with {of_order}"] if of_order.upper() in _CANCELLED else []
        else:
            status, said = _ORDER_STATUSES.get(of_order.upper(), Status.UNKNOWN), of_order
        doubts += [f"of a message for {self._purpose}"] if self._purpose else []
        return doubted(status, said, [*doubts, self._order.remark])


def _doubted(observation: Observation, doubt: str) -> Observation:
    """Return an observation with what is said against it behind it."""
    status, text = doubted(observation.status, observation.status_text, [doubt])
    return replace(observation, status=status, status_text=text)


def _encoding(name: str) -> str | None:
    """Return Python's name of an encoding of HL7 table 0211, or None."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    if plain in ("UNICODEUTF8", "UTF8", "UNICODE"):
        return "utf-8"
    if match := re.fullmatch(r"(?:ISO)?8859(1[013-6]|[1-9])?", plain):
        return f"iso8859-{match[1] or 1}"
    if match := re.fullmatch(r"(?:WINDOWS|CP)?(125[0-8])", plain):
        return f"cp{match[1]}"
    return {"GB180302000": "gb18030", "BIG5": "big5", "KSX1001": "euc_kr", "ISOIR87": "iso2022_jp"}.get(plain)
