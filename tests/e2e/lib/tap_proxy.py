"""A wire with somebody listening: forwards to an office on loopback and keeps
all that goes over it.

    tap_proxy.py OFFICE_PORT FOLDER

FOLDER/port receives the port; of connection N all that went up is in
FOLDER/N.up, what came down in FOLDER/N.down.  tap_read.py reads them.
"""
import os
import socket
import sys
import threading

target, folder = int(sys.argv[1]), sys.argv[2]


def forward(source, to, path):
    with open(path, "wb", buffering=0) as kept:
        try:
            while data := source.recv(65536):
                kept.write(data)  # before anybody can act on it
                to.sendall(data)
        except OSError:
            pass
    for s in (source, to):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(device, number):
    try:
        office = socket.create_connection(("127.0.0.1", target))
    except OSError:
        device.close()
        return
    path = os.path.join(folder, "%06d" % number)
    down = threading.Thread(target=forward,
                            args=(office, device, path + ".down"), daemon=True)
    down.start()
    forward(device, office, path + ".up")
    down.join()
    device.close()
    office.close()


server = socket.create_server(("127.0.0.1", 0))
with open(os.path.join(folder, "port.new"), "w") as f:
    f.write(str(server.getsockname()[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
count = 0
while True:
    connection, _ = server.accept()
    count += 1
    threading.Thread(target=serve, args=(connection, count),
                     daemon=True).start()
