"""Test doubles of the AWS calls that the API server (moto) lacks; small, in memory, named in every report."""
