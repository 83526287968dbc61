"""A signal ends the command at once, from its first moment on, whatever becomes of the error that it raises."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netweight.cli.main import run
from netweight.errors import MissingExtraError
from netweight.signals import EndedBySignal, EndedBySignals, interrupt_in


def child(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_block_ends_with_the_signal(name: str) -> None:
    number = getattr(signal, name)
    old = signal.getsignal(number)
    with EndedBySignals() as ending:
        os.kill(os.getpid(), number)
        pytest.fail("went on")
    assert ending.code(0) == 128 + number
    assert signal.getsignal(number) == old


def test_a_block_without_a_signal_is_as_none() -> None:
    with EndedBySignals() as ending:
        pass
    assert ending.code(7) == 7
    with pytest.raises(ZeroDivisionError), EndedBySignals():
        1 / 0  # noqa: B018


def test_a_signal_that_the_caller_ignores_is_ignored() -> None:
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with EndedBySignals() as ending:
            os.kill(os.getpid(), signal.SIGHUP)
        assert ending.number is None
    finally:
        signal.signal(signal.SIGHUP, old)


def test_the_handler_is_there_before_anything_large() -> None:
    found = child("import sys; before = set(sys.modules); import netweight.__main__; print(*set(sys.modules) - before)")
    ours = {name for name in found.stdout.split() if name.startswith("netweight")}
    assert ours == {"netweight", "netweight.version", "netweight.signals", "netweight.__main__"}
    assert not {"click", "typing", "contextlib", "pathlib"} & set(found.stdout.split())


@pytest.mark.parametrize("at", ["click", "netweight.cli.show", "netweight.report.terminal"])
def test_interrupted_in_an_import(at: str) -> None:
    found = child(
        f"""
import os, signal, sys
import netweight.__main__
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {at!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["netweight", "lenet5"]
netweight.__main__.main()
"""
    )
    assert (found.returncode, found.stdout, found.stderr.strip()) == (130, "", "")


def test_what_an_interrupt_was_turned_into() -> None:
    def turned() -> BaseException:
        try:
            try:
                raise EndedBySignal(2)
            except KeyboardInterrupt as interrupt:
                raise RuntimeError("error calling __set_name__") from interrupt
        except RuntimeError as error:
            again = MissingExtraError("model: expected PyTorch to import")
            again.__context__ = error
            return again

    found = interrupt_in(turned())
    assert found is not None
    assert found.code == 130
    assert interrupt_in(ValueError()) is None


def test_an_interrupt_that_a_class_turns_into_another_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "interrupted.py"
    path.write_text(
        "import os, signal\n"
        "class Name:\n    def __set_name__(self, owner, name):\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "class Net:\n    name = Name()\n"
    )
    code = 0
    with EndedBySignals() as ending:
        code = run([f"{path}:Net"])
    assert (ending.code(0), code) == (130, 130)
    assert capsys.readouterr() == ("", "")


def test_a_program_that_drops_interrupts_in_long_calls_ends_all_the_same(tmp_path: Path) -> None:
    part = tmp_path / "y.npz.part"
    part.write_text("half")
    found = child(
        f"""
import hashlib, os, signal
from netweight import signals
with signals.EndedBySignals():
    signals.unfinished.add({str(part)!r})
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 2_000_000_000)
"""
    )
    assert (found.returncode, found.stderr) == (130, "")
    assert not part.exists()


def test_an_interrupt_in_a_finaliser_ends_the_program_quietly() -> None:
    found = child(
        """
import os, signal, time
from netweight.signals import EndedBySignals
class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
with EndedBySignals():
    Last()
    time.sleep(1000)
"""
    )
    assert (found.returncode, found.stderr) == (130, "")
