"""How long a command takes from start to end, as a ratio to `python -c pass` of the same environment.

    python tests/benchmarks/startup.py [ROUNDS]

In each round every command runs once, the order turning, so that a machine that slows down slows all of
them; the figure is the median over the rounds of time / time of the bare interpreter. Measure an ordinary
`pip install .`, which compiles the package: an editable one may be compiling at each start.
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

LABCHECK = str(Path(sys.executable).with_name("labcheck"))
BARE = (sys.executable, "-c", "pass")
COMMANDS = {
    "python -c pass": BARE,
    "import typer": (sys.executable, "-c", "import typer"),
    "--version": (LABCHECK, "--version"),
    "vitd 22 -u ng/mL -q": (LABCHECK, "vitd", "22", "-u", "ng/mL", "-q"),
    "vitd 22 -u ng/mL --json": (LABCHECK, "vitd", "22", "-u", "ng/mL", "--json"),
    "vitd 22 -u ng/mL": (LABCHECK, "vitd", "22", "-u", "ng/mL"),
    "vitd 55 -u nmol/L": (LABCHECK, "vitd", "55", "-u", "nmol/L"),
    "--help": (LABCHECK, "--help"),
}


def seconds(command: tuple[str, ...]) -> float:
    """Run a command and return how long it took."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Measure, and print a line for each command."""
    names = list(COMMANDS)
    times: dict[str, list[float]] = {name: [] for name in names}
    for command in COMMANDS.values():
        seconds(command)  # warm-up
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(seconds(COMMANDS[name]))
    print(f"{'command':26}{'median ms':>10}{'ratio':>8}   ({rounds} rounds)")
    for name in names:
        ratios = (one / bare for one, bare in zip(times[name], times["python -c pass"], strict=True))
        print(f"{name:26}{median(times[name]) * 1000:10.1f}{median(ratios):8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
