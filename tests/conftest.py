"""Settings of all tests: property tests are not timed, and Ctrl-C reaches what the tests start."""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts background jobs so, and each process would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
