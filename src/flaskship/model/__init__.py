"""The words of Flaskship as frozen types: no input, no output, no clock."""
