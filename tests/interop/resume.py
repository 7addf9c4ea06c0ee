"""A client that resumes its TLS session: connects twice, and prints the answer to the request on the second connection.

    python3 resume.py HOST PORT PATH CA CERTIFICATE FIELD..
"""

import socket
import ssl
import sys


def main():
    if len(sys.argv) < 6:
        sys.exit("usage: python3 resume.py HOST PORT PATH CA CERTIFICATE FIELD..")
    host, port, path, authority, certificate, *fields = sys.argv[1:]
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate)
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]

    def connect(session):
        plain = socket.create_connection(("127.0.0.1", int(port)), timeout=30)
        with context.wrap_socket(plain, server_hostname=host, session=session) as connection:
            connection.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
            # In TLS 1.3, the session comes after the handshake.
            return connection.session, answer.decode()

    # Some proxies, such as Caddy 2.11, make a new session instead of resuming this one.
    session, _ = connect(None)
    print(connect(session)[1])


if __name__ == "__main__":
    main()
