"""The WSGI entry: gunicorn serves `app:app`, in the role that APP_ROLE chooses."""

import os

from tomorrows.factory import create_app
from tomorrows.settings import parse

app = create_app(parse(os.environ))
