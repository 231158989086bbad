"""The engine that deploys to a cluster: Helm writes, we watch, judge and remember."""
