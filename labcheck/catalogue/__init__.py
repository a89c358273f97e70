"""The knowledge, as data: one TOML file an analyte. The top of vitd.toml says what the keys mean.

Adding an analyte is adding a file: its command, its page and its units follow from it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from labcheck.catalogue.loader import load
from labcheck.errors import BadCatalogue, UnknownAnalyte, did_you_mean, quote
from labcheck.model import Analyte

_BUILT_IN = Path(__file__).parent


class Catalogue:
    """The analytes by id: the built-in ones, and those of a user's files, which come first.

    A built-in file is read when its analyte is first asked for, a user's at once.
    """

    def __init__(self, files: Iterable[Path] = ()) -> None:
        """Read `files`; raise BadCatalogue where one cannot be used or two describe the same analyte."""
        self._analytes: dict[str, Analyte] = {}
        for file in files:
            analyte = load(file)
            if analyte.id in self._analytes:
                raise BadCatalogue(f"{file}: id: an earlier file already describes {quote(analyte.id)}")
            self._analytes[analyte.id] = analyte
        built_in = {file.stem: file for file in sorted(_BUILT_IN.glob("*.toml"))}
        self._files = {id: file for id, file in built_in.items() if id not in self._analytes}
        self.ids = (*self._files, *self._analytes)

    def __getitem__(self, id: str) -> Analyte:
        if id in self._files:
            self._analytes[id] = load(self._files.pop(id))
        try:
            return self._analytes[id]
        except KeyError:
            hint = did_you_mean(id, list(self.ids)) or f" - known are {', '.join(self.ids)}"
            raise UnknownAnalyte(f"no analyte is called {quote(id)}{hint}") from None


@cache
def built_in() -> Catalogue:
    """Return the catalogue that comes with labcheck, made once."""
    return Catalogue()
