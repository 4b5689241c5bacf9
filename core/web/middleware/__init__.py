"""What every request passes before anybody answers it: host, headers, gate. Pure ASGI, so that nothing is buffered."""
