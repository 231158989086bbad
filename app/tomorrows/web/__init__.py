"""What every role's HTTP side shares."""
