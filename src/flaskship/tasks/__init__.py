"""What a user can ask for, each as one story told to an engine."""
