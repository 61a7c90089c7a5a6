"""What other tools or people manage already, on its way into an access file; pure."""
