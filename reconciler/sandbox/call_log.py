"""The log of all calls, and the number of each ECR call in it."""

from threading import Lock

from reconciler.sandbox.calls import Call, EcrCall, OtherCall


class CallLog:
    """The calls of all services in the order of arrival. Safe for several threads."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._ecr_calls = 0
        self._lock = Lock()

    def add(self, call: EcrCall | OtherCall) -> int:
        """Note a call and return how many ECR calls there are by now, this one among them."""
        with self._lock:
            self._calls.append(call.logged)
            if isinstance(call, EcrCall):
                self._ecr_calls += 1
            return self._ecr_calls

    def all(self) -> tuple[Call, ...]:
        """Return the calls so far."""
        with self._lock:
            return tuple(self._calls)
