"""A link that breaks: forwards to an office on loopback, and cuts connections.

    cut_proxy.py OFFICE_PORT FOLDER SEED

FOLDER/port receives the port; FOLDER/limit, when it is there, holds the bytes
after which a connection may be cut (each draws its own up to that); FOLDER/hold
those that may go up in all: what comes then waits until there may be more, or
until the file is gone, with which its connection is cut.  FOLDER/count is kept
at the bytes that went up, FOLDER/cuts at the connections that were cut.
"""
import os
import random
import socket
import sys
import threading
import time

target, folder, seed = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
draw = random.Random(seed)
lock = threading.Lock()
totals = {"count": 0, "cuts": 0}


def setting(name):
    try:
        with open(os.path.join(folder, name)) as f:
            return int(f.read() or 0)
    except (OSError, ValueError):
        return 0


def add(name, value):
    with lock:
        totals[name] += value
        path = os.path.join(folder, name)
        with open(path + ".new", "w") as f:
            f.write(str(totals[name]))
        os.rename(path + ".new", path)


def may_go():
    """Waits at the hold; False when that is over and the connection too."""
    hold = setting("hold")
    while hold and totals["count"] >= hold:
        time.sleep(0.01)
        hold = setting("hold")
        if not hold:
            return False
    return True


def down(office, device):
    try:
        while data := office.recv(65536):
            device.sendall(data)
    except OSError:
        pass
    for s in (device, office):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def up(device):
    limit = setting("limit")
    left = draw.randint(1, limit) if limit else None
    try:
        office = socket.create_connection(("127.0.0.1", target))
    except OSError:
        device.close()
        return
    threading.Thread(target=down, args=(office, device), daemon=True).start()
    try:
        while data := device.recv(16384):
            if left is not None:
                data = data[:left]
                left -= len(data)
            if not may_go():
                break
            office.sendall(data)
            add("count", len(data))
            if left == 0:
                add("cuts", 1)
                break
    except OSError:
        pass
    for s in (office, device):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        s.close()


server = socket.create_server(("127.0.0.1", 0))
add("count", 0)
add("cuts", 0)
with open(os.path.join(folder, "port.new"), "w") as f:
    f.write(str(server.getsockname()[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
while True:
    connection, _ = server.accept()
    threading.Thread(target=up, args=(connection,), daemon=True).start()
