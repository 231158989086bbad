"""The AWS infrastructure: rehearsed on this machine, without an account."""
