"""Calls that leave the process over HTTP: where they may go, and how long they may take."""
