"""Desired and live policies in, a plan and its guards' verdicts out; pure."""
