"""Container images for clusters: built by whatever builder works here, loaded into a node or pushed."""
