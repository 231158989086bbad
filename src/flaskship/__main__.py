"""`python -m flaskship` is the command line."""

from flaskship.cli import main

if __name__ == "__main__":
    main()
