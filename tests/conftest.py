"""Settings of all tests: property tests are not timed, and signals reach what the tests start."""

import signal

from hypothesis import HealthCheck, settings

from tests.effort import examples

settings.register_profile(
    "untimed", examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")

# What is ignored here, each process would inherit: SIGINT in a background job of a shell without
# job control, SIGHUP under `nohup`.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
