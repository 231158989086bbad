"""How a workload comes from its old replicas to its new ones: pure, from a view to the next step."""
