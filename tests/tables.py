"""A table of results, and how the tests put tables through the program."""

import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st
from typer.testing import CliRunner

from labcheck.cli.app import app
from tests.conftest import Ran

VALUES = st.sampled_from(
    ["22", "29.95", "30", "30.0", "40.01", "<4", "1060", "zz", "", "0", "999999", "22 H"]
)
UNITS = st.sampled_from(["ng/mL", "nmol/L", "pg/mL", "pmol/L", "IU", ""])
ADDED = ",".join(
    f"labcheck_{name}" for name in ("analyte", "value", "unit", "category", "code", "range", "note")
)
OUT = (
    f"id,test,value,unit,{ADDED}\n"
    "1,vitd,22,ng/mL,vitd,22,ng/mL,low,L,30-40 ng/mL,\n"
    "2,b12,<150,pmol/L,b12,<203.3055,pg/mL,indeterminate,IND,200-900 pg/mL,\n"
    "3,Ferritin,5,ng/mL,,,,,,,\n"
)


def piped(data: bytes, *args: str) -> Ran:
    result = CliRunner().invoke(app, ["csv", *args], input=data)
    return Ran(result.stdout_bytes.decode("utf-8", "surrogateescape"), result.stderr, result.exit_code)


def on_a_terminal(*args: str, columns: int = 80) -> str:
    """Run the program with a terminal for its three streams, and return what it shows."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (40, columns))
    environment = {**os.environ, "TERM": "xterm-256color"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    command = [str(Path(sys.executable).with_name("labcheck")), "csv", *args]
    shown = b""
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment):
        os.close(its)
        with suppress(OSError):  # what a terminal says when nobody writes to it any more
            while got := os.read(ours, 1 << 16):
                shown += got
    os.close(ours)
    return shown.decode()
