"""Faults between a client and the gateway: requests that are throttled, slow, cut off before or after their work, or sent twice.

A test orders them by chance or one by one. By chance, each request's fate comes from the seed, who asks, what for, and how many times
before, so that it does not depend on which of two requests arrives first.
"""

import asyncio
import collections
import contextvars
import dataclasses
import random
import threading

from hypercorn.asyncio import tcp_server

from local_aws import control, plug
from local_aws.api_faults import ApiFault
from local_aws.operations import READ_ONLY, Operation

THROTTLED, UNAVAILABLE = "throttled", "unavailable"
DROPPED_BEFORE, DROPPED_AFTER, DUPLICATED = "dropped-before", "dropped-after", "duplicated"
FAULTS = (THROTTLED, UNAVAILABLE, DROPPED_BEFORE, DROPPED_AFTER, DUPLICATED)
NOTHING = "nothing"
# Tests' own clients, and the person at the demo, are not disturbed unless a test says so.
DISTURBED = ("function", "automation", "state-machine")

# How a service says that there were too many calls: the code and the status.
THROTTLES = {
    "s3": ("SlowDown", 503),
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "sts": ("Throttling", 400),
    "cloudformation": ("Throttling", 400),
    "sns": ("Throttling", 400),
    "ses": ("TooManyRequestsException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "sqs": ("RequestThrottled", 403),
}
THROTTLE = ("ThrottlingException", 400)
UNAVAILABLE_CODES = {"s3": "ServiceUnavailable", "ec2": "Unavailable", "dynamodb": "InternalServerError"}

_connection: contextvars.ContextVar = contextvars.ContextVar("connection", default=None)


@plug.replaces(tcp_server.TCPServer, "run", "self")
async def remember_connection(original, server):
    """What serves a request runs in a copy of this context, and can end the connection that it came by."""
    _connection.set(server)
    await original(server)


@dataclasses.dataclass
class Order:
    """`calls` are `service` or `service:Operation` with the name in the signature (`ssm`, `s3:PutObject`), or `*` for every call.

    The shares are parts of 1, and the delay is at most so many seconds. With a `schedule`, the matching calls meet those faults one
    after the other; then the order is over. With `first`, each principal's first request for each operation that changes something
    meets that fault; of a list, the next request meets the next fault.
    """

    calls: list[str]
    seed: int = 0
    throttled: float = 0.0
    unavailable: float = 0.0
    dropped_before: float = 0.0
    dropped_after: float = 0.0
    duplicated: float = 0.0
    delay: float = 0.0
    schedule: list[str] | None = None
    first: str | list[str] = ""
    principals: tuple[str, ...] | list[str] = DISTURBED
    seen: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    asked: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def __post_init__(self):
        self.first = [self.first] if isinstance(self.first, str) and self.first else list(self.first)
        unknown = {*(self.schedule or []), *self.first} - {*FAULTS, NOTHING}
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join((*FAULTS, NOTHING))}")
        if sum(self.shares()) > 1:
            raise ValueError("the shares are more than 1 together")

    def shares(self) -> list[float]:
        return [self.throttled, self.unavailable, self.dropped_before, self.dropped_after, self.duplicated]

    def is_about(self, scope: str, operation: Operation, principal) -> bool:
        if self.schedule == []:
            return False
        return principal.kind in self.principals and any(name in self.calls for name in (scope, f"{scope}:{operation.name}", "*"))

    def next(self, scope: str, operation: Operation, principal) -> "Fate":
        stream = f"{self.seed}/{principal.kind}/{principal.name}/{scope}:{operation.name}"
        self.asked[stream] += 1
        chance = random.Random(f"{stream}/{self.asked[stream]}")
        if self.schedule is not None:
            fault = self.schedule.pop(0)
        elif self.first:
            earlier = self.asked[stream] - 1
            is_meant = earlier < len(self.first) and not operation.name.startswith(READ_ONLY)
            fault = self.first[earlier] if is_meant else NOTHING
        else:
            (fault,) = chance.choices([*FAULTS, NOTHING], [*self.shares(), 1 - sum(self.shares())])
        self.seen[fault] += 1
        return Fate(fault, scope, operation.name, chance.uniform(0, self.delay))


@dataclasses.dataclass(frozen=True)
class Fate:
    """What one request meets."""

    fault: str = NOTHING
    scope: str = ""
    operation: str = ""
    delay: float = 0.0

    def refusal(self) -> ApiFault | None:
        """The answer of a service that does not do the work."""
        if self.fault == THROTTLED:
            code, status = THROTTLES.get(self.scope, THROTTLE)
            return ApiFault(self.scope, self.operation, code, "Rate exceeded", status, xml=self.scope == "s3")
        if self.fault == UNAVAILABLE:
            code = UNAVAILABLE_CODES.get(self.scope, "ServiceUnavailable")
            return ApiFault(self.scope, self.operation, code, "Try again", 503, xml=self.scope == "s3")
        return None


_lock = threading.Lock()
_orders: list[Order] = []


def fate_of(scope: str, operation: Operation, principal) -> Fate:
    if not _orders:
        return Fate()
    with _lock:
        for order in _orders:
            if order.is_about(scope, operation, principal):
                return order.next(scope, operation, principal)
    return Fate()


async def hang_up(receive) -> None:
    """End the connection without an answer. Where there is none to end, the server answers with an internal error."""
    server = _connection.get()
    if server is None:
        return
    server.writer.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


@control.route("POST", "/wire-faults")
def order_faults(request: dict) -> None:
    order = Order(**request)
    with _lock:
        _orders.append(order)


@control.route("GET", "/wire-faults")
def faults_seen(_request: dict) -> dict:
    """How many requests met which fault, since the first order."""
    with _lock:
        return dict(sum((order.seen for order in _orders), collections.Counter()))


@control.route("DELETE", "/wire-faults")
def clear_faults(_request: dict) -> None:
    with _lock:
        _orders.clear()


class Kept:
    """An answer that is held back, or never given."""

    def __init__(self):
        self.messages: list[dict] = []

    async def __call__(self, message: dict) -> None:
        self.messages.append(message)

    async def give(self, send) -> None:
        for message in self.messages:
            await send(message)


async def carry(fate: Fate, work, receive, send) -> None:
    """Does the `work(send)` of a request the way its fate has it."""
    await asyncio.sleep(fate.delay)
    if fate.fault == DROPPED_BEFORE:
        await hang_up(receive)
    elif fate.fault == DROPPED_AFTER:
        await work(Kept())
        await hang_up(receive)
    elif fate.fault == DUPLICATED:
        answer = Kept()
        await work(answer)
        await work(Kept())
        await answer.give(send)
    else:
        await work(send)
