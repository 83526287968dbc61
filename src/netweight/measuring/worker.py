"""An engine in a process of its own: stopped while another one measures, and alone when it dies."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight.errors import EngineError, NetweightError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from netweight.engines.engine import Kernel, Prepared, Session

_LOAD_S = 300.0
_ANSWER_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which engine a process is to load, and how.

    Attributes:
        engine: Its name.
        threads: Threads that one call may use.
        precision: Element type to compute in; None for what the engine does by itself.
    """

    engine: str
    threads: int
    precision: str | None


class Local:
    """A session in this process, for a module that cannot be sent to another."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def turn(self, seconds: float, most: int) -> list[float]:
        """Seconds of each call."""
        return timed(self.session.call, seconds, most)

    def kernels(self, rounds: int) -> tuple[Kernel, ...]:
        """What ran."""
        return self.session.kernels(rounds)

    @property
    def precision(self) -> str:
        """What it computes in."""
        return self.session.precision

    def cpu_s(self) -> float:
        """Seconds of processors that this process has taken."""
        return time.process_time()

    def close(self) -> None:
        """Let go of the session."""
        self.session.close()


def timed(call: Callable[[], float | None], seconds: float, most: int) -> list[float]:
    """Seconds of each call, for so many seconds or calls, one at least: what the call says, else by the clock."""
    clock, found = time.perf_counter, []
    end = clock() + seconds
    while True:
        start = clock()
        own = call()
        now = clock()
        found.append(now - start if own is None else own)
        if now >= end or len(found) >= most:
            return found


class Worker:
    """A process with an engine in it.

    Args:
        wanted: Which engine.
        network: What it runs.

    Raises:
        EngineError: If the process dies, or does not answer.
        NetweightError: If the engine refuses the network.
    """

    def __init__(self, wanted: Wanted, network: Prepared) -> None:
        context = multiprocessing.get_context("spawn")
        file = network.folder / "network.pickle"
        if not file.exists():  # the same for every engine
            file.write_bytes(pickle.dumps(network))
        self._name = wanted.engine
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, wanted, str(file)), daemon=True)
        with _plain_main():
            self._process.start()
        theirs.close()
        try:
            self.precision: str = self._answer(_LOAD_S)
        except BaseException:
            self.close()
            raise

    def turn(self, seconds: float, most: int) -> list[float]:
        """Seconds of each call."""
        found: list[float] = self._ask(("turn", seconds, most), _ANSWER_S + 20 * seconds)
        return found

    def kernels(self, rounds: int) -> tuple[Kernel, ...]:
        """What ran."""
        found: tuple[Kernel, ...] = self._ask(("kernels", rounds), _LOAD_S)
        return found

    def cpu_s(self) -> float:
        """Seconds of processors that the process has taken."""
        found: float = self._ask(("cpu",), _ANSWER_S)
        return found

    def _ask(self, question: tuple[Any, ...], patience_s: float) -> Any:
        self._signal("SIGCONT")
        try:
            self._pipe.send(question)
            return self._answer(patience_s)
        except OSError:
            raise self._died() from None
        finally:
            self._signal("SIGSTOP")

    def _answer(self, patience_s: float) -> Any:
        try:
            if not self._pipe.poll(patience_s):
                raise EngineError(
                    f"engine: {self._name} has not answered for {patience_s:.0f} s", fix="another --engine"
                )
            kind, value = self._pipe.recv()
        except (EOFError, ConnectionError):
            raise self._died() from None
        if kind == "error":
            raise value
        return value

    def _died(self) -> EngineError:
        self._process.join(1)
        code = self._process.exitcode
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return EngineError(f"engine: the process of {self._name} ended with {how}", fix="another --engine")

    def _signal(self, name: str) -> None:
        """Stop it or let it go on, where the system can."""
        number = getattr(signal, name, None)
        if number is not None and self._process.pid is not None and self._process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._signal("SIGCONT")
        self._process.kill()
        self._process.join(5)
        self._pipe.close()


@contextlib.contextmanager
def _plain_main() -> Iterator[None]:
    """A block in which a process that is started does not run the script of this one again."""
    main = sys.modules["__main__"]
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    main.__file__, main.__spec__ = None, None
    try:
        yield
    finally:
        if file is None:
            del main.__file__
        else:
            main.__file__ = file
        main.__spec__ = spec


def serve(pipe: Connection, wanted: Wanted, file: str) -> None:
    """What the process does: load the engine, then answer until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    from netweight.engines.table import engine

    try:
        network: Prepared = pickle.loads(Path(file).read_bytes())  # noqa: S301  (this process's own parent wrote it)
        session = engine(wanted.engine).load(network, threads=wanted.threads, precision=wanted.precision)
        session.call()
        pipe.send(("done", session.precision))
    except Exception as error:
        pipe.send(("error", _sent(error)))
        return
    answers: dict[str, Callable[..., Any]] = {
        "turn": lambda seconds, most: timed(session.call, seconds, most),
        "kernels": session.kernels,
        "cpu": time.process_time,
    }
    while True:
        try:
            name, *rest = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(("done", answers[name](*rest)))
        except Exception as error:
            pipe.send(("error", _sent(error)))


def _sent(error: Exception) -> NetweightError:
    """The error as one that can be sent."""
    from netweight.engines.package import said

    if isinstance(error, NetweightError):
        return type(error)(str(error.args[0]) if error.args else "", why=error.why, fix=error.fix)
    return EngineError(f"engine: {said(error)}")
