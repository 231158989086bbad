"""The tiny parent of all replicas: it starts, reaps and records them, and outlives the supervisor.

It imports small parts of the standard library only, because it stays for as long as replicas run.
"""

PROTOCOL = 1
