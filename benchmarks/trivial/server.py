"""The smallest server that can be ready: it answers every connection alike."""

import os
import socket

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

with socket.create_server((os.environ["POD_IP"], int(os.environ["PORT"])), backlog=64) as listener:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(1)
            try:
                connection.recv(4096)
                connection.sendall(ANSWER)
            except OSError:
                continue
