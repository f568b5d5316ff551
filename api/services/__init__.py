"""What may be done, by whom: each function is one transaction and raises liner's errors."""
