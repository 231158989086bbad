"""Processes of this machine: who they are, when they end, what they write, use and listen on."""
