"""Blocks and turns: one process or several, the same bytes in the same order, and the same counts."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from labcheck.sources.csv import Annotator, Block, RowFormat, Written
from labcheck.sources.files import open_input
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stream import Left, Stream, annotate
from labcheck.sources.tally import Tally
from labcheck.sources.turns import CAN_FORK, Turns
from labcheck.sources.unread import FIRST
from tests.test_csv import HEADER, annotator

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="taking turns needs fork")

LABCHECK = Path(sys.executable).with_name("labcheck")


def rows(count: int) -> bytes:
    """Make rows of every kind, enough for several blocks."""
    kinds = [
        b"{n},vitd,2{m}.{m},ng/mL,\n",
        b'{n},b12,{n},pmol/L,"a, b"\n',
        b'{n},vitd,<4,ng/mL,"two\nlines"\n',
        b"{n},vitd,zz,ng/mL,\n",
        b"{n},Ferritin,5,ng/mL\n",
        b"{n},b12,300,apples,\n",
    ]
    often = [*kinds[:2] * 200, *kinds]  # many blocks are quick, some are not
    return b"".join(
        often[n % len(often)].replace(b"{n}", b"%d" % n).replace(b"{m}", b"%d" % (n % 10))
        for n in range(1, count + 1)
    )


def run(body: bytes, folder: Path, *, jobs: int) -> tuple[bytes, bytes, Any]:
    source, out, refusals = folder / "in", folder / f"out{jobs}", folder / f"errors{jobs}"
    source.write_bytes(body)
    made = annotator(HEADER)
    made.tally.lists_refusals = True
    with (
        source.open("rb", buffering=0) as file,
        out.open("wb", buffering=0) as written,
        refusals.open("wb", buffering=0) as listed,
    ):
        stream = Stream(made, lambda: file.read(1 << 14), lambda: True, written.write, refusals=listed.write)
        unfinished = annotate(stream, stream.read(), jobs=jobs)
    tally = made.tally
    return (
        out.read_bytes(),
        refusals.read_bytes(),
        (tally.rows, tally.kinds, tally.examples, unfinished),
    )


@pytest.mark.parametrize("body", [rows(9000), rows(9000)[:-1], rows(3), b"1,vitd,22,ng/mL,x", b""])
@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize("block_more", [1 << 24, 1 << 15, 1 << 10])
def test_processes_that_take_turns_write_what_one_writes(
    body: bytes, jobs: int, block_more: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labcheck.sources.stream._A_BLOCK_MORE", block_more)  # when a turn takes several
    assert run(body, tmp_path, jobs=jobs) == run(body, tmp_path, jobs=1)


def test_a_block_is_written_before_the_next_of_its_turn_is_annotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labcheck.sources.stream._A_BLOCK_MORE", 1 << 10)
    source, happened, quick = tmp_path / "in", list[str](), Annotator.quick

    def noted(made: Annotator, block: Block, **options: RowFormat | None) -> bytes | None:
        happened.append("annotated")
        return quick(made, block, **options)

    monkeypatch.setattr(Annotator, "quick", noted)
    source.write_bytes(b"1,vitd,22,ng/mL,\n" * 9000)
    with source.open("rb", buffering=0) as file:
        read, write = partial(file.read, 1 << 14), lambda _: happened.append("written")
        annotate(Stream(annotator(HEADER), read, lambda: True, write), b"", jobs=2)
    assert happened[:8] == ["annotated", "written"] * 4


class Late(Turns[Left]):
    """All turns are this process's; its turn to write comes only when it waits for it."""

    def __init__(self, happened: list[str]) -> None:
        self.happened = happened
        self.left: Left | None = None
        self.writes = False

    def take_reading(self) -> Left | None:
        return self.left

    def pass_reading(self, left: Left, *, done: bool) -> None:
        self.happened.append("read")
        self.left = None if done else left

    def may_write(self) -> bool:
        return self.writes

    def take_writing(self) -> None:
        self.writes = True

    def pass_writing(self) -> None:
        self.happened.append("written")
        self.writes = False


def happens_late(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let one process of several have all turns, each to write late, and return what then happens."""
    happened = list[str]()

    def take_turns(_: int, first: Callable[[Turns[Left]], None], __: object) -> list[tuple[Tally, Written]]:
        first(Late(happened))
        return [(Tally(), Written(0, is_open=False))]

    monkeypatch.setattr("labcheck.sources.stream.take_turns", take_turns)
    return happened


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (True, [*["read"] * 3, *["written", "read"] * 5, *["written"] * 3]),
        (False, ["read", "written"] * 8),  # a producer is slow: what it has sent is answered at once
    ],
)
def test_a_process_reads_on_while_it_is_not_its_turn_to_write(
    more: bool, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened, out = happens_late(monkeypatch), list[bytes]()
    made = annotator(HEADER)
    made.tally.lists_refusals = True
    pieces, listed = iter([b"1,vitd,zz,ng/mL,\n"] * 7), list[bytes]()
    stream = Stream(made, lambda: next(pieces, b""), lambda: more, out.append, refusals=listed.append)
    annotate(stream, b"0,vitd,zz,ng/mL,\n", jobs=2)
    assert happened == expected
    assert [row[:1] for row in b"".join(out).splitlines()] == [b"0", *[b"1"] * 7]
    assert [int(one.split(b",")[0]) for one in listed if one] == [*range(2, 10)]  # with the turn they are of


@pytest.mark.parametrize(
    ("behind", "expected"),
    [(b"", ["read"] * 3), (b'5,vitd,22,ng/mL,"' + b"x" * 4096, ["read", "written", "read"])],
)
def test_what_is_held_is_written_before_much_is_passed_on(
    behind: bytes, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all others could wait for that, and this process for one of them to take what it passes on."""
    happened, out = happens_late(monkeypatch), list[bytes]()
    rows = [b"%d,vitd,22,ng/mL,\n" % number for number in range(1, 5)]
    pieces = iter([rows[1], rows[2] + behind, b'"\n' if behind else rows[3]])
    annotate(Stream(annotator(HEADER), lambda: next(pieces, b""), lambda: True, out.append), rows[0], jobs=2)
    assert happened[:3] == expected
    assert b"".join(out).count(b"\n") == 4


@pytest.mark.parametrize("large", [0, 2 << 20])
def test_what_is_held_is_written_before_a_wait_for_the_end_of_a_row(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    happens_late(monkeypatch)
    waiting = [b"2,vitd,22,ng/mL,\n", b'3,vitd,22,ng/mL,"' + b"x" * large, b"y", b'"\n']
    out, seen = list[bytes](), list[int]()

    def read() -> bytes:
        if len(waiting) == 1:  # the last piece is not there yet
            seen.append(b"".join(out).count(b"\n"))
        return waiting.pop(0) if waiting else b""

    stream = Stream(annotator(HEADER), read, lambda: len(waiting) > 1, out.append)
    annotate(stream, b"1,vitd,22,ng/mL,\n", jobs=2)
    assert seen == [2]
    assert b"".join(out).count(b"\n") == 3


def test_values_that_were_counted_before_others_take_part_are_counted_once(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(rows(9000))
    counted = []
    for jobs in (1, 2):
        made = annotator(HEADER)
        made.tally.widths = {"vitd": 0.1, "b12": 1.0}
        with source.open("rb", buffering=0) as file, Path(os.devnull).open("wb", buffering=0) as out:
            stream = Stream(made, partial(file.read, 1 << 14), lambda: True, out.write)
            annotate(stream, b"", jobs=jobs, alone=1 << 15)
        counted.append((made.tally.rows, made.tally.values))
    assert counted[0] == counted[1]


def test_what_all_processes_need_is_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, find = tmp_path / "asked", Judge.stretches

    def noted(judge: Judge, given: Given) -> object:
        with asked.open("a") as file:
            file.write(f"{given.test} {given.unit}\n")
        return find(judge, given)

    monkeypatch.setattr(Judge, "stretches", noted)
    out, _, _ = run(b"1,vitd,22,ng/mL,\n2,b12,300,pg/mL,\n" * 5000, tmp_path, jobs=3)
    assert out.count(b"\n") == 10_000
    assert asked.read_text() == "vitd ng/mL\nb12 pg/mL\n"


def test_a_row_of_many_megabytes_is_passed_on(tmp_path: Path) -> None:
    body = b'1,vitd,22,ng/mL,"' + b"x\n" * (3 << 20) + b'"\n2,vitd,35,ng/mL,\n'
    out, _, (count, *_) = run(body, tmp_path, jobs=2)
    assert count == 2
    assert out.count(b"\n") == body.count(b"\n")
    assert out.endswith(b"2,vitd,35,ng/mL,,vitd,35,ng/mL,normal,N,30-40 ng/mL,\n")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "large.csv"
    file.write_bytes(b"test,value,unit\n" + b"vitd,22,ng/mL\n" * 200_000)
    return file


def shell(command: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        check=False,
        env={**os.environ, "PATH": f"{LABCHECK.parent}:{os.environ['PATH']}"},
    )


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="names a stream as /proc does")
def test_a_file_behind_a_standard_stream_is_not_replaced_whatever_it_is_called(tmp_path: Path) -> None:
    table, log = "printf 'test,value,unit\\nvitd,zz,ng/mL\\n'", tmp_path / "log"
    shell(f"(echo before >&2; {table} | labcheck csv -q --errors /proc/self/fd/2) 2> {log}")
    assert log.read_text().startswith("before\nrow,analyte,")
    ran = shell(f"(echo before; {table} | labcheck csv -q --errors {log}) > {log}")
    assert (log.read_text(), b"both results and refusals" in ran.stderr) == ("before\n", True)


def test_a_line_break_that_comes_in_two_pieces_is_one() -> None:
    pieces = "printf 'sep=;\\r'; sleep 0.3; printf '\\ntest;value;unit\\r\\nvitd;22;ng/mL\\r\\n'"
    ran = shell(f"({pieces}) | labcheck csv -q")
    assert ran.stdout.startswith(b"sep=;\r\ntest;value;unit;labcheck_analyte;")


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_reader_that_has_enough_ends_it_quietly(jobs: int, large: Path) -> None:
    ran = shell(f"labcheck csv {large} --jobs {jobs} | head -2")
    assert (ran.stderr, ran.returncode, ran.stdout.count(b"\n")) == (b"", 141, 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_is_an_error(jobs: int, large: Path) -> None:
    ran = shell(f"labcheck csv {large} --jobs {jobs} > /dev/full")
    assert ran.returncode == 74
    assert ran.stderr == b"labcheck: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("errors", [["--errors", "errors.csv"], []])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_run_that_is_stopped_leaves_no_file_behind(
    number: signal.Signals, errors: list[str], tmp_path: Path
) -> None:
    command = [str(LABCHECK), "csv", "-q", "-o", "out.csv", *errors]
    # Without measuring coverage, which a signal can catch while it holds a lock.
    plain = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    before = signal.signal(
        number, signal.SIG_DFL
    )  # what is ignored here, as in the background, would be there
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=plain
    )
    signal.signal(number, before)
    with running:
        assert running.stdin
        running.stdin.write(b"test,value,unit\nvitd,22,ng/mL\n")
        running.stdin.flush()
        while len(list(tmp_path.iterdir())) < (2 if errors else 1):
            assert running.poll() is None
        running.send_signal(number)
        assert running.stderr
        assert running.stderr.read() == b""
        assert running.wait(60) == (130 if number == signal.SIGINT else -number)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["plain", "gzip", "utf-16"])
def test_jobs_change_nothing_whatever_the_file(kind: str, tmp_path: Path) -> None:
    text = b"id,test,value,unit,comment\n" + rows(20_000)
    file = tmp_path / ("t.csv.gz" if kind == "gzip" else "t.csv")
    file.write_bytes(
        gzip.compress(text)
        if kind == "gzip"
        else text.decode().encode("utf-16")
        if kind == "utf-16"
        else text
    )
    one, two = (
        subprocess.run([LABCHECK, "csv", file, "--jobs", jobs], capture_output=True, check=False)
        for jobs in ("1", "2")
    )
    assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)
    assert len(one.stdout) > len(text)


@pytest.mark.parametrize("format", ["tsv", "ndjson", "json", "markdown"])
def test_jobs_change_nothing_in_another_format(format: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,test,value,unit,comment\n" + rows(9_000))
    for only in ((), ("--only", "refused")):
        one, two = (
            subprocess.run(
                [LABCHECK, "csv", "t.csv", "--format", format, "--jobs", jobs, *only],
                capture_output=True,
                check=False,
                cwd=tmp_path,
            )
            for jobs in ("1", "2")
        )
        assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)
        if format == "json":
            assert json.loads(one.stdout)["rows"]


def test_jobs_change_nothing_about_names_that_look_alike(tmp_path: Path) -> None:
    lines = ["id,test,value,unit"]
    for number in range(30_000):
        test = f"Vitamin D3 x{number}" if number % 701 == 0 else "vitd"
        lines.append(f"{number},{test},22.{number},ng/mL")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("\n".join([lines[0], *lines[1 if name == "b.csv" else 20_000 :]]))
    one, two, three = (
        subprocess.run(
            [LABCHECK, "csv", "a.csv", "b.csv", "--jobs", jobs, "--summary", "--json"],
            capture_output=True,
            check=False,
            cwd=tmp_path,
        ).stdout
        for jobs in ("1", "2", "3")
    )
    assert one == two == three
    assert len(json.loads(one)["summary"]["look_alikes"]) == 43


def test_refusals_are_named_in_the_order_of_the_files(tmp_path: Path) -> None:
    head = b"id,test,value,unit,comment\n"
    refused = {"b.csv": (60_000,), "a.csv": (5, 60_000, 69_999), "c.csv": (2, 3)}
    for name, numbers in refused.items():
        rows = [b"%d,vitd,22,ng/mL,\n" % number for number in range(1, 70_001)]
        for number in numbers:
            rows[number - 1] = b"%d,vitd,zz,ng/mL,\n" % number
        (tmp_path / name).write_bytes(head + b"".join(rows))
    ran = subprocess.run(
        [LABCHECK, "csv", *refused, "--jobs", "2", "-o", "out.csv"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    places = "b.csv: row 60001; a.csv: row 6; a.csv: row 60001; a.csv: row 70000; c.csv: row 3; ..."
    assert f"refused, unreadable-value: in {places}" in ran.stderr.decode()


@pytest.mark.parametrize("files", [1, 2])
def test_refusals_of_a_wide_table_are_named_in_order(files: int, tmp_path: Path) -> None:
    rows = [b"%d,22,300\n" % number for number in range(1, 70_001)]
    for number in (60_000, 7, 69_000, 8):
        rows[number - 1] = b"%d,zz,zz\n" % number
    names = ["a.csv", "b.csv"][:files]
    for name in names:
        (tmp_path / name).write_bytes(b"id,Vitamin D (ng/mL),b12_pg_ml\n" + b"".join(rows))
    ran = subprocess.run(
        [LABCHECK, "csv", *names, "--jobs", "2", "-o", "out.csv"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert ran.returncode == 3, ran.stderr
    first = "a.csv: " if files > 1 else ""
    places = "; ".join(f"{first}row {row}, b12_pg_ml" for row in (8, 9, 60001, 69001))
    assert f"refused, unreadable-value: in {places}" in ran.stderr.decode()


def test_a_closed_pipe_leaves_no_list_of_errors_behind(large: Path, tmp_path: Path) -> None:
    ran = shell(f"cd {tmp_path} && labcheck csv {large} --errors errors.csv --jobs 1 | head -1")
    assert ran.returncode == 141
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lines", [3000, 20_000, 60_000])
def test_more_than_two_processes_end_when_one_of_them_cannot_write(lines: int, large: Path) -> None:
    ran = shell(f"timeout 60 labcheck csv {large} --jobs 4 -q | head -{lines}")
    assert (ran.stderr, ran.returncode, ran.stdout.count(b"\n")) == (b"", 141, lines)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the forks in /proc")
def test_a_run_of_which_one_process_is_killed_ends_and_leaves_no_file_behind(tmp_path: Path) -> None:
    command = [str(LABCHECK), "csv", "-q", "--jobs", "3", "-o", "out.csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as running:
        assert running.stdin
        assert running.stderr
        running.stdin.write(b"test,value,unit\n" + b"vitd,22,ng/mL\n" * (FIRST + 1))
        running.stdin.flush()
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        while len(forks := children.read_text("utf-8").split()) < 2:
            assert running.poll() is None
        os.kill(int(forks[0]), signal.SIGKILL)
        running.stdin.close()
        assert b"another process that took part in the work was killed" in running.stderr.read()
        assert running.wait() == 70
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_to_outlive_its_terminal_keeps_its_output(tmp_path: Path) -> None:
    command = ["bash", "-c", f"trap '' HUP; exec {LABCHECK} csv -q -o out.csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path) as running:
        assert running.stdin
        running.stdin.write(b"test,value,unit\nvitd,22,ng/mL\n")
        running.stdin.flush()
        while not list(tmp_path.iterdir()):
            assert running.poll() is None
        running.send_signal(signal.SIGHUP)
        running.stdin.close()
        assert running.wait() == 0
    assert (tmp_path / "out.csv").read_text("utf-8").count("\n") == 2


def test_turns_of_several_blocks_do_not_wait_for_them() -> None:
    several = "from labcheck.sources import stream; stream._A_BLOCK_MORE = 1"
    command = [sys.executable, "-c", f"{several}; from labcheck.cli import main; main()"]
    command += ["csv", "-q", "--jobs", "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(b"test,value,unit\n")
        for number in range(1, 9):
            running.stdin.write(b"vitd,2%d,ng/mL\n" % number)
            if number == 1:
                assert running.stdout.readline().startswith(b"test")
            assert running.stdout.readline().startswith(b"vitd,2%d," % number)  # while more can come
        running.stdin.close()
        assert running.wait(60) == 0


def test_a_source_says_whether_reading_has_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_bytes(b"test")
    with open_input(str(tmp_path / "t.csv")) as source:
        assert [source.has_more(), source.read(), source.has_more(), source.read()] == [
            True,
            b"test",
            True,
            b"",
        ]
    reads, writes = os.pipe()
    with os.fdopen(reads) as stdin, os.fdopen(writes, "wb", buffering=0) as end:
        monkeypatch.setattr(sys, "stdin", stdin)
        with open_input("-") as source:
            assert not source.has_more()
            end.write(b"test")
            assert [source.has_more(), source.read(), source.has_more()] == [True, b"test", False]
            end.close()
            assert [source.has_more(), source.read()] == [True, b""]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a pipe's size is not to be chosen")
@pytest.mark.parametrize(("before", "after"), [(1 << 16, 1 << 20), (1 << 20, 1 << 20)])
def test_a_pipe_holds_the_blocks_of_a_turn_and_never_less_than_before(before: int, after: int) -> None:
    import fcntl

    inward, outward = os.pipe(), os.pipe()
    for _, end in (inward, outward):
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, before)
    os.write(inward[1], b"test,value,unit\nvitd,22,ng/mL\n")
    os.close(inward[1])
    subprocess.run([LABCHECK, "csv", "-q"], stdin=inward[0], stdout=outward[1], check=True)
    assert [fcntl.fcntl(end, fcntl.F_GETPIPE_SZ) for end in (inward[0], outward[0])] == [after, after]
    for end in (inward[0], *outward):
        os.close(end)


def test_many_quotes_that_nothing_closes_take_no_time_without_end(tmp_path: Path) -> None:
    file = tmp_path / "stripped.csv"
    file.write_bytes(b"test,value,unit,x\n" + b'0","vitd","22","ng/mL\n' * 20_000)
    ran = shell(f"timeout 60 labcheck csv {file} -q")
    assert ran.returncode == 3
    assert ran.stdout.count(b"\n") == 20_001
