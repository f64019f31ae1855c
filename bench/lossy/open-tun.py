"""Runs a command that has a TUN device of this network namespace open: Node has no ioctl.

open-tun.py NAME FD COMMAND...
"""

import fcntl
import os
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000

name, fd, *command = sys.argv[1:]
# Not blocking: a thread of Node that waits in a read would keep the process from ending.
device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
os.dup2(device, int(fd))
os.execvp(command[0], command)
