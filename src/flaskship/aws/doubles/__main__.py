"""Serves the rehearsal's AWS on a free port of loopback, tells the port, and ends when its stdin does.

A folder that is named goes with it: whoever closes the pipe by dying cannot remove it any more.
"""

import logging
import os
import shutil
import sys
import threading


def main() -> int:
    """Serve until whoever started this closes the pipe, dies, or ends it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from flaskship.aws.doubles.corrections import correct
    from flaskship.aws.doubles.server import Doubled, all_doubles

    correct()

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Doubled(DomainDispatcherApplication(create_backend_app), *all_doubles())
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
    return 0


def _end_with_parent() -> None:
    while os.read(0, 64):
        pass
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
