"""AWS requests: parsed, checked, and answered; and who makes them."""
