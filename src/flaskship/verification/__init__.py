"""From a snapshot to a verdict with its causes, and receipts of the traffic that users would see."""
