"""The commands: offline, online (on a registry), `sandbox` and `demo`."""
