"""The knowledge, as data: one TOML file an analyte. The top of vitd.toml says what the keys mean.

Adding an analyte is adding a file: its command, its page and its units follow from it.
"""

from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path

from labcheck.catalogue.clash import find_clash
from labcheck.catalogue.loader import load
from labcheck.errors import BadCatalogue, UnknownAnalyte
from labcheck.identify import Identified, Identifier
from labcheck.model import Analyte
from labcheck.wording import did_you_mean, quote

_BUILT_IN = Path(__file__).parent


class Catalogue:
    """The analytes by id: the built-in ones, and those of a user's files, which outrank them.

    A built-in file is read when its analyte is first asked for; a user's at once, and then all are, so that
    none takes another's name unnoticed. `replaced` has the built-in ids that a user's file took.
    """

    def __init__(self, files: Iterable[Path] = ()) -> None:
        """Read `files`; raise BadCatalogue where one cannot be used, or takes a name or code of another."""
        self._analytes: dict[str, Analyte] = {}
        read: dict[str, Path] = {}
        for file in files:
            analyte = load(file)
            if analyte.id in self._analytes:
                raise BadCatalogue(f"{file}: id: an earlier file already describes {quote(analyte.id)}")
            self._analytes[analyte.id] = analyte
            read[analyte.id] = file
        built_in = {file.stem: file for file in sorted(_BUILT_IN.glob("*.toml"))}
        self._files = {id: file for id, file in built_in.items() if id not in self._analytes}
        self.replaced = {id: file for id, file in read.items() if id in built_in}
        self.ids = (*self._files, *self._analytes)
        self._refuse_clashes(read)

    def _refuse_clashes(self, files: dict[str, Path]) -> None:
        """Raise BadCatalogue where one of a user's analytes takes the name or code of one before it."""
        for number, id in enumerate(self.ids):
            if id in files:
                for other in self.ids[:number]:
                    if clash := find_clash(self[id], self[other]):
                        raise BadCatalogue(f"{files[id]}: {clash}")

    def __getitem__(self, name: str) -> Analyte:
        """Return the analyte of that id or, failing that, of that name, as `identify` does."""
        return self.identify(name).analyte

    def identify(self, name: str) -> Identified:
        """Return what an id, or failing that the name of a test (`Cobalamin`, `25-OH vitamin D`), means.

        Raises WrongAnalyte for the name of another test, UnknownAnalyte for any other text.
        """
        if name in self._files and name not in self._analytes:
            self._analytes[name] = load(self._files[name])
        if name in self._analytes:
            return Identified(self._analytes[name], None)
        if meant := self.identifier.identify(name, None):
            return meant
        hint = did_you_mean(name, list(self.ids)) or f" - known are {', '.join(self.ids)}"
        raise UnknownAnalyte(f"no analyte is called {quote(name)}{hint}")

    @property
    def range_set_ids(self) -> list[str]:
        """The ids of all analytes' range sets, once each."""
        return list(dict.fromkeys(set_id for id in self.ids for set_id in self[id].range_sets))

    @cached_property
    def identifier(self) -> Identifier:
        """What tells which of the analytes a document means; it reads all of them."""
        return Identifier(self[id] for id in self.ids)


@cache
def built_in() -> Catalogue:
    """Return the catalogue that comes with labcheck, made once."""
    return Catalogue()
