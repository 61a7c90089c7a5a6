"""From a plan to writes, each of them checked before and after."""
