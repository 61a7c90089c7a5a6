"""Settings of the property tests: no example is timed, since machines differ."""

from hypothesis import settings

settings.register_profile("untimed")
settings.load_profile("untimed")
