"""Signals that ask a study on Ray to stop: the first one ends Tune's loop, a second interrupts."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Turn the first SIGINT, SIGTERM (preemption, `ray job stop`) or SIGHUP into a graceful stop.

    Tune leaves its loop on SIGUSR1, and does so whatever TUNE_DISABLE_SIGINT_HANDLER says. A second
    signal interrupts at once. Outside the main thread Python gives no signals to handle.
    """
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    def stop(*_: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        signal.raise_signal(signal.SIGUSR1)

    previous = {
        number: signal.signal(number, handler)
        for number, handler in [
            (signal.SIGUSR1, signal.SIG_IGN),
            (signal.SIGINT, stop),
            (signal.SIGTERM, stop),
            (signal.SIGHUP, stop),  # the terminal is gone
        ]
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN  # nohup
    }
    try:
        yield stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
