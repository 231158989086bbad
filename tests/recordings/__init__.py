"""Watch histories of a real cluster, how they are recorded, and how they are played again."""
