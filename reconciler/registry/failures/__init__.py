"""What goes wrong with a call: kinds, consequences, and messages."""
