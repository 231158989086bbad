"""The worker: takes leases on what is due, delivers, and keeps its leases honest."""
