"""A lane: jobs of which only the newest matters, one at a time.

While one runs, at most one waits; a newer one takes its place. What runs although a newer one waits
is given a short grace, then its process is ended, once another one is there to go on. So nothing
piles up, however fast one types; and a busy machine does not begin processes all the time, each of
which takes longer than most jobs.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from viz.live.model.evaluation import Fault
from viz.live.model.tools import Tools
from viz.live.processes.jobs import Job
from viz.live.processes.worker import USUAL, Said, Worker

GRACE_S = 0.3       # how long what is outdated may go on, for it is mostly nearly done
WAITING = 2         # processes that wait: a tab that opens takes two at once
BEGINS_S = 0.1      # how often one looks whether a process has begun

Deliver = Callable[[int, Any], None]


@dataclass(slots=True)
class _Ticket:
    number: int
    job: Job
    limit: float


class Spares:
    """Workers that wait for whoever needs one, ``waiting`` of them."""

    def __init__(self, tools: Tools, memory: int = USUAL.memory, waiting: int = WAITING) -> None:
        self.tools, self.memory, self.waiting = tools, memory, waiting
        self._waiting: list[Worker] = []

    def prepare(self) -> None:
        """Start those that wait."""
        while len(self._waiting) < self.waiting:
            self._waiting.append(Worker(self.tools, self.memory))

    @property
    def ready(self) -> bool:
        """Whether one waits that has begun."""
        return any(worker.ready for worker in self._waiting)

    def take(self) -> Worker:
        """A worker, one that has begun if there is one; `prepare` others when this has begun."""
        if not self._waiting:
            return Worker(self.tools, self.memory)
        self._waiting.sort(key=lambda worker: worker.ready)
        return self._waiting.pop()

    def end(self) -> None:
        """End those that wait."""
        for worker in self._waiting:
            worker.end()
        self._waiting.clear()


class Lane:
    """``deliver(number, result)`` is called in the event loop with each result of the job of that
    number, a `Fault` among them. ``seconds``: the limit of each job; ``idle``: after so many
    seconds without one the process ends, None for never."""

    def __init__(self, spares: Spares, deliver: Deliver, seconds: float = USUAL.seconds,
                 idle: float | None = None) -> None:
        self._spares, self._deliver, self._seconds, self._idle = spares, deliver, seconds, idle
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._worker: Worker | None = None
        self._running: _Ticket | None = None
        self._next: _Ticket | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self._running is not None

    def submit(self, job: Job) -> int:
        """Do a job, instead of any that has not begun; returns its number."""
        ticket = _Ticket(next(self._numbers), job, self._seconds)
        if self._running is None:
            self._begin(ticket)
        else:
            if self._next is None:
                self._outdate(self._running)
            self._next = ticket
        return ticket.number

    def cancel(self) -> None:
        """End what runs, and drop what waits."""
        self._next = None
        if self._running is not None:
            self._replace()

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._next = self._running = None
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _begin(self, ticket: _Ticket) -> None:
        if self._worker is None:
            self._worker = self._spares.take()
        self._running = ticket
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        worker = self._worker
        self._watch(ticket)

        def hear(said: Said) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._heard, worker, ticket, said)

        worker.give(ticket.job, hear)

    def _heard(self, worker: Worker, ticket: _Ticket, said: Said) -> None:
        if self._closed or worker is not self._worker or ticket is not self._running:
            return
        if not said.done:
            self._deliver(ticket.number, said.fault if said.fault is not None else said.result)
            return
        if not worker.alive:
            self._worker = None
        self._running = None
        self._advance()

    def _advance(self) -> None:
        if self._next is not None and not self._closed:
            ticket, self._next = self._next, None
            self._begin(ticket)
        elif self._idle is not None and not self._closed:
            self._rest = self._loop.call_later(self._idle, self._retire)

    def _watch(self, ticket: _Ticket) -> None:
        """Begin to count a job's time, once its process has begun."""
        if self._running is not ticket or self._worker is None:
            return
        if self._worker.ready:
            self._spares.prepare()
            self._loop.call_later(ticket.limit, self._overdue, ticket)
        else:
            self._loop.call_later(BEGINS_S, self._watch, ticket)

    def _outdate(self, ticket: _Ticket) -> None:
        """Begin to count the grace of a job while a newer one waits."""
        if self._running is not ticket or self._worker is None:
            return
        if self._worker.ready:
            self._loop.call_later(GRACE_S, self._supersede, ticket)
        else:
            self._loop.call_later(BEGINS_S, self._outdate, ticket)

    def _retire(self) -> None:
        """End the process of a lane that is not used."""
        if self._running is None and self._worker is not None:
            self._worker.end()
            self._worker = None

    def _supersede(self, ticket: _Ticket) -> None:
        if self._running is not ticket or self._next is None:
            return
        if self._spares.ready:
            self._replace()
            self._advance()
        else:
            self._loop.call_later(BEGINS_S, self._supersede, ticket)

    def _overdue(self, ticket: _Ticket) -> None:
        if self._running is ticket:
            self._replace()
            self._deliver(ticket.number, Fault(
                f"this takes longer than {ticket.limit:g} s, and was stopped"))
            self._advance()

    def _replace(self) -> None:
        assert self._worker is not None
        self._worker.end()
        self._worker, self._running = None, None
